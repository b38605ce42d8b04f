/* The instance's metadata service, with the oddities that it is known for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "support_source.h"

#define ROLE_LINE "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1"
#define KEYS_LINE "GET /latest/meta-data/iam/security-credentials/worker HTTP/1.1"
#define KEYS(key, expiration)                                                                               \
    "{\"Code\":\"Success\",\"LastUpdated\":\"2026-01-01T00:00:00Z\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"" key \
    "\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"" expiration "\"}"
#define LATER "2999-01-01T00:00:00Z"

static struct aws_credentials_provider *s_provider;

static void start(const struct script_answer *answers, size_t count)
{
    source_script(answers, count);
    source_set("AWS_EC2_METADATA_DISABLED", "false");
    source_set("AWS_EC2_METADATA_SERVICE_ENDPOINT", script_url("/"));
    source_set("AWS_METADATA_SERVICE_TIMEOUT", "30");
    s_provider = credentials_instance_new(source_loop, source_http);
}

static int release(void **state)
{
    aws_credentials_provider_destroy(s_provider);
    s_provider = NULL;
    return source_release(state);
}

/* behaviour 10: the connection is closed after each reply */
static void a_token_leads_to_the_role_and_its_keys(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.status = 200, .body = "TOKEN=="},
        {.status = 200, .body = "worker"},
        {.status = 200, .body = KEYS("AKI", LATER)}};
    start(answers, 3);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(source_answer.key, "AKI");
    assert_string_equal(source_answer.secret, "s");
    assert_string_equal(source_answer.token, "t");
    assert_string_equal(script_request(0)->line, "PUT /latest/api/token HTTP/1.1");
    assert_true(script_has_header(0, "x-aws-ec2-metadata-token-ttl-seconds: 21600"));
    assert_string_equal(script_request(1)->line, ROLE_LINE);
    assert_true(script_has_header(1, "x-aws-ec2-metadata-token: TOKEN=="));
    assert_string_equal(script_request(2)->line, KEYS_LINE);
    assert_true(script_has_header(2, "x-aws-ec2-metadata-token: TOKEN=="));
}

/* behaviour 10: 403 on PUT */
static void without_a_token_version_1_is_asked_where_it_may_be(void **state)
{
    (void)state;
    static const int s_refusals[] = {403, 404, 405};
    for (size_t i = 0; i < 3; i++) {
        const struct script_answer answers[] = {{.status = s_refusals[i]},
                                                {.status = 200, .body = "worker"},
                                                {.status = 200, .body = KEYS("AKI", LATER)}};
        start(answers, 3);
        assert_int_equal(source_ask(s_provider), STATUS_OK);
        assert_null(strstr(script_request(1)->head, "metadata-token"));
        (void)release(NULL);
        (void)source_prepare(NULL);
    }
    const struct script_answer answers[] = {{.status = 403}};
    start(answers, 1);
    source_set("AWS_EC2_METADATA_V1_DISABLED", "true");
    assert_int_equal(source_ask(s_provider), STATUS_UNAVAILABLE);
    assert_non_null(strstr(source_answer.text, "version 1 is switched off"));
    assert_int_equal(script_count(), 1);
}

/* behaviour 10: a hop too many, and the token's answer never comes */
static void a_token_that_never_comes_is_done_without(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.is_silent = true}, {.status = 200, .body = "worker"}, {.status = 200, .body = KEYS("AKI", LATER)}};
    start(answers, 3);
    source_set("AWS_METADATA_SERVICE_TIMEOUT", "1");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_int_equal(script_count(), 3);
}

static void a_token_that_was_asked_for_wrongly_ends_it(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 400}};
    start(answers, 1);
    assert_int_equal(source_ask(s_provider), STATUS_UNAVAILABLE);
    assert_int_equal(script_count(), 1);
}

