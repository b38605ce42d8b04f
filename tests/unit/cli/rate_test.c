/* A token bucket on a clock of the test's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rate.h"

static void without_a_rate_everything_is_granted(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 0, 5);
    assert_int_equal(rate_take(&rate, 10, 5), 10);
    assert_int_equal(rate_take(&rate, 10, 5), 10);
    assert_int_equal(rate_wait_ms(&rate, 5), 0);
}

static void a_second_gives_a_seconds_worth(void **state)
{
    (void)state;
    struct rate rate;
    size_t taken = 0;
    rate_init(&rate, 7, 1000);
    assert_int_equal(rate_take(&rate, 10, 1000), 7);
    assert_int_equal(rate_take(&rate, 10, 1000), 0);
    for (int64_t now_ms = 1000; now_ms <= 11000; now_ms++) {
        taken += rate_take(&rate, 10, now_ms);
    }
    assert_int_equal(taken, 70);
}

static void the_wait_ends_when_there_is_a_token_and_not_before(void **state)
{
    (void)state;
    static const int64_t per_second[] = {1, 3, 999, 1000, RATE_MAX};
    for (size_t i = 0; i < sizeof per_second / sizeof per_second[0]; i++) {
        struct rate rate;
        rate_init(&rate, per_second[i], 0);
        assert_int_equal(rate_take(&rate, SIZE_MAX, 0), per_second[i]);
        int64_t wait_ms = rate_wait_ms(&rate, 0);
        assert_true(wait_ms >= 1);
        assert_int_equal(rate_take(&rate, 1, wait_ms - 1), 0);
        assert_int_equal(rate_take(&rate, 1, wait_ms), 1);
    }
}

static void a_long_rest_saves_one_second_and_no_more(void **state)
{
    (void)state;
    struct rate rate;
    rate_init(&rate, 5, 0);
    assert_int_equal(rate_take(&rate, 5, 0), 5);
    assert_int_equal(rate_take(&rate, 100, INT64_C(1) << 50), 5);
    assert_int_equal(rate_take(&rate, 100, INT64_C(1) << 50), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rate_everything_is_granted),
        cmocka_unit_test(a_second_gives_a_seconds_worth),
        cmocka_unit_test(the_wait_ends_when_there_is_a_token_and_not_before),
        cmocka_unit_test(a_long_rest_saves_one_second_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
