/* A token's bucket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rate_limit.h"

#define SECOND_US INT64_C(1000000)

static void a_burst_passes_and_the_rest_waits(void **state)
{
    (void)state;
    struct rate_limit limit;
    int64_t wait_ms = 0;
    int64_t now_us = 5 * SECOND_US;
    rate_limit_init(&limit, 10, 1000, 3);
    assert_true(rate_limit_take(&limit, now_us, &wait_ms));
    assert_true(rate_limit_take(&limit, now_us, &wait_ms));
    assert_true(rate_limit_take(&limit, now_us, &wait_ms));
    assert_false(rate_limit_take(&limit, now_us, &wait_ms));
    assert_int_equal(wait_ms, 100);
    assert_false(rate_limit_take(&limit, now_us + 99999, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_true(rate_limit_take(&limit, now_us + 100000, &wait_ms));
    assert_false(rate_limit_take(&limit, now_us + 100000, &wait_ms));
}

static void a_pause_fills_no_more_than_the_burst(void **state)
{
    (void)state;
    struct rate_limit limit;
    int64_t wait_ms = 0;
    rate_limit_init(&limit, 1, 3600000, 2);
    for (int64_t day = 1; day < 3; day++) {
        int64_t now_us = day * 86400 * SECOND_US;
        assert_true(rate_limit_take(&limit, now_us, &wait_ms));
        assert_true(rate_limit_take(&limit, now_us, &wait_ms));
        assert_false(rate_limit_take(&limit, now_us, &wait_ms));
        assert_int_equal(wait_ms, 3600000);
    }
}

static void refused_requests_cost_nothing(void **state)
{
    (void)state;
    struct rate_limit limit;
    int64_t wait_ms = 0;
    rate_limit_init(&limit, 1, 1000, 1);
    assert_true(rate_limit_take(&limit, 0, &wait_ms));
    for (int i = 0; i < 100; i++) {
        assert_false(rate_limit_take(&limit, 1, &wait_ms));
    }
    assert_true(rate_limit_take(&limit, SECOND_US, &wait_ms));
}

static void the_largest_numbers_fit(void **state)
{
    (void)state;
    struct rate_limit limit;
    int64_t wait_ms = 0;
    rate_limit_init(&limit, 1, 3600000, 1000000);
    for (int i = 0; i < 1000000; i++) {
        assert_true(rate_limit_take(&limit, SECOND_US, &wait_ms));
    }
    assert_false(rate_limit_take(&limit, SECOND_US, &wait_ms));
    assert_int_equal(wait_ms, 3600000);
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct rate_limit limit;
    int64_t wait_ms = 0;
    rate_limit_init(&limit, 0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        assert_true(rate_limit_take(&limit, 1, &wait_ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_and_the_rest_waits),
        cmocka_unit_test(a_pause_fills_no_more_than_the_burst),
        cmocka_unit_test(refused_requests_cost_nothing),
        cmocka_unit_test(the_largest_numbers_fit),
        cmocka_unit_test(no_rate_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
