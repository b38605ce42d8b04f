/* Web identity: the token's file, the unsigned request, STS's errors and when they are outlived. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support_source.h"

#define RESPONSE "AssumeRoleWithWebIdentityRes"
#define KEYS                                                                                     \
    "<" RESPONSE "ponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" RESPONSE "ult>"    \
    "<Credentials><AccessKeyId>AKW</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey>"          \
    "<SessionToken>t==</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>" \
    "</" RESPONSE "ult></" RESPONSE "ponse>"
#define FAILURE(code)                                                                            \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>no &amp; no\n"       \
    "second line</Message></Error><RequestId>r</RequestId></ErrorResponse>"

static struct aws_credentials_provider *s_provider;

static void start(const struct script_answer *answers, size_t count)
{
    source_script(answers, count);
    source_set("AWS_ENDPOINT_URL_STS", script_url(""));
    source_set("AWS_REGION", "eu-test-1");
    s_provider = credentials_web_identity_new(source_loop, source_http, NULL);
}

static void name_token(const char *text)
{
    char path[SUPPORT_PATH_SIZE];
    support_write_file("token", text, path);
    source_set("AWS_WEB_IDENTITY_TOKEN_FILE", path);
    source_set("AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
}

static int release(void **state)
{
    aws_credentials_provider_destroy(s_provider);
    s_provider = NULL;
    return source_release(state);
}

/* behaviour 9 */
static void the_tokens_file_is_read_at_each_load(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS}, {.status = 200, .body = KEYS}};
    start(answers, 2);
    name_token("header.first.sig\n");
    source_set("AWS_ROLE_SESSION_NAME", "my-pod@x");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(source_answer.key, "AKW");
    assert_string_equal(source_answer.secret, "s/+");
    assert_string_equal(source_answer.token, "t==");
    assert_string_equal(script_request(0)->line, "POST / HTTP/1.1");
    assert_string_equal(script_request(0)->body,
                        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
                        "&RoleSessionName=my-pod%40x&WebIdentityToken=header.first.sig");
    assert_null(strcasestr(script_request(0)->head, "authorization"));
    name_token("header.second.sig");
    aws_credentials_provider_invalidate(s_provider, 0);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_non_null(strstr(script_request(1)->body, "WebIdentityToken=header.second.sig"));
}

static void what_may_pass_is_tried_again(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 400, .body = FAILURE("IDPCommunicationError")},
                                            {.status = 400, .body = FAILURE("InvalidIdentityToken")},
                                            {.status = 200, .body = KEYS}};
    start(answers, 3);
    name_token("t");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_int_equal(script_count(), 3);
}

static void after_three_attempts_the_last_error_is_told(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 0}, {.status = 503}, {.status = 200, .body = "<a><b></a>"}};
    start(answers, 3);
    name_token("t");
    assert_int_equal(source_ask(s_provider), STATUS_MALFORMED);
    assert_int_equal(script_count(), 3);
}

static void a_refusal_is_told_at_once(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 400, .body = FAILURE("ExpiredTokenException")},
                                            {.status = 403, .body = FAILURE("AccessDenied")}};
    start(answers, 2);
    name_token("SECRET");
    assert_int_equal(source_ask(s_provider), STATUS_UNAUTHENTICATED);
    assert_non_null(strstr(source_answer.text, "ExpiredTokenException: no & no"));
    assert_null(strstr(source_answer.text, "second line"));
    assert_int_equal(source_ask(s_provider), STATUS_PERMISSION_DENIED);
    assert_int_equal(script_count(), 2);
    assert_null(strstr(source_answer.text, "SECRET"));
}

static void the_profile_may_name_token_and_role(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS}};
    char path[SUPPORT_PATH_SIZE];
    char config[512];
    start(answers, 1);
    support_write_file("token", "tok", path);
    (void)snprintf(config, sizeof config, "[default]\nweb_identity_token_file = %s\nrole_arn = arn:x\n", path);
    support_write_file(".aws/config", config, path);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_non_null(strstr(script_request(0)->body, "&RoleArn=arn%3Ax&RoleSessionName=ferry-"));
    assert_non_null(strstr(script_request(0)->body, "&WebIdentityToken=tok"));
}

static void half_a_configuration_stops_the_chain(void **state)
{
    (void)state;
    start(NULL, 0);
    assert_int_equal(source_ask(s_provider), STATUS_NOT_FOUND);
    source_set("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/at/all");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(source_answer.text, "AWS_ROLE_ARN"));
    source_set("AWS_ROLE_ARN", "arn:x");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(source_answer.text, "/nowhere/at/all"));
    name_token("\n");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    source_set("AWS_ROLE_SESSION_NAME", "a name");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    assert_int_equal(script_count(), 0);
    struct aws_credentials_provider *chain = aws_credentials_provider_new_default(source_loop, source_http);
    assert_int_equal(source_ask(chain), STATUS_INVALID_ARGUMENT);
    aws_credentials_provider_destroy(chain);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, source_prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_tokens_file_is_read_at_each_load),
        TEST(what_may_pass_is_tried_again),
        TEST(after_three_attempts_the_last_error_is_told),
        TEST(a_refusal_is_told_at_once),
        TEST(the_profile_may_name_token_and_role),
        TEST(half_a_configuration_stops_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
