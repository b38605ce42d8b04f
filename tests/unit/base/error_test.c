/* Tests of base/error.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/error.h"

static void set_returns_the_status_and_fills_the_error(void **state)
{
    (void)state;
    struct error error;
    error_init(&error);
    assert_int_equal(error_set(&error, STATUS_NOT_FOUND, "no queue %s", "q"), STATUS_NOT_FOUND);
    assert_int_equal(error.status, STATUS_NOT_FOUND);
    assert_false(error.retryable);
    assert_string_equal(error.text, "no queue q");
}

static void set_without_an_error_only_returns_the_status(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, STATUS_MALFORMED, "x"), STATUS_MALFORMED);
    error_prefix(NULL, "y");
}

static void what_passes_by_itself_is_retryable(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, STATUS_UNAVAILABLE, "x");
    assert_true(error.retryable);
    assert_true(status_is_retryable(STATUS_DEADLINE_EXCEEDED));
    assert_true(status_is_retryable(STATUS_RESOURCE_EXHAUSTED));
    assert_false(status_is_retryable(STATUS_INTERNAL));
    assert_false(status_is_retryable(STATUS_OK));
}

static void prefix_keeps_status_and_retryability(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, STATUS_INTERNAL, "refused");
    error.retryable = true;
    error_prefix(&error, "reading %s: ", "a file");
    assert_string_equal(error.text, "reading a file: refused");
    assert_int_equal(error.status, STATUS_INTERNAL);
    assert_true(error.retryable);
}

static void an_error_can_be_set_from_its_own_text(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, STATUS_MALFORMED, "inner");
    error_set(&error, STATUS_INTERNAL, "outer: %s", error.text);
    assert_string_equal(error.text, "outer: inner");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[2 * ERROR_TEXT_SIZE + 1];
    for (size_t i = 0; i < sizeof text - 1; i += 2) {
        memcpy(text + i, "\xC3\xA4", 2);
    }
    text[sizeof text - 1] = '\0';
    struct error error;
    error_set(&error, STATUS_INTERNAL, "%s", text);
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 2); /* 511 would end inside a character */
    error_prefix(&error, "%s", "12");
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 2);
    assert_memory_equal(error.text, "12\xC3\xA4", 4);
    error_prefix(&error, "%s", text);
    assert_int_equal(strlen(error.text) % 2, 0);
}

static void every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = STATUS_OK; i <= STATUS_INTERNAL; i++) {
        assert_string_not_equal(status_name((enum status)i), "unknown");
        for (int j = STATUS_OK; j < i; j++) {
            assert_string_not_equal(status_name((enum status)i), status_name((enum status)j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_returns_the_status_and_fills_the_error),
        cmocka_unit_test(set_without_an_error_only_returns_the_status),
        cmocka_unit_test(what_passes_by_itself_is_retryable),
        cmocka_unit_test(prefix_keeps_status_and_retryability),
        cmocka_unit_test(an_error_can_be_set_from_its_own_text),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(every_status_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
