/* Which hosts may be sent a container's authorization token. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "container_uri.h"

static void only_hosts_that_are_near_may_be_asked_in_the_clear(void **state)
{
    (void)state;
    static const char *const s_allowed[] = {
        "https://example.org/x", "https://10.0.0.1", "http://localhost:51679/x", "http://127.0.0.1/x",
        "http://127.1.2.3:8080", "http://[::1]:80/x", "http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials", "HTTP://LOCALHOST/x"};
    static const char *const s_refused[] = {
        "http://example.org/x", "http://10.0.0.1/x", "http://169.254.170.22/x", "http://169.254.169.254/x",
        "http://[::2]/x", "http://127.0.0.1.example.org/x", "http://127.example/", "http://localhost.example.org/",
        "http://169.254.170.2.example.org/", "http://user@127.0.0.1/x", "ftp://127.0.0.1/x", "/x", "", "http://"};
    for (size_t i = 0; i < sizeof s_allowed / sizeof s_allowed[0]; i++) {
        assert_int_equal(container_uri_check(s_allowed[i], NULL), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof s_refused / sizeof s_refused[0]; i++) {
        struct error error = {0};
        assert_int_equal(container_uri_check(s_refused[i], &error), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    }
}

static void a_token_with_control_characters_is_refused(void **state)
{
    (void)state;
    assert_int_equal(container_token_check("Bearer a.b-c/==", 15, NULL), STATUS_OK);
    assert_int_equal(container_token_check("", 0, NULL), STATUS_OK);
    assert_int_equal(container_token_check("a\r", 2, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(container_token_check("a\nb", 3, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(container_token_check("a\0b", 3, NULL), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_hosts_that_are_near_may_be_asked_in_the_clear),
        cmocka_unit_test(a_token_with_control_characters_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
