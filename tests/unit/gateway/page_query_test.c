/* Pages of lists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "page_query.h"

static void a_page_has_a_size_and_a_token(void **state)
{
    (void)state;
    struct page_query query = {0};
    assert_int_equal(page_query_read(NULL, NULL, &query, NULL), STATUS_OK);
    assert_int_equal(query.size, PAGE_QUERY_SIZE_DEFAULT);
    assert_null(query.token);
    assert_int_equal(page_query_read("1000", "aZ09-_", &query, NULL), STATUS_OK);
    assert_int_equal(query.size, 1000);
    assert_string_equal(query.token, "aZ09-_");
}

static void refuses_what_is_no_page(void **state)
{
    (void)state;
    static const char *const sizes[] = {"0", "1001", "", "-1", "1.5", "ten", "99999999999999999999", "1 "};
    static const char *const tokens[] = {"", "a b", "a+b", "="};
    static char longest[PAGE_QUERY_TOKEN_MAX + 2];
    struct page_query query = {0};
    struct error error = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(page_query_read(sizes[i], NULL, &query, &error), STATUS_INVALID_ARGUMENT);
        assert_string_equal(error.text, "pageSize: expected a number from 1 to 1000");
    }
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        assert_int_equal(page_query_read(NULL, tokens[i], &query, NULL), STATUS_INVALID_ARGUMENT);
    }
    memset(longest, 'a', sizeof longest - 1);
    assert_int_equal(page_query_read(NULL, longest, &query, NULL), STATUS_INVALID_ARGUMENT);
    longest[PAGE_QUERY_TOKEN_MAX] = '\0';
    assert_int_equal(page_query_read(NULL, longest, &query, NULL), STATUS_OK);
}

static void a_flag_is_true_or_false(void **state)
{
    (void)state;
    bool value = true;
    struct error error = {0};
    assert_int_equal(page_query_read_flag("reverse", NULL, &value, NULL), STATUS_OK);
    assert_false(value);
    assert_int_equal(page_query_read_flag("reverse", "true", &value, NULL), STATUS_OK);
    assert_true(value);
    assert_int_equal(page_query_read_flag("reverse", "yes", &value, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "reverse: expected true or false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_a_size_and_a_token),
        cmocka_unit_test(refuses_what_is_no_page),
        cmocka_unit_test(a_flag_is_true_or_false),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
