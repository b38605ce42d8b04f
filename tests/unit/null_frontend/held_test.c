/* Calls that wait for their time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "held.h"

static void what_is_due_comes_out_earliest_first(void **state)
{
    (void)state;
    struct held held = {0};
    int values[200];
    for (size_t i = 0; i < 200; i++) {
        values[i] = (int)(i * 7919 % 200); /* each time once, in a scattered order */
        held_add(&held, values[i], &values[i]);
    }
    assert_null(held_take(&held, -1));
    for (int due = 0; due < 100; due++) {
        assert_int_equal(held_next_ms(&held), due);
        assert_int_equal(*(int *)held_take(&held, 99), due);
    }
    assert_null(held_take(&held, 99));
    for (int due = 100; due < 200; due++) {
        assert_int_equal(*(int *)held_take(&held, INT64_MAX), due);
    }
    held_deinit(&held);
}

/* Failed before: with INT64_MAX as the time, nothing was read as an entry. */
static void nothing_is_due_when_nothing_waits(void **state)
{
    (void)state;
    struct held held = {0};
    assert_int_equal(held_next_ms(&held), INT64_MAX);
    assert_null(held_take(&held, INT64_MAX));
    int value = 0;
    held_add(&held, 5, &value);
    assert_ptr_equal(held_take(&held, 5), &value);
    assert_null(held_take(&held, INT64_MAX));
    held_deinit(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_comes_out_earliest_first),
        cmocka_unit_test(nothing_is_due_when_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
