/* STS's answers: the keys, and why there are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "sts_response.h"

#define PART(name, value) "<" name ">" value "</" name ">"
#define CREDENTIALS(key, secret, token, expiration)                                                                 \
    "<R><Result><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser><Credentials>" key secret token expiration            \
    "</Credentials></Result></R>"
#define KEY PART("AccessKeyId", "ASIA1")
#define SECRET PART("SecretAccessKey", "a/b+c=&amp;")
#define TOKEN PART("SessionToken", "t==")
#define EXPIRATION PART("Expiration", "2026-01-01T00:00:00Z")

static void keys_come_whole(void **state)
{
    (void)state;
    static const char s_text[] = CREDENTIALS(KEY, SECRET, TOKEN, EXPIRATION);
    struct aws_credentials credentials = {0};
    assert_int_equal(sts_response_parse(s_text, sizeof s_text - 1, &credentials, NULL), STATUS_OK);
    assert_string_equal(credentials.access_key_id, "ASIA1");
    assert_string_equal(credentials.secret_access_key, "a/b+c=&");
    assert_string_equal(credentials.session_token, "t==");
    assert_int_equal(credentials.expires_wall_ms, INT64_C(1767225600000));
    aws_credentials_deinit(&credentials);
}

static void keys_with_a_part_missing_are_malformed(void **state)
{
    (void)state;
    static const char *const s_texts[] = {
        "",
        CREDENTIALS("", SECRET, TOKEN, EXPIRATION),
        CREDENTIALS(KEY, "", TOKEN, EXPIRATION),
        CREDENTIALS(KEY, SECRET, "", EXPIRATION),
        CREDENTIALS(KEY, SECRET, PART("SessionToken", " "), EXPIRATION),
        CREDENTIALS(KEY, SECRET, TOKEN, ""),
        CREDENTIALS(KEY, SECRET, TOKEN, PART("Expiration", "tomorrow")),
        "<html><body>Service Unavailable</body></html>",
    };
    for (size_t i = 0; i < sizeof s_texts / sizeof s_texts[0]; i++) {
        struct aws_credentials credentials = {0};
        struct error error = {0};
        assert_int_equal(sts_response_parse(s_texts[i], strlen(s_texts[i]), &credentials, &error), STATUS_MALFORMED);
        assert_null(credentials.access_key_id);
        assert_null(strstr(error.text, "a/b"));
    }
}

static void a_failure_has_a_code_and_one_line(void **state)
{
    (void)state;
    static const char s_text[] =
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you\nsecret lines</Message>"
        "</Error></ErrorResponse>";
    char code[STS_CODE_SIZE];
    char text[STS_TEXT_SIZE];
    sts_response_explain(s_text, sizeof s_text - 1, code, text);
    assert_string_equal(code, "AccessDenied");
    assert_string_equal(text, "not you");
    sts_response_explain("{}", 2, code, text);
    assert_string_equal(code, "");
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_whole),
        cmocka_unit_test(keys_with_a_part_missing_are_malformed),
        cmocka_unit_test(a_failure_has_a_code_and_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
