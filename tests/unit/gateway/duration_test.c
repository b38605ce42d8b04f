/* Durations as callers write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "duration.h"

static void reads_numbers_with_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected_ms; /* -1: refused */
    } cases[] = {{"0", 0},           {"30s", 30000},  {"500ms", 500}, {"1m", 60000}, {"7", 7000},      {"1.5s", 1500},
                 {"0.001", 1},       {"1.25m", 75000}, {"2h", 7200000}, {"1d", 86400000}, {"86400", 86400000},
                 {"86401", -1},      {"s", -1},       {"", -1},       {"-1s", -1},   {"1w", -1},       {"1 s", -1},
                 {"1.s", -1},        {".5s", -1},     {"1.2345s", -1}, {"1e3", -1},  {"999999999999d", -1},
                 {"9999999999999", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        int64_t ms = -1;
        enum status status = duration_parse("wait", cases[i].text, strlen(cases[i].text), 86400000, &ms, &error);
        assert_int_equal(status, cases[i].expected_ms < 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        assert_int_equal(ms, cases[i].expected_ms);
    }
}

static void an_error_says_whose_value_it_is(void **state)
{
    (void)state;
    struct error error = {0};
    int64_t ms = 0;
    assert_int_equal(duration_parse("runTimeout", "x", 1, 1000, &ms, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "runTimeout: expected a duration (500ms, 30s, 1.5m, 2h, 7d, or seconds)");
    assert_int_equal(duration_parse("wait", "61s", 3, 60000, &ms, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "wait: at most 60 s are possible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers_with_units),
        cmocka_unit_test(an_error_says_whose_value_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
