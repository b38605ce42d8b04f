/* JSON from the command line or a file; the standard input is tried in tests/integration/test_ferry_workflow.py. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_input.h"

static void it_is_taken_as_it_stands_without_the_space_around_it(void **state)
{
    (void)state;
    struct json_input input = {0};
    struct error error = {0};
    assert_int_equal(json_input_read(" { \"a\": 1.50 }\n", "INPUT", &input, &error), STATUS_OK);
    assert_int_equal(input.value.length, 13);
    assert_memory_equal(input.value.data, "{ \"a\": 1.50 }", 13);
    json_input_deinit(&input);
    assert_null(input.value.data);
}

static void none_is_none(void **state)
{
    (void)state;
    struct json_input input = {0};
    struct error error = {0};
    assert_int_equal(json_input_read(NULL, "INPUT", &input, &error), STATUS_OK);
    assert_null(input.value.data);
    json_input_deinit(&input);
}

static void a_file_is_read(void **state)
{
    (void)state;
    char name[] = "@/tmp/json_input_test.XXXXXX";
    struct json_input input = {0};
    struct error error = {0};
    int file = mkstemp(name + 1);
    assert_true(file >= 0);
    assert_int_equal(write(file, "[1]\n", 4), 4);
    assert_int_equal(close(file), 0);
    assert_int_equal(json_input_read(name, "INPUT", &input, &error), STATUS_OK);
    assert_int_equal(input.value.length, 3);
    assert_memory_equal(input.value.data, "[1]", 3);
    json_input_deinit(&input);
    assert_int_equal(unlink(name + 1), 0);
    assert_int_equal(json_input_read(name, "INPUT", &input, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(strncmp(error.text, "INPUT: /tmp/json_input_test.", 28), 0);
}

static void what_is_no_json_is_refused_and_shown_in_part(void **state)
{
    (void)state;
    struct json_input input = {0};
    struct error error = {0};
    assert_int_equal(json_input_read("tea", "INPUT", &input, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text,
                        "INPUT: expected JSON (a text has quotes: '\"tea\"'), @FILE or -; found tea");
    assert_int_equal(json_input_read("", "INPUT", &input, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(json_input_read("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyyyy", "--in", &input, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "found xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_taken_as_it_stands_without_the_space_around_it),
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(what_is_no_json_is_refused_and_shown_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
