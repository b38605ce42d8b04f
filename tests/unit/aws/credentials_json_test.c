/* Keys in JSON, and why there are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "credentials_json.h"

static struct aws_credentials s_credentials;
static struct error s_error;

static enum status parse(const char *text)
{
    aws_credentials_deinit(&s_credentials);
    s_error = (struct error){0};
    return credentials_json_parse(text, strlen(text), &s_credentials, &s_error);
}

static int release(void **state)
{
    (void)state;
    aws_credentials_deinit(&s_credentials);
    return 0;
}

static void keys_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"RoleArn\":\"x\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\\/\",\"Token\":\"t\","
                           "\"Expiration\":\"2026-01-01T00:00:00.5Z\"}"),
                     STATUS_OK);
    assert_string_equal(s_credentials.access_key_id, "A");
    assert_string_equal(s_credentials.secret_access_key, "s/");
    assert_string_equal(s_credentials.session_token, "t");
    assert_int_equal(s_credentials.expires_wall_ms, INT64_C(1767225600500));
    assert_int_equal(parse("{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}"), STATUS_OK);
    assert_null(s_credentials.session_token);
    assert_true(s_credentials.expires_wall_ms == AWS_CREDENTIALS_NEVER_EXPIRE);
}

static void what_holds_no_keys_is_refused(void **state)
{
    (void)state;
    static const char *const s_texts[] = {
        "", "{", "[]", "null", "{}", "{\"AccessKeyId\":\"A\"}", "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":1,\"SecretAccessKey\":\"s\"}", "{\"AccessKeyId\":\"A\\u0000\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}"};
    for (size_t i = 0; i < sizeof s_texts / sizeof s_texts[0]; i++) {
        assert_int_equal(parse(s_texts[i]), STATUS_MALFORMED);
    }
    assert_int_equal(parse("{\"Code\":\"Failed\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}"),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(s_error.text, "Failed"));
}

static void a_failure_is_explained_in_one_line(void **state)
{
    (void)state;
    char text[32];
    static const char *const s_cases[][2] = {
        {"{\"code\":\"c\",\"message\":\"m\\nmore\"}", "c: m"},
        {"{\"Message\":\"only this\"}", "only this"},
        {"{\"Code\":\"c\"}", "c"},
        {"no json", ""},
        {"{\"message\":\"a text longer than the room for it\"}", "a text longer than the room for"},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        credentials_json_explain(s_cases[i][0], strlen(s_cases[i][0]), text, sizeof text);
        assert_string_equal(text, s_cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keys_are_read, release),
        cmocka_unit_test_teardown(what_holds_no_keys_is_refused, release),
        cmocka_unit_test_teardown(a_failure_is_explained_in_one_line, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
