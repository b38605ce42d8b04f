/* The line that says how far long work has come. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "progress.h"

static void assert_line(size_t columns, int64_t done, int64_t total, int64_t passed_ms, const char *expected)
{
    char line[PROGRESS_COLUMNS_MAX + 1];
    const struct progress progress = {.label = "replaying", .done = done, .total = total, .began_ms = 1000};
    progress_format(line, sizeof line, columns, &progress, 1000 + passed_ms);
    assert_string_equal(line, expected);
}

static void a_bar_of_what_is_done_with_speed_and_rest(void **state)
{
    (void)state;
    assert_line(60, 500, 1000, 5000, "replaying [###########------------] 500/1000 100/s 5 s left");
    assert_line(80, 0, 10, 0, "replaying [----------------------------------------] 0/10");
    assert_line(80, 10, 10, 1000, "replaying [########################################] 10/10 10/s");
    assert_line(200, 1, 100, 10000,
                "replaying [----------------------------------------] 1/100 0/s 17 min left");
}

static void more_than_was_there_is_all_of_it(void **state)
{
    (void)state;
    assert_line(80, 12, 10, 1000, "replaying [########################################] 12/12 12/s");
}

static void without_a_total_it_counts(void **state)
{
    (void)state;
    assert_line(80, 12, 0, 2000, "replaying 12 6/s");
}

static void a_narrow_terminal_has_no_bar_and_no_second_line(void **state)
{
    (void)state;
    assert_line(30, 5, 10, 1000, "replaying 5/10 5/s 1 s left");
    assert_line(12, 5, 10, 1000, "replaying 5");
    assert_line(1, 5, 10, 1000, "r");
    assert_line(0, 5, 10, 1000, "r");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_of_what_is_done_with_speed_and_rest),
        cmocka_unit_test(more_than_was_there_is_all_of_it),
        cmocka_unit_test(without_a_total_it_counts),
        cmocka_unit_test(a_narrow_terminal_has_no_bar_and_no_second_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
