/* Authorization: Basic. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/secret.h"
#include "basic_password.h"

static void the_password_stands_behind_the_first_colon(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *password;
    } cases[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "open sesame"}, /* RFC 7617, section 2 */
        {"basic OnNlY3JldA==", "secret"},
        {"Basic YTpiOmM=", "b:c"},
        {"Basic YTo=", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *password = basic_password(cases[i].header);
        assert_non_null(password);
        assert_string_equal(password, cases[i].password);
        secret_wipe(password);
    }
}

static void what_is_no_such_header_has_none(void **state)
{
    (void)state;
    static const char *const headers[] = {"", "Basic", "Basic ", "Bearer YTpi", "Basic YWI=", "Basic YTpi=", "Basic !",
                                          "Basic YTpiAA==" /* a zero byte */};
    assert_null(basic_password(NULL));
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_null(basic_password(headers[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_stands_behind_the_first_colon),
        cmocka_unit_test(what_is_no_such_header_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
