/* Origins. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cors.h"

static void origins_are_those_of_the_list_exactly(void **state)
{
    (void)state;
    static char app[] = "https://app.example";
    static char *origins[] = {app};
    const struct settings_cors cors = {.origins = origins, .origin_count = 1};
    assert_true(cors_allows(&cors, "https://app.example"));
    static const char *const others[] = {"http://app.example", "https://app.example.evil", "https://app.example:444",
                                         "https://sub.app.example", "null", "*", ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(cors_allows(&cors, others[i]));
    }
    assert_false(cors_allows(&cors, NULL));
    assert_false(cors_allows(NULL, "https://app.example"));
}

static void what_a_preflight_asks_for_is_a_list_of_names(void **state)
{
    (void)state;
    static char longest[3000];
    memset(longest, 'a', sizeof longest - 1);
    assert_string_equal(cors_allowed_headers("authorization, content-type,ce-id"), "authorization, content-type,ce-id");
    assert_null(cors_allowed_headers(NULL));
    assert_null(cors_allowed_headers(""));
    assert_null(cors_allowed_headers("a\r\nSet-Cookie: b"));
    assert_null(cors_allowed_headers(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_are_those_of_the_list_exactly),
        cmocka_unit_test(what_a_preflight_asks_for_is_a_list_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
