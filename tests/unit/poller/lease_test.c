/* The arithmetic of leases. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lease.h"

static void a_lease_counts_from_the_start_of_the_receive_call(void **state)
{
    (void)state;
    struct lease lease;
    lease_begin(&lease, 1000, 60, 0);
    assert_int_equal(lease.deadline_ms, 61000);
    assert_false(lease_has_lapsed(&lease, 60999));
    assert_true(lease_has_lapsed(&lease, 61000));
}

static void renewal_is_due_at_half_time_and_jitter_only_makes_it_earlier(void **state)
{
    (void)state;
    struct lease lease;
    lease_begin(&lease, 0, 60, 0);
    assert_false(lease_wants_renewal(&lease, 29999, 0));
    assert_true(lease_wants_renewal(&lease, 30000, 0));
    assert_true(lease_wants_renewal(&lease, 25000, 5000));
    lease_begin(&lease, 0, 60, LEASE_JITTER_MAX);
    assert_int_equal(lease.renew_ms, 24000);
}

static void a_granted_renewal_counts_from_its_own_call(void **state)
{
    (void)state;
    struct lease lease;
    lease_begin(&lease, 0, 60, 0);
    lease_renewed(&lease, 31000, 60, 0);
    assert_int_equal(lease.deadline_ms, 91000);
    assert_int_equal(lease.renew_ms, 61000);
    assert_int_equal(lease.received_ms, 0);
}

static void a_failed_renewal_is_asked_again_and_moves_no_deadline(void **state)
{
    (void)state;
    struct lease lease;
    lease_begin(&lease, 0, 60, 0);
    lease_postpone(&lease, 31000);
    assert_false(lease_wants_renewal(&lease, 30999, 0));
    assert_true(lease_wants_renewal(&lease, 31000, 0));
    assert_int_equal(lease.deadline_ms, 60000);
}

static void visibility_is_cut_to_what_is_left_of_twelve_hours(void **state)
{
    (void)state;
    struct lease lease;
    lease_begin(&lease, 5000, 60, 0);
    assert_int_equal(lease_visibility_to_ask(&lease, 60, 35000), 60);
    assert_int_equal(lease_visibility_to_ask(&lease, 60, 5000 + LEASE_TOTAL_MS - 61000), 60);
    assert_int_equal(lease_visibility_to_ask(&lease, 60, 5000 + LEASE_TOTAL_MS - 41000), 40);
    assert_int_equal(lease_visibility_to_ask(&lease, 60, 5000 + LEASE_TOTAL_MS - 1000), 0);
    assert_int_equal(lease_visibility_to_ask(&lease, 60, 5000 + LEASE_TOTAL_MS + 1), 0);
    assert_int_equal(lease_visibility_to_ask(&lease, 43200, 6000), 43198);
}

static void calls_end_before_the_lease_does(void **state)
{
    (void)state;
    struct lease lease;
    lease_begin(&lease, 0, 60, 0);
    assert_int_equal(lease_call_budget_ms(&lease, 0), 58000);
    assert_int_equal(lease_call_budget_ms(&lease, 58000), 0);
    assert_true(lease_call_budget_ms(&lease, 59000) < 0);
    lease_begin(&lease, 0, 1, 0);
    assert_int_equal(lease_call_budget_ms(&lease, 0), 900);
}

static void a_long_poll_takes_at_most_a_third_of_the_visibility(void **state)
{
    (void)state;
    assert_int_equal(lease_wait_seconds(20, 60), 20);
    assert_int_equal(lease_wait_seconds(20, 30), 10);
    assert_int_equal(lease_wait_seconds(20, 2), 1);
    assert_int_equal(lease_wait_seconds(20, 1), 1);
    assert_int_equal(lease_wait_seconds(0, 60), 0);
    assert_int_equal(lease_wait_seconds(20, 43200), 20);
}

static void returned_messages_wait_longer_with_each_receive_up_to_a_limit(void **state)
{
    (void)state;
    assert_int_equal(lease_return_seconds(0), 10);
    assert_int_equal(lease_return_seconds(1), 10);
    assert_int_equal(lease_return_seconds(2), 20);
    assert_int_equal(lease_return_seconds(3), 40);
    assert_int_equal(lease_return_seconds(7), 640);
    assert_int_equal(lease_return_seconds(8), 900);
    assert_int_equal(lease_return_seconds(INT64_MAX), 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_counts_from_the_start_of_the_receive_call),
        cmocka_unit_test(renewal_is_due_at_half_time_and_jitter_only_makes_it_earlier),
        cmocka_unit_test(a_granted_renewal_counts_from_its_own_call),
        cmocka_unit_test(a_failed_renewal_is_asked_again_and_moves_no_deadline),
        cmocka_unit_test(visibility_is_cut_to_what_is_left_of_twelve_hours),
        cmocka_unit_test(calls_end_before_the_lease_does),
        cmocka_unit_test(a_long_poll_takes_at_most_a_third_of_the_visibility),
        cmocka_unit_test(returned_messages_wait_longer_with_each_receive_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
