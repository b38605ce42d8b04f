/* Arguments as slices of a body. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "base/memory.h"

static void assert_arguments(const char *body, bool is_list, size_t count, const char *const *expected)
{
    struct arguments arguments = {0};
    assert_int_equal(arguments_of_body(body, strlen(body), is_list, &arguments, NULL), STATUS_OK);
    assert_int_equal(arguments.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_null(arguments.payloads[i].encoding);
        assert_int_equal(arguments.payloads[i].length, strlen(expected[i]));
        assert_memory_equal(arguments.payloads[i].data, expected[i], strlen(expected[i]));
    }
    arguments_deinit(&arguments);
}

static void a_body_is_one_argument(void **state)
{
    (void)state;
    assert_arguments(" [1, 2.00] ", false, 1, (const char *const[]){"[1, 2.00]"});
    assert_arguments("null", false, 1, (const char *const[]){"null"});
    assert_arguments("", false, 0, NULL);
}

static void a_list_is_as_many_as_it_holds(void **state)
{
    (void)state;
    assert_arguments("[1.00, {\"a\":[ ]},null]", true, 3, (const char *const[]){"1.00", "{\"a\":[ ]}", "null"});
    assert_arguments("[]", true, 0, NULL);
    assert_arguments("", true, 0, NULL);
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    struct arguments arguments = {0};
    struct error error = {0};
    assert_int_equal(arguments_of_body("{", 1, false, &arguments, &error), STATUS_MALFORMED);
    assert_int_equal(arguments_of_body("{}", 2, true, &arguments, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "the body: expected a list of arguments");
    char *many = memory_alloc(2 * ARGUMENTS_MAX + 8);
    strcpy(many, "[0");
    for (size_t i = 0; i < ARGUMENTS_MAX; i++) {
        strcpy(many + 2 + 2 * i, ",0");
    }
    strcat(many, "]");
    assert_int_equal(arguments_of_body(many, strlen(many), true, &arguments, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "the body: 257 arguments, at most 256 are possible");
    assert_null(arguments.payloads);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_one_argument),
        cmocka_unit_test(a_list_is_as_many_as_it_holds),
        cmocka_unit_test(refuses_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
