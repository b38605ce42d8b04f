/* Bodies from an argument and from files, whole and line by line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "send_source.h"

/* "@" and the path of a file with these bytes, which stays until it is removed; free() it. */
static char *make_file(const char *bytes, size_t length)
{
    char path[] = "/tmp/ferry-send-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    assert_int_equal(close(descriptor), 0);
    return memory_format("@%s", path);
}

static void remove_file(char *argument)
{
    assert_int_equal(unlink(argument + 1), 0);
    free(argument);
}

static void assert_next(struct send_source *source, const char *expected)
{
    const char *body = "";
    size_t length = 0;
    struct error error = {0};
    assert_int_equal(send_source_next(source, &body, &length, &error), STATUS_OK);
    if (expected == NULL) {
        assert_null(body);
        return;
    }
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(body, expected, length);
}

static void assert_refused(const char *argument, bool is_lines, const char *words)
{
    struct send_source *source = NULL;
    struct error error = {0};
    const char *body = "";
    size_t length = 0;
    enum status status = send_source_new(argument, is_lines, 1, &source, &error);
    if (status == STATUS_OK) {
        status = send_source_next(source, &body, &length, &error);
    }
    assert_int_equal(status, STATUS_INVALID_ARGUMENT);
    if (strstr(error.text, words) == NULL) {
        fail_msg("%s", error.text);
    }
    send_source_destroy(source);
}

static void an_argument_is_given_out_so_many_times(void **state)
{
    (void)state;
    struct send_source *source = NULL;
    assert_int_equal(send_source_new("hello", false, 2, &source, NULL), STATUS_OK);
    assert_next(source, "hello");
    assert_next(source, "hello");
    assert_next(source, NULL);
    send_source_destroy(source);
}

static void a_file_is_one_body_with_its_line_breaks(void **state)
{
    (void)state;
    char *argument = make_file("one\ntwo\n", 8);
    struct send_source *source = NULL;
    assert_int_equal(send_source_new(argument, false, 2, &source, NULL), STATUS_OK);
    assert_next(source, "one\ntwo\n");
    assert_next(source, "one\ntwo\n");
    assert_next(source, NULL);
    send_source_destroy(source);
    remove_file(argument);
}

static void each_line_is_a_body_and_empty_ones_are_none(void **state)
{
    (void)state;
    char *argument = make_file("one\r\n\n\r\ntwo\nthree", 17);
    struct send_source *source = NULL;
    assert_int_equal(send_source_new(argument, true, 1, &source, NULL), STATUS_OK);
    assert_next(source, "one");
    assert_next(source, "two");
    assert_next(source, "three");
    assert_next(source, NULL);
    assert_next(source, NULL);
    send_source_destroy(source);
    remove_file(argument);
}

static void what_sqs_would_not_take_is_refused(void **state)
{
    (void)state;
    char *bytes = memory_alloc(SEND_BODY_MAX + 1);
    memset(bytes, 'x', SEND_BODY_MAX + 1);
    char *longer = make_file(bytes, SEND_BODY_MAX + 1);
    char *no_text = make_file("good\n\xff\n", 7);
    assert_refused("", false, "the body is empty");
    assert_refused("\xc3", false, "the body is no UTF-8");
    assert_refused("@/nowhere/at/all", false, "/nowhere/at/all: No such file");
    assert_refused("@/", false, "/: cannot be read: Is a directory");
    assert_refused("one\ntwo", true, "--lines: expected @FILE or -");
    assert_refused(longer, false, "longer than 1 MiB");
    assert_refused(longer, true, "line 1: the body is longer than 1 MiB");
    struct send_source *source = NULL;
    struct error error = {0};
    const char *body = "";
    size_t length = 0;
    assert_int_equal(send_source_new(no_text, true, 1, &source, NULL), STATUS_OK);
    assert_next(source, "good");
    assert_int_equal(send_source_next(source, &body, &length, &error), STATUS_INVALID_ARGUMENT);
    char *expected = memory_format("%s: line 2: the body is no UTF-8", no_text + 1);
    assert_string_equal(error.text, expected);
    free(expected);
    send_source_destroy(source);
    remove_file(no_text);
    remove_file(longer);
    free(bytes);
}

static void a_body_of_the_most_that_sqs_takes_is_fine(void **state)
{
    (void)state;
    char *bytes = memory_alloc(SEND_BODY_MAX + 1);
    memset(bytes, 'x', SEND_BODY_MAX);
    char *argument = make_file(bytes, SEND_BODY_MAX);
    struct send_source *source = NULL;
    assert_int_equal(send_source_new(argument, false, 1, &source, NULL), STATUS_OK);
    assert_next(source, bytes);
    send_source_destroy(source);
    remove_file(argument);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_argument_is_given_out_so_many_times),
        cmocka_unit_test(a_file_is_one_body_with_its_line_breaks),
        cmocka_unit_test(each_line_is_a_body_and_empty_ones_are_none),
        cmocka_unit_test(what_sqs_would_not_take_is_refused),
        cmocka_unit_test(a_body_of_the_most_that_sqs_takes_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
