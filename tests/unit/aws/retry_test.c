/* Pauses and budget of retries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>

#include "retry.h"

/* behaviour 3 */
static void the_budget_ends_and_successes_fill_it_again(void **state)
{
    (void)state;
    struct retry_quota quota;
    retry_quota_init(&quota);
    for (int i = 0; i < RETRY_QUOTA_TOKENS / RETRY_COST_TIMEOUT; i++) {
        assert_int_equal(retry_quota_take(&quota, true), RETRY_COST_TIMEOUT);
    }
    assert_int_equal(retry_quota_take(&quota, true), 0);
    assert_int_equal(retry_quota_take(&quota, false), 0);
    for (int i = 0; i < RETRY_COST; i++) {
        assert_int_equal(retry_quota_take(&quota, false), 0);
        retry_quota_succeed(&quota, 0);
    }
    assert_int_equal(retry_quota_take(&quota, false), RETRY_COST);
    retry_quota_succeed(&quota, RETRY_COST); /* a retry that succeeded gives back what it took */
    assert_int_equal(quota.tokens, RETRY_COST);
    for (int i = 0; i < 2 * RETRY_QUOTA_TOKENS; i++) {
        retry_quota_succeed(&quota, 0);
    }
    assert_int_equal(quota.tokens, RETRY_QUOTA_TOKENS);
}

static void pauses_double_up_to_twenty_seconds(void **state)
{
    (void)state;
    static const int64_t s_limits_ms[] = {1000, 1000, 2000, 4000, 8000, 16000, 20000, 20000};
    for (int failures = 0; failures < 8; failures++) {
        int64_t longest_ms = 0;
        for (int i = 0; i < 500; i++) {
            int64_t pause_ms = retry_pause_ms(failures, 0);
            assert_in_range(pause_ms, 0, s_limits_ms[failures]);
            longest_ms = pause_ms > longest_ms ? pause_ms : longest_ms;
        }
        assert_true(longest_ms > s_limits_ms[failures] / 2);
    }
    assert_in_range(retry_pause_ms(INT32_MAX, 0), 0, 20000);
}

/* behaviour 3 */
static void the_service_may_ask_for_five_seconds_more(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_in_range(retry_pause_ms(1, 1500), 1500, 1500);
        assert_in_range(retry_pause_ms(1, 3600000), 5000, 6000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_ends_and_successes_fill_it_again),
        cmocka_unit_test(pauses_double_up_to_twenty_seconds),
        cmocka_unit_test(the_service_may_ask_for_five_seconds_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
