/* Walking JSON without copying it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json_walk.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static void members_come_in_their_order_with_their_raw_values(void **state)
{
    (void)state;
    static const char *const s_names[] = {"\"a\"", "\"b\\\"\"", "\"c\"", "\"d\"", "\"e\""};
    static const char *const s_values[] = {"1.00", "\"x,]}\\\\\"", "{\"y\":[{},\"}\"]}", "[ ]", "null"};
    struct json_walk walk;
    assert_true(json_walk_object(
        slice("{ \"a\" : 1.00 ,\"b\\\"\":\"x,]}\\\\\",\"c\":{\"y\":[{},\"}\"]}\n,\"d\":[ ],\"e\":null }"), &walk));
    struct json_slice name;
    struct json_slice value;
    for (size_t i = 0; i < 5; i++) {
        assert_true(json_walk_member(&walk, &name, &value));
        assert_int_equal(name.length, strlen(s_names[i]));
        assert_memory_equal(name.data, s_names[i], name.length);
        assert_int_equal(value.length, strlen(s_values[i]));
        assert_memory_equal(value.data, s_values[i], value.length);
    }
    assert_false(json_walk_member(&walk, &name, &value));
}

static void elements_come_in_their_order(void **state)
{
    (void)state;
    static const char *const s_values[] = {"1", "\"\"", "[[]]", "true"};
    struct json_walk walk;
    struct json_slice value;
    assert_true(json_walk_array(slice("[1, \"\",[[]] ,true]"), &walk));
    for (size_t i = 0; i < 4; i++) {
        assert_true(json_walk_element(&walk, &value));
        assert_int_equal(value.length, strlen(s_values[i]));
        assert_memory_equal(value.data, s_values[i], value.length);
    }
    assert_false(json_walk_element(&walk, &value));
    assert_true(json_walk_array(slice("[ ]"), &walk));
    assert_false(json_walk_element(&walk, &value));
}

static void a_walk_needs_its_kind_of_value(void **state)
{
    (void)state;
    struct json_walk walk;
    assert_false(json_walk_object(slice("[]"), &walk));
    assert_false(json_walk_array(slice("{}"), &walk));
    assert_false(json_walk_object((struct json_slice){0}, &walk));
    assert_false(json_walk_object(slice("{"), &walk));
}

static void broken_text_ends_a_walk_inside_of_it(void **state)
{
    (void)state;
    static const char *const s_broken[] = {
        "{\"a}", "{\"a\"}", "{\"a\":}", "{\"a\":[1}", "{a:1}", "{\"a\\}", "{,}", "{}}"};
    for (size_t i = 0; i < sizeof s_broken / sizeof s_broken[0]; i++) {
        /* on the heap, to its last byte: a read beyond it is seen by the address sanitizer */
        size_t length = strlen(s_broken[i]);
        char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, s_broken[i], length);
        struct json_walk walk;
        struct json_slice name;
        struct json_slice value;
        assert_true(json_walk_object((struct json_slice){copy, length}, &walk));
        int steps = 0;
        while (json_walk_member(&walk, &name, &value)) {
            assert_true(value.data >= copy && value.data + value.length <= copy + length);
            assert_true(++steps < 10);
        }
        free(copy);
    }
}

static void integers_are_read_from_numbers_and_strings(void **state)
{
    (void)state;
    assert_int_equal(json_walk_integer(slice("\"42\"")), 42);
    assert_int_equal(json_walk_integer(slice("42")), 42);
    assert_int_equal(json_walk_integer(slice("\"999999999999999999\"")), 999999999999999999);
    assert_int_equal(json_walk_integer(slice("\"9999999999999999999\"")), 0);
    assert_int_equal(json_walk_integer(slice("\"-1\"")), 0);
    assert_int_equal(json_walk_integer(slice("\"\"")), 0);
    assert_int_equal(json_walk_integer(slice("null")), 0);
    assert_int_equal(json_walk_integer((struct json_slice){0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_their_order_with_their_raw_values),
        cmocka_unit_test(elements_come_in_their_order),
        cmocka_unit_test(a_walk_needs_its_kind_of_value),
        cmocka_unit_test(broken_text_ends_a_walk_inside_of_it),
        cmocka_unit_test(integers_are_read_from_numbers_and_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
