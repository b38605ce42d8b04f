/* Numbers: order, whole numbers, multiples, how they are written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rules/json_value.h"
#include "value.h"

static json_t *number(const char *text)
{
    json_t *value = NULL;
    assert_int_equal(json_value_parse(text, strlen(text), &value, NULL), STATUS_OK);
    return value;
}

static int compare(const char *left, const char *right)
{
    json_t *first = number(left);
    json_t *second = number(right);
    int order = value_compare_numbers(first, second);
    assert_int_equal(value_compare_numbers(second, first), -order);
    json_decref(first);
    json_decref(second);
    return order;
}

static bool is_multiple(const char *text, const char *divisor)
{
    json_t *value = number(text);
    json_t *unit = number(divisor);
    bool result = value_is_multiple(value, unit);
    json_decref(value);
    json_decref(unit);
    return result;
}

static void integers_and_reals_are_compared_exactly(void **state)
{
    (void)state;
    assert_int_equal(compare("1", "1.0"), 0);
    assert_int_equal(compare("1", "1.5"), -1);
    assert_int_equal(compare("-1", "-1.5"), 1);
    assert_int_equal(compare("9007199254740993", "9007199254740992.0"), 1); /* as doubles they are equal */
    assert_int_equal(compare("9223372036854775807", "9223372036854775808.0"), -1);
    assert_int_equal(compare("-9223372036854775808", "-9223372036854775808.0"), 0);
    assert_int_equal(compare("9223372036854775807", "1e300"), -1);
    assert_int_equal(compare("-9223372036854775807", "-1e300"), 1);
    assert_int_equal(compare("0", "-0.0"), 0);
    assert_int_equal(compare("2.5", "2.25"), 1);
}

static void multiples_are_those_of_the_decimals_as_written(void **state)
{
    (void)state;
    assert_true(is_multiple("19.99", "0.01"));
    assert_false(is_multiple("19.995", "0.01"));
    assert_true(is_multiple("0.3", "0.1"));
    assert_true(is_multiple("-4.5", "1.5"));
    assert_false(is_multiple("35", "1.5"));
    assert_true(is_multiple("0", "7"));
    assert_true(is_multiple("0.0", "0.7"));
    assert_true(is_multiple("10", "2.5"));
    assert_true(is_multiple("9223372036854775807", "7"));
    assert_false(is_multiple("9223372036854775807", "2"));
    assert_true(is_multiple("-9223372036854775808", "2"));
    assert_true(is_multiple("1e308", "1e-300"));
    assert_false(is_multiple("1e308", "0.123456789"));
    assert_false(is_multiple("1e-300", "0.1"));
    assert_true(is_multiple("1e300", "1000"));
}

static void a_real_without_a_fraction_is_an_integer(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool is_integer;
    } cases[] = {{"1", true}, {"1.0", true}, {"1e300", true}, {"1.5", false}, {"-0.0", true}, {"1e-9", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = number(cases[i].text);
        assert_int_equal(value_is_integer(value), cases[i].is_integer);
        json_decref(value);
    }
}

static void numbers_are_written_as_short_as_they_read_back(void **state)
{
    (void)state;
    const char *const cases[][2] = {{"-5", "-5"}, {"0.1", "0.1"}, {"19.99", "19.99"}, {"1e300", "1e+300"},
                                    {"9223372036854775807", "9223372036854775807"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[VALUE_NUMBER_SIZE];
        json_t *value = number(cases[i][0]);
        value_format_number(value, text);
        assert_string_equal(text, cases[i][1]);
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_and_reals_are_compared_exactly),
        cmocka_unit_test(multiples_are_those_of_the_decimals_as_written),
        cmocka_unit_test(a_real_without_a_fraction_is_an_integer),
        cmocka_unit_test(numbers_are_written_as_short_as_they_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