/* behaviour 10: HTTP 200 with Code != Success */
static void a_failure_inside_a_success_is_one(void **state)
{
    (void)state;
    const struct script_answer answers[] = {
        {.status = 200, .body = "T"},
        {.status = 200, .body = "worker"},
        {.status = 200, .body = "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume it\"}"}};
    start(answers, 3);
    assert_int_equal(source_ask(s_provider), STATUS_UNAVAILABLE);
    assert_non_null(strstr(source_answer.text, "AssumeRoleUnauthorizedAccess: EC2 cannot assume it"));
}

/* behaviour 10: the role's name with several lines */
static void the_first_of_several_roles_counts(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = "T"},
                                            {.status = 200, .body = "\r\n worker \nsecond\n"},
                                            {.status = 200, .body = KEYS("AKI", LATER)}};
    start(answers, 3);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(script_request(2)->line, KEYS_LINE);
}

/* behaviour 10: expired credentials are answered */
static void keys_that_have_expired_are_used_on(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = "T"},
                                            {.status = 200, .body = "worker"},
                                            {.status = 200, .body = KEYS("AKOLD", "2020-01-01T00:00:00Z")}};
    start(answers, 3);
    int64_t before_ms = clock_wall_ms();
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(source_answer.key, "AKOLD");
    assert_true(source_answer.expires_wall_ms >= before_ms + INT64_C(17) * 60000);
    assert_true(source_answer.expires_wall_ms <= clock_wall_ms() + INT64_C(25) * 60000);
    assert_non_null(aws_credentials_provider_current(s_provider));
}

static void an_instance_without_a_role_has_no_credentials(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = "T"}, {.status = 404, .body = "<html>"}};
    start(answers, 2);
    assert_int_equal(source_ask(s_provider), STATUS_NOT_FOUND);
}

static void steps_are_tried_as_often_as_is_said(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 500},
                                            {.status = 200, .body = "T"},
                                            {.status = 0},
                                            {.status = 200, .body = "a/role"},
                                            {.status = 200, .body = "worker"},
                                            {.status = 200, .body = "{"},
                                            {.status = 200, .body = "{\"Code\":\"Success\"}"},
                                            {.status = 200, .body = KEYS("AKI", LATER)}};
    start(answers, 8);
    source_set("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "3");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_int_equal(script_count(), 8);
}

static void nobody_there_is_no_instance_at_first_and_an_outage_later(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = "T"},
                                            {.status = 200, .body = "worker"},
                                            {.status = 200, .body = KEYS("AKI", LATER)}};
    start(answers, 3);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    aws_credentials_provider_invalidate(s_provider, 0);
    source_set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
    assert_int_equal(source_ask(s_provider), STATUS_UNAVAILABLE);
    aws_credentials_provider_destroy(s_provider);
    s_provider = credentials_instance_new(source_loop, source_http);
    assert_int_equal(source_ask(s_provider), STATUS_NOT_FOUND);
}

static void switched_off_it_is_not_asked(void **state)
{
    (void)state;
    start(NULL, 0);
    source_set("AWS_EC2_METADATA_DISABLED", "true");
    assert_int_equal(source_ask(s_provider), STATUS_NOT_FOUND);
    assert_int_equal(script_count(), 0);
}

static void never(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    (void)user;
    (void)credentials;
    (void)error;
    fail();
}

static void destroying_in_the_middle_leaves_nothing(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = "T"}, {.is_silent = true}};
    start(answers, 2);
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(s_provider, &request, never, NULL);
    aws_credentials_request_cancel(&request);
    while (script_count() < 2) {
        loop_run_once(source_loop, 10);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, source_prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_leads_to_the_role_and_its_keys),
        TEST(without_a_token_version_1_is_asked_where_it_may_be),
        TEST(a_token_that_never_comes_is_done_without),
        TEST(a_token_that_was_asked_for_wrongly_ends_it),
        TEST(a_failure_inside_a_success_is_one),
        TEST(the_first_of_several_roles_counts),
        TEST(keys_that_have_expired_are_used_on),
        TEST(an_instance_without_a_role_has_no_credentials),
        TEST(steps_are_tried_as_often_as_is_said),
        TEST(nobody_there_is_no_instance_at_first_and_an_outage_later),
        TEST(switched_off_it_is_not_asked),
        TEST(destroying_in_the_middle_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
