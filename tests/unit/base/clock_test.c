/* Tests of base/clock.h, base/random.h and base/backoff.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"

static void assert_rfc3339(int64_t wall_ms, const char *expected)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(wall_ms, text);
    assert_string_equal(text, expected);
}

static void formats_timestamps(void **state)
{
    (void)state;
    assert_rfc3339(0, "1970-01-01T00:00:00.000Z");
    assert_rfc3339(INT64_C(1795445100123), "2026-11-23T14:45:00.123Z");
    assert_rfc3339(INT64_C(1709164799999), "2024-02-28T23:59:59.999Z");
    assert_rfc3339(INT64_C(1709164800000), "2024-02-29T00:00:00.000Z");
    assert_rfc3339(-1, "1970-01-01T00:00:00.000Z");
    assert_rfc3339(INT64_MAX, "9999-12-31T23:59:59.999Z");
    char text[CLOCK_BASIC_SIZE];
    clock_format_basic(INT64_C(1795445100123), text);
    assert_string_equal(text, "20261123T144500Z");
}

static void clocks_do_not_go_backwards(void **state)
{
    (void)state;
    int64_t before_us = clock_monotonic_us();
    int64_t before_ms = clock_monotonic_ms();
    assert_true(clock_monotonic_us() >= before_us);
    assert_true(clock_monotonic_ms() >= before_ms);
    assert_true(clock_boottime_ms() >= before_ms); /* it counts sleep as well */
    assert_true(clock_wall_ms() > INT64_C(1700000000000));
}

static void random_numbers_stay_below_the_limit_and_reach_all_values(void **state)
{
    (void)state;
    int seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t number = random_below(7);
        assert_true(number < 7);
        seen[number]++;
    }
    for (int i = 0; i < 7; i++) {
        assert_true(seen[i] > 500); /* 1,000 expected: missing it by half has no chance worth naming */
    }
    assert_int_equal(random_below(1), 0);
    for (int i = 0; i < 100; i++) {
        assert_true(random_below((UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}

static void uuids_are_version_4_and_differ(void **state)
{
    (void)state;
    char first[RANDOM_UUID_SIZE];
    char second[RANDOM_UUID_SIZE];
    random_uuid(first);
    random_uuid(second);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(first), 36);
    assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
    assert_int_equal(first[8], '-');
    assert_int_equal(first[13], '-');
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
}

static void backoff_doubles_up_to_its_maximum_and_starts_anew(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 100, 1000, 2.0, 0.0);
    const int64_t expected[] = {100, 200, 400, 800, 1000, 1000};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(backoff_next_ms(&backoff), expected[i]);
    }
    assert_int_equal(backoff.attempts, 6);
    backoff_reset(&backoff);
    assert_int_equal(backoff_next_ms(&backoff), 100);
}

static void backoff_draws_within_its_jitter(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 1000, 1000, 1.0, 0.2);
    int64_t lowest = INT64_MAX;
    int64_t highest = 0;
    for (int i = 0; i < 2000; i++) {
        int64_t delay_ms = backoff_next_ms(&backoff);
        lowest = delay_ms < lowest ? delay_ms : lowest;
        highest = delay_ms > highest ? delay_ms : highest;
    }
    assert_in_range(lowest, 800, 850);
    assert_in_range(highest, 1150, 1200);
}

static void backoff_survives_any_number_of_failures(void **state)
{
    (void)state;
    struct backoff backoff;
    backoff_init(&backoff, 1, INT64_C(1) << 40, 10.0, 0.0);
    backoff.attempts = INT32_MAX;
    assert_int_equal(backoff_next_ms(&backoff), INT64_C(1) << 40);
    assert_int_equal(backoff.attempts, INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_timestamps),
        cmocka_unit_test(clocks_do_not_go_backwards),
        cmocka_unit_test(random_numbers_stay_below_the_limit_and_reach_all_values),
        cmocka_unit_test(uuids_are_version_4_and_differ),
        cmocka_unit_test(backoff_doubles_up_to_its_maximum_and_starts_anew),
        cmocka_unit_test(backoff_draws_within_its_jitter),
        cmocka_unit_test(backoff_survives_any_number_of_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
