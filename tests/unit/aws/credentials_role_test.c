/* Roles of a profile: whose keys sign, one role by way of another, each of the sources. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "support_source.h"

#define KEYS(key)                                                                                          \
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>s" \
    "</SecretAccessKey><SessionToken>token-of-" key "</SessionToken><Expiration>2999-01-01T00:00:00Z"         \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

static struct aws_credentials_provider *s_provider;

static void start(const struct script_answer *answers, size_t count, const char *config)
{
    char path[SUPPORT_PATH_SIZE];
    source_script(answers, count);
    source_set("AWS_ENDPOINT_URL_STS", script_url(""));
    source_set("AWS_REGION", "eu-test-1");
    source_set("AWS_PROFILE", "a");
    support_write_file(".aws/config", config, path);
    s_provider = credentials_role_new(source_loop, source_http);
}

static int release(void **state)
{
    aws_credentials_provider_destroy(s_provider);
    s_provider = NULL;
    return source_release(state);
}

static void the_source_profiles_keys_sign(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS("AKR")}};
    start(answers, 1,
          "[profile a]\nrole_arn = arn:a\nsource_profile = b\nrole_session_name = me\nexternal_id = x y\n"
          "duration_seconds = 900\n[profile b]\naws_access_key_id = AKB\naws_secret_access_key = s\n"
          "aws_session_token = tb\n");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(source_answer.key, "AKR");
    assert_string_equal(source_answer.token, "token-of-AKR");
    assert_string_equal(script_request(0)->body,
                        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aa&RoleSessionName=me&ExternalId=x%20y"
                        "&DurationSeconds=900");
    assert_non_null(strstr(script_request(0)->head, "Credential=AKB/"));
    assert_non_null(strstr(script_request(0)->head, "/eu-test-1/sts/aws4_request"));
    assert_true(script_has_header(0, "x-amz-security-token: tb"));
}

static void one_role_leads_to_the_next(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS("AK1")}, {.status = 200, .body = KEYS("AK2")}};
    start(answers, 2,
          "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = c\n"
          "[profile c]\naws_access_key_id = AKC\naws_secret_access_key = s\n");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(source_answer.key, "AK2");
    assert_non_null(strstr(script_request(0)->head, "Credential=AKC/"));
    assert_non_null(strstr(script_request(0)->body, "RoleArn=arn%3Ab&"));
    assert_non_null(strstr(script_request(1)->head, "Credential=AK1/"));
    assert_true(script_has_header(1, "x-amz-security-token: token-of-AK1"));
    assert_non_null(strstr(script_request(1)->body, "RoleArn=arn%3Aa&"));
}

static void the_environment_may_be_the_source(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS("AKR")}};
    start(answers, 1, "[profile a]\nrole_arn = arn:a\ncredential_source = Environment\n");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT); /* and nobody else is asked */
    assert_non_null(strstr(source_answer.text, "AWS_ACCESS_KEY_ID"));
    source_set("AWS_ACCESS_KEY_ID", "AKENV");
    source_set("AWS_SECRET_ACCESS_KEY", "s");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_non_null(strstr(script_request(0)->head, "Credential=AKENV/"));
}

static void the_container_may_be_the_source(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.status = 200,
         .body = "{\"AccessKeyId\":\"AKC\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                 "\"Expiration\":\"2020-01-01T00:00:00Z\"}"},
        {.status = 200,
         .body = "{\"AccessKeyId\":\"AKC\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                 "\"Expiration\":\"2999-01-01T00:00:00Z\"}"},
        {.status = 200, .body = KEYS("AKR")}};
    start(answers, 3, "[profile a]\nrole_arn = arn:a\ncredential_source = EcsContainer\n");
    source_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", script_url("/c"));
    assert_int_equal(source_ask(s_provider), STATUS_UNAUTHENTICATED); /* expired when they came */
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(script_request(1)->line, "GET /c HTTP/1.1");
    assert_non_null(strstr(script_request(2)->head, "Credential=AKC/"));
}

static void the_instance_may_be_the_source(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.status = 200, .body = "T"},
        {.status = 200, .body = "role"},
        {.status = 200,
         .body = "{\"Code\":\"Success\",\"AccessKeyId\":\"AKI\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                 "\"Expiration\":\"2999-01-01T00:00:00Z\"}"},
        {.status = 200, .body = KEYS("AKR")}};
    start(answers, 4, "[profile a]\nrole_arn = arn:a\ncredential_source = Ec2InstanceMetadata\n");
    source_set("AWS_EC2_METADATA_DISABLED", "false");
    source_set("AWS_EC2_METADATA_SERVICE_ENDPOINT", script_url(""));
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_non_null(strstr(script_request(3)->head, "Credential=AKI/"));
}

static void a_web_identity_may_be_the_source(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS("AKW")}, {.status = 200, .body = KEYS("AKR")}};
    char path[SUPPORT_PATH_SIZE];
    char config[512];
    support_write_file("token", "tok", path);
    (void)snprintf(config, sizeof config,
                   "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\n"
                   "web_identity_token_file = %s\n",
                   path);
    start(answers, 2, config);
    source_set("AWS_ROLE_ARN", "arn:of-the-environment");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_non_null(strstr(script_request(0)->body, "RoleArn=arn%3Ab&"));
    assert_non_null(strstr(script_request(1)->head, "Credential=AKW/"));
}

/* behaviour 11, for STS: the clock is 10 minutes off */
static void a_clock_that_is_wrong_is_corrected_once(void **state)
{
    (void)state;
    static char dates[2][64];
    static const char *const s_skew = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature "
                                      "expired</Message></Error></ErrorResponse>";
    for (int i = 0; i < 2; i++) {
        time_t seconds = (time_t)(clock_wall_ms() / 1000) + 600;
        struct tm parts;
        assert_non_null(gmtime_r(&seconds, &parts));
        (void)strftime(dates[i], sizeof dates[i], "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    }
    const struct script_answer answers[] = {{.status = 403, .headers = dates[0], .body = s_skew},
                                            {.status = 200, .headers = dates[1], .body = KEYS("AKR")},
                                            {.status = 403, .headers = dates[1], .body = s_skew}};
    start(answers, 3,
          "[profile a]\nrole_arn = arn:a\nsource_profile = a\naws_access_key_id = AKA\naws_secret_access_key = s\n");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_int_equal(script_count(), 2);
    aws_credentials_provider_invalidate(s_provider, 0);
    assert_int_equal(source_ask(s_provider), STATUS_UNAUTHENTICATED);
    assert_int_equal(script_count(), 3);
}

static void a_profile_without_a_role_is_somebody_elses(void **state)
{
    (void)state;
    start(NULL, 0, "[profile a]\naws_access_key_id = AKA\naws_secret_access_key = s\n");
    assert_int_equal(source_ask(s_provider), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, source_prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_source_profiles_keys_sign),
        TEST(one_role_leads_to_the_next),
        TEST(the_environment_may_be_the_source),
        TEST(the_container_may_be_the_source),
        TEST(the_instance_may_be_the_source),
        TEST(a_web_identity_may_be_the_source),
        TEST(a_clock_that_is_wrong_is_corrected_once),
        TEST(a_profile_without_a_role_is_somebody_elses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
