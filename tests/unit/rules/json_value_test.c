/* Parsing: what the rules see of a text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rules/json_value.h"

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    return value;
}

static void assert_refused(const char *text, const char *expected)
{
    json_t *value = NULL;
    struct error error = {0};
    assert_int_equal(json_value_parse(text, strlen(text), &value, &error), STATUS_MALFORMED);
    assert_null(value);
    assert_string_equal(error.text, expected);
}

static void any_kind_of_value_is_read(void **state)
{
    (void)state;
    json_t *number = parse(" 5 ");
    assert_true(json_is_integer(number));
    json_decref(number);
    json_t *text = parse("\"a\\u0000b\"");
    assert_int_equal(json_string_length(text), 3);
    json_decref(text);
}

static void integers_beyond_64_bits_become_reals(void **state)
{
    (void)state;
    json_t *list = parse("[12345678901234567890, 5]");
    assert_true(json_is_real(json_array_get(list, 0)));
    assert_true(json_number_value(json_array_get(list, 0)) > 1.2e19);
    assert_true(json_is_real(json_array_get(list, 1)));
    json_decref(list);
}

static void errors_repeat_nothing_of_the_text(void **state)
{
    (void)state;
    assert_refused("{\"secret\": hunter2}", "expected a JSON value, found something else at line 1, column 17");
    assert_refused("", "expected a JSON value, found something else at line 1, column 0");
    assert_refused("[1e999]", "a number beyond what a double holds at line 1, column 6");
    assert_refused("1 2", "expected a JSON value, found something else at line 1, column 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_kind_of_value_is_read),
        cmocka_unit_test(integers_beyond_64_bits_become_reals),
        cmocka_unit_test(errors_repeat_nothing_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
