/* Container credentials: the endpoint's answers, and the authorization token that is read for each request. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "support_source.h"

#define KEYS                                                              \
    "{\"AccessKeyId\":\"AKC\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"," \
    "\"Expiration\":\"2999-01-01T00:00:00Z\"}"

static struct aws_credentials_provider *s_provider;

static void start(const struct script_answer *answers, size_t count)
{
    source_script(answers, count);
    source_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", script_url("/v2/credentials/id?x=1"));
    s_provider = credentials_container_new(source_loop, source_http);
}

static int release(void **state)
{
    aws_credentials_provider_destroy(s_provider);
    s_provider = NULL;
    return source_release(state);
}

static void the_endpoint_is_asked_for_the_keys(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 200, .body = KEYS}};
    start(answers, 1);
    source_set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_string_equal(source_answer.key, "AKC");
    assert_string_equal(source_answer.token, "t");
    assert_string_equal(script_request(0)->line, "GET /v2/credentials/id?x=1 HTTP/1.1");
    assert_true(script_has_header(0, "authorization: Basic abc"));
}

/* behaviour 9: EKS rotates the token's file, also between two attempts */
static void the_tokens_file_is_read_for_each_request(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    const struct script_answer answers[] = {{.status = 200, .body = KEYS}, {.status = 200, .body = KEYS}};
    start(answers, 2);
    support_write_file("token", "first", path);
    source_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
    source_set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one");
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    support_write_file("token", "second", path);
    aws_credentials_provider_invalidate(s_provider, 0);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_true(script_has_header(0, "authorization: first"));
    assert_true(script_has_header(1, "authorization: second"));
}

static void a_token_with_a_line_break_is_never_sent(void **state)
{
    (void)state;
    static const char *const s_tokens[] = {"a\r\nx-injected: 1", "a\n", "a\rb"};
    start(NULL, 0);
    for (size_t i = 0; i < 3; i++) {
        char path[SUPPORT_PATH_SIZE];
        support_write_file("token", s_tokens[i], path);
        source_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
        assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(source_answer.text, "line break"));
    }
    source_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere/at/all");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    assert_int_equal(script_count(), 0);
}

static void an_outage_is_outlived_and_a_refusal_is_not(void **state)
{
    (void)state;
    const struct script_answer answers[] = {{.status = 500},
                                            {.status = 200, .body = "<html>"},
                                            {.status = 200, .body = KEYS},
                                            {.status = 404, .body = "{\"code\":\"NoSuchId\",\"message\":\"gone\"}"}};
    start(answers, 4);
    assert_int_equal(source_ask(s_provider), STATUS_OK);
    assert_int_equal(script_count(), 3);
    aws_credentials_provider_invalidate(s_provider, 0);
    assert_int_equal(source_ask(s_provider), STATUS_UNAUTHENTICATED);
    assert_non_null(strstr(source_answer.text, "HTTP 404: NoSuchId: gone"));
    assert_int_equal(script_count(), 4);
}

static void nothing_configured_and_wrong_uris_are_told_apart(void **state)
{
    (void)state;
    s_provider = credentials_container_new(source_loop, source_http);
    assert_int_equal(source_ask(s_provider), STATUS_NOT_FOUND);
    source_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.org/x");
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(source_answer.text, "example.org"));
    source_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "no-slash"); /* comes before the full one */
    assert_int_equal(source_ask(s_provider), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(source_answer.text, "RELATIVE_URI"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, source_prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_endpoint_is_asked_for_the_keys),
        TEST(the_tokens_file_is_read_for_each_request),
        TEST(a_token_with_a_line_break_is_never_sent),
        TEST(an_outage_is_outlived_and_a_refusal_is_not),
        TEST(nothing_configured_and_wrong_uris_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
