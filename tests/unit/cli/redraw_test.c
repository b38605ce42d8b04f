/* A text shown again and again: what is written for it on a terminal, and elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "redraw.h"

#define OFF "\033[?7l\r"
#define END "\033[K\n"
#define ON "\033[J\033[?7h"

static void expect_frame(const char *text, size_t columns, size_t rows, size_t over, const char *expected, size_t lines)
{
    size_t drawn = SIZE_MAX;
    char *frame = redraw_frame(text, (struct terminal_size){columns, rows}, over, &drawn);
    assert_string_equal(frame, expected);
    assert_int_equal(drawn, lines);
    free(frame);
}

static void each_line_is_drawn_over_the_one_before(void **state)
{
    (void)state;
    expect_frame("one\ntwo\n", 80, 24, 0, OFF "one" END "two" END ON, 2);
    expect_frame("one\n", 80, 24, 2, OFF "\033[2Aone" END ON, 1);
    expect_frame("", 80, 24, 1, OFF "\033[1A" ON, 0);
}

static void a_line_is_broken_before_the_terminals_last_column(void **state)
{
    (void)state;
    expect_frame("012345678\n", 10, 24, 0, OFF "012345678" END ON, 1);
    expect_frame("0123456789\nab\n", 10, 24, 0, OFF "012345678" END "9" END "ab" END ON, 3);
    expect_frame("\303\244\303\266\303\274\303\237\n", 3, 24, 0,
                 OFF "\303\244\303\266" END "\303\274\303\237" END ON, 2);
    expect_frame("a\346\227\245\346\234\254\n", 5, 24, 0, /* Japanese: two columns each */
                 OFF "a\346\227\245" END "\346\234\254" END ON, 2);
    expect_frame("\346\227\245\346\234\254\n", 2, 24, 0, OFF "\346\227\245" END "\346\234\254" END ON, 2);
    expect_frame("abc\n", 1, 24, 0, OFF "a" END "b" END "c" END ON, 3);
    expect_frame("\na\n", 80, 24, 0, OFF END "a" END ON, 2);
}

static void what_does_not_fit_is_counted_in_the_last_line(void **state)
{
    (void)state;
    expect_frame("1\n2\n3\n", 80, 4, 0, OFF "1" END "2" END "3" END ON, 3);
    expect_frame("1\n2\n3\n4\n", 80, 4, 0, OFF "1" END "2" END "2 more lines" END ON, 3);
    expect_frame("1234567\n", 3, 3, 0, OFF "12" END "3 more lines" END ON, 2);
    expect_frame("1\n2\n3\n4\n", 80, 1, 0, OFF "4 more lines" END ON, 1);
}

static void a_terminal_that_became_lower_is_drawn_on_from_its_top(void **state)
{
    (void)state;
    expect_frame("1\n", 80, 5, 20, OFF "\033[4A1" END ON, 1);
}

static void elsewhere_an_empty_line_stands_between(void **state)
{
    (void)state;
    char *written = NULL;
    size_t length = 0;
    struct redraw redraw;
    FILE *out = open_memstream(&written, &length);
    assert_non_null(out);
    redraw_init(&redraw, out, false);
    redraw_show(&redraw, "a\nb\n");
    assert_string_equal(written, "a\nb\n"); /* at once */
    redraw_show(&redraw, "a\n");
    redraw_show(&redraw, "");
    redraw_end(&redraw);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(written, "a\nb\n\na\n\n");
    free(written);
}

static void on_a_terminal_the_next_stands_where_the_last_did(void **state)
{
    (void)state;
    char *written = NULL;
    size_t length = 0;
    struct redraw redraw;
    FILE *out = open_memstream(&written, &length); /* 80 columns, as it does not say */
    assert_non_null(out);
    redraw_init(&redraw, out, true);
    redraw_show(&redraw, "a\nb\n");
    redraw_show(&redraw, "c\n");
    redraw.columns = 100; /* it is narrower since */
    redraw_show(&redraw, "d\n");
    redraw_end(&redraw);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(written, OFF "a" END "b" END ON OFF "\033[2Ac" END ON OFF "d" END ON "\r" ON);
    free(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_drawn_over_the_one_before),
        cmocka_unit_test(a_line_is_broken_before_the_terminals_last_column),
        cmocka_unit_test(what_does_not_fit_is_counted_in_the_last_line),
        cmocka_unit_test(a_terminal_that_became_lower_is_drawn_on_from_its_top),
        cmocka_unit_test(elsewhere_an_empty_line_stands_between),
        cmocka_unit_test(on_a_terminal_the_next_stands_where_the_last_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
