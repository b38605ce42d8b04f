/* Equality, and elements that occur twice; both within their work. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rules/json_value.h"
#include "value.h"

#define WORK ((size_t)1000)

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    return value;
}

static bool equals(const char *left, const char *right)
{
    size_t work = WORK;
    json_t *first = parse(left);
    json_t *second = parse(right);
    json_t *both = json_pack("[O, O]", first, second);
    size_t one = 0;
    size_t other = 0;
    bool result = value_equals(first, second, &work);
    assert_int_equal(value_equals(second, first, &work), result);
    assert_int_equal(value_elements_are_unique(both, &work, &one, &other), !result); /* so equal values hash alike */
    json_decref(both);
    json_decref(first);
    json_decref(second);
    return result;
}

static void equality_is_that_of_json_schema(void **state)
{
    (void)state;
    assert_true(equals("1", "1.0"));
    assert_true(equals("0", "-0.0"));
    assert_true(equals("9223372036854775807", "9223372036854775807"));
    assert_false(equals("9223372036854775807", "9223372036854775808.0"));
    assert_true(equals("{\"a\": 1, \"b\": [2, {}]}", "{\"b\": [2.0, {}], \"a\": 1}"));
    assert_false(equals("{\"a\": 1}", "{\"a\": 1, \"b\": 1}"));
    assert_false(equals("{\"a\": 1}", "{\"b\": 1}"));
    assert_false(equals("[1, 2]", "[2, 1]"));
    assert_false(equals("[1]", "[1, 1]"));
    assert_false(equals("0", "false"));
    assert_false(equals("null", "false"));
    assert_false(equals("\"1\"", "1"));
    assert_true(equals("\"a\\u0000b\"", "\"a\\u0000b\""));
    assert_false(equals("\"a\\u0000b\"", "\"a\\u0000c\""));
}

static void the_first_two_equal_elements_are_named(void **state)
{
    (void)state;
    size_t work = WORK;
    size_t first = 0;
    size_t second = 0;
    json_t *array = parse("[0, [1], 2, 3, [1.0]]");
    assert_false(value_elements_are_unique(array, &work, &first, &second));
    assert_int_equal(first, 1);
    assert_int_equal(second, 4);
    json_decref(array);
}

static void without_work_nothing_is_equal_or_unique(void **state)
{
    (void)state;
    size_t first = 0;
    size_t second = 0;
    json_t *array = parse("[1, 2, 3, 4, 5, 6, 7, 8]");
    size_t work = 5;
    assert_false(value_equals(array, array, &work));
    assert_int_equal(work, 0);
    work = 5;
    assert_false(value_elements_are_unique(array, &work, &first, &second));
    assert_int_equal(work, 0);
    json_decref(array);
}

static void characters_are_code_points(void **state)
{
    (void)state;
    assert_int_equal(value_count_code_points("", 0), 0);
    assert_int_equal(value_count_code_points("a\xc3\xa9\xf0\x9f\x98\x80", 7), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_that_of_json_schema),
        cmocka_unit_test(the_first_two_equal_elements_are_named),
        cmocka_unit_test(without_work_nothing_is_equal_or_unique),
        cmocka_unit_test(characters_are_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
