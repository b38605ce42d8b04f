/* Tests of base/buffer.h, base/memory.h and base/check.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "support.h"

static void appends_and_terminates(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    assert_null(buffer.data);
    assert_true(buffer_append(&buffer, "", 0));
    assert_null(buffer.data);
    assert_true(buffer_append_string(&buffer, "abc"));
    assert_true(buffer_append_format(&buffer, "-%d", 7));
    assert_string_equal(buffer.data, "abc-7");
    assert_int_equal(buffer.length, 5);
    buffer_deinit(&buffer);
    assert_null(buffer.data);
    assert_true(buffer_append_string(&buffer, "again"));
    buffer_deinit(&buffer);
}

static void refuses_what_passes_the_maximum_and_stays_as_it_was(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    assert_true(buffer_append_string(&buffer, "abc"));
    assert_false(buffer_append_string(&buffer, "def"));
    assert_false(buffer_append_format(&buffer, "%s", "def"));
    assert_false(buffer_append(&buffer, "x", SIZE_MAX));
    assert_string_equal(buffer.data, "abc");
    assert_true(buffer_append_string(&buffer, "de"));
    assert_false(buffer_append_string(&buffer, "f"));
    assert_string_equal(buffer.data, "abcde");
    buffer_clear(&buffer);
    assert_string_equal(buffer.data, "");
    assert_int_equal(buffer.length, 0);
    buffer_deinit(&buffer);
}

static void extends_by_bytes_that_the_caller_fills(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    assert_true(buffer_append_string(&buffer, "ab"));
    for (size_t i = 0; i < 499; i++) { /* through growth */
        char *at = buffer_extend(&buffer, 2);
        assert_non_null(at);
        memcpy(at, "cd", 2);
    }
    assert_int_equal(buffer.length, 1000);
    assert_int_equal(buffer.data[1000], '\0');
    assert_memory_equal(buffer.data, "abcdcd", 6);
    assert_memory_equal(buffer.data + 996, "cdcd", 4);
    assert_null(buffer_extend(&buffer, 1));
    assert_int_equal(buffer.length, 1000);
    buffer_deinit(&buffer);
}

static void formats_texts_of_any_length(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5000);
    for (int width = 250; width < 262; width++) { /* around the size of the small piece inside */
        buffer_clear(&buffer);
        assert_true(buffer_append_format(&buffer, "%*d", width, 1));
        assert_int_equal(buffer.length, width);
        assert_int_equal(strlen(buffer.data), width);
        assert_int_equal(buffer.data[width - 1], '1');
    }
    assert_false(buffer_append_format(&buffer, "%*d", 5000, 1));
    assert_int_equal(buffer.length, 261);
    buffer_deinit(&buffer);
}

static void take_moves_the_bytes_out(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    assert_true(buffer_append(&buffer, "a\0b", 3));
    size_t length = 0;
    char *data = buffer_take(&buffer, &length);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "a\0b", 4);
    assert_null(buffer.data);
    free(data);
    data = buffer_take(&buffer, NULL);
    assert_string_equal(data, "");
    free(data);
}

static void allocations_are_zeroed_and_copies_terminated(void **state)
{
    (void)state;
    char *zeroed = memory_alloc(100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(zeroed[i], 0);
    }
    free(zeroed);
    char *copy = memory_copy("ab", 2);
    assert_string_equal(copy, "ab");
    free(copy);
    copy = memory_copy(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    assert_null(memory_copy_string(NULL));
    copy = memory_format("%s-%d", "x", 5);
    assert_string_equal(copy, "x-5");
    memory_wipe_string(copy);
    assert_memory_equal(copy, "\0\0\0", 4);
    memory_wipe_string(NULL);
    free(copy);
    free(memory_alloc_array(0, 8));
    free(memory_resize_array(NULL, 0, 8));
}

static volatile size_t s_huge = SIZE_MAX / 2; /* volatile, so that compilers do not foresee the overflow */

static void allocate_overflowing(void *argument)
{
    (void)argument;
    free(memory_alloc_array(s_huge, 4));
}

static void resize_overflowing(void *argument)
{
    (void)argument;
    free(memory_resize_array(NULL, s_huge, 4));
}

static void break_a_check(void *argument)
{
    CHECK(argument != NULL);
}

static void sizes_that_overflow_abort(void **state)
{
    (void)state;
    assert_true(aborts(allocate_overflowing, NULL));
    assert_true(aborts(resize_overflowing, NULL));
}

static void a_broken_check_aborts(void **state)
{
    (void)state;
    int something = 0;
    assert_true(aborts(break_a_check, NULL));
    assert_false(aborts(break_a_check, &something));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_and_terminates),
        cmocka_unit_test(refuses_what_passes_the_maximum_and_stays_as_it_was),
        cmocka_unit_test(extends_by_bytes_that_the_caller_fills),
        cmocka_unit_test(formats_texts_of_any_length),
        cmocka_unit_test(take_moves_the_bytes_out),
        cmocka_unit_test(allocations_are_zeroed_and_copies_terminated),
        cmocka_unit_test(sizes_that_overflow_abort),
        cmocka_unit_test(a_broken_check_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
