/* Further attempts: in place, under the same lease, the lane blocked; and what comes between. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support_fakes.h"

static bool is_drained(struct fakes *fakes)
{
    return fakes_is_drained(fakes);
}

static struct fakes *with_attempts(bool is_fifo, int visibility_seconds, int64_t max_attempts)
{
    struct fakes *fakes = fakes_new(is_fifo, visibility_seconds);
    fakes_route(fakes)->max_attempts = max_attempts;
    return fakes;
}

static void a_failed_run_is_followed_by_the_next_attempt_under_a_renewed_lease(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 3);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_expect(fakes, "wait", 1);
    fakes_close_run(fakes, "a1", "Failed");
    fakes_expect(fakes, "attempt 2 of a1", 1);
    assert_true(fakes_index(fakes, "visibility a1 60") < fakes_index(fakes, "attempt 2 of a1"));
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    json_t *event = fakes_last_event(fakes, "a1");
    assert_string_equal(json_string_value(json_object_get(event, "ferryafter")), "run-a1-1");
    assert_null(json_object_get(event, "ferryanew"));
    json_decref(event);
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "forward a2", 1);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    assert_int_equal(fakes_count(fakes, "give a2"), 1);
    fakes_destroy(fakes);
}

static void used_up_attempts_end_as_the_route_says(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 3);
    fakes_set_auto_close(fakes, "TimedOut");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 10", 1);
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 2);
    assert_int_equal(fakes_count(fakes, "attempt 3 of a1"), 1);
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 10"));
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    fakes_destroy(fakes);
}

static void a_failure_that_is_not_retryable_gets_no_further_attempt(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(false, 60, 3);
    fakes_set_auto_close(fakes, "Failed");
    fakes_set_non_retryable(fakes, true);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility m1 10", 1);
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 0);
    fakes_destroy(fakes);
}

static void attempts_count_over_all_deliveries(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 2);
    fakes_set_auto_close(fakes, "Failed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 10", 1);
    fakes_give_again(fakes, "a1");
    fakes_expect(fakes, "visibility a1 20", 1); /* the second delivery finds the attempts used up */
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 1);
    fakes_destroy(fakes);
}

static void a_redelivered_message_whose_run_failed_meanwhile_gets_its_next_attempt(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 3);
    fakes_set_events_held(fakes, true);
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "events arrived", 1);
    fakes_set_outcome(fakes, "a1", "closed:Failed"); /* of another poller's forward */
    fakes_set_events_held(fakes, false);
    fakes_expect(fakes, "forward a1", 1);
    fakes_expect(fakes, "visibility a1 60", 1);
    fakes_set_auto_close(fakes, "Completed");
    fakes_set_outcome(fakes, "a1", NULL);
    fakes_expect(fakes, "delete a1", 1);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    fakes_destroy(fakes);
}

static void a_refused_renewal_means_no_further_attempt(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 3);
    fakes_route(fakes)->ack = SETTINGS_ACK_WORKER;
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_take_away(fakes, "a1"); /* the activity's delete */
    fakes_close_run(fakes, "a1", "Failed");
    fakes_expect(fakes, "refused visibility a1", 1);
    fakes_expect(fakes, "forward a2", 1); /* it was given out again */
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 0);
    assert_int_equal(fakes_count(fakes, "forward a1"), 1);
    fakes_destroy(fakes);
}

static void a_renewal_that_fails_for_now_only_delays_the_attempt(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(false, 60, 3);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_fail_action(fakes, "ChangeMessageVisibilityBatch", 500, "InternalError");
    fakes_close_run(fakes, "m1", "Failed");
    fakes_expect(fakes, "failed ChangeMessageVisibilityBatch", 3); /* the client's own tries */
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 0);
    fakes_fail_action(fakes, NULL, 0, NULL);
    fakes_expect(fakes, "attempt 2 of m1", 1);
    fakes_destroy(fakes);
}

static void canceled_and_terminated_runs_get_no_further_attempt(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(false, 60, 3);
    fakes_route(fakes)->on_canceled = SETTINGS_CLOSED_DELETE;
    fakes_set_auto_close(fakes, "Terminated");
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "delete m1", 1);
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 0);
    fakes_destroy(fakes);
}

static void an_attempt_that_another_poller_started_is_waited_for(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(false, 60, 3);
    fakes_route(fakes)->backoff_ms = 60;
    fakes_route(fakes)->backoff_max_ms = 60;
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_start(fakes); /* a second poller on the same queue */
    fakes_expect(fakes, "wait", 1);
    fakes_give_again(fakes, "m1"); /* now it may be in both hands */
    fakes_expect(fakes, "give m1", 2);
    fakes_close_run(fakes, "m1", "Failed");
    fakes_expect(fakes, "attempt 2 of m1", 1);
    fakes_close_run(fakes, "m1", "Completed");
    fakes_expect(fakes, "delete m1", 1);
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 1);
    fakes_destroy(fakes);
}

static void the_lease_of_a_resting_message_is_renewed_with_those_behind_it(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 2, 3);
    fakes_route(fakes)->backoff_ms = 600000;
    fakes_route(fakes)->backoff_max_ms = 600000;
    fakes_set_auto_close(fakes, "Failed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 2", 3);
    fakes_expect(fakes, "visibility a2 2", 3);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    assert_int_equal(fakes_count(fakes, "give a2"), 1);
    assert_int_equal(fakes_count_prefix(fakes, "forward"), 1);
    fakes_destroy(fakes);
}

static void resting_messages_leave_room_for_others(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(false, 60, 3);
    fakes_route(fakes)->backoff_ms = 600000;
    fakes_route(fakes)->backoff_max_ms = 600000;
    fakes_queue(fakes)->max_in_flight = 1;
    fakes_send(fakes, "bad", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_close_run(fakes, "bad", "Failed");
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "m1", "", "");
    fakes_expect(fakes, "delete m1", 1);
    fakes_destroy(fakes);
}

static void shutdown_hands_a_resting_message_back_behind_its_followers(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 3);
    fakes_route(fakes)->backoff_ms = 600000;
    fakes_route(fakes)->backoff_max_ms = 600000;
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_send(fakes, "b1", "B", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_close_run(fakes, "a1", "Failed");
    fakes_close_run(fakes, "b1", "Completed");
    fakes_expect(fakes, "delete b1", 1); /* both have been told of */
    fakes_stop(fakes);
    fakes_run_until(fakes, is_drained, "drained");
    assert_true(fakes_count(fakes, "visibility a1 0") >= 1); /* open polls may bring it once more */
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 0"));
    assert_int_equal(fakes_count(fakes, "visibility a1 30"), 0);
    fakes_destroy(fakes);
}

/* The cut would undo the visibility of 0 that overtakes it. */
static void a_run_that_fails_during_shutdown_is_handed_back_behind_the_cut_of_its_lease(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(false, 60, 3);
    fakes_send(fakes, "m1", "", "");
    fakes_send(fakes, "m2", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1,m2", 1);
    fakes_expect(fakes, "wait", 1);
    fakes_set_renewals_held(fakes, true); /* the cut is one to the fakes */
    fakes_stop(fakes);
    fakes_expect(fakes, "renewal arrived", 1);
    fakes_close_run(fakes, "m1", "Failed");
    fakes_close_run(fakes, "m2", "Completed");
    fakes_expect(fakes, "delete m2", 1); /* both have been told of */
    fakes_set_renewals_held(fakes, false);
    fakes_run_until(fakes, is_drained, "drained");
    assert_int_equal(fakes_count(fakes, "visibility m1 30"), 1);
    assert_int_equal(fakes_count(fakes, "visibility m1 0"), 1);
    assert_true(fakes_index(fakes, "visibility m1 30") < fakes_index(fakes, "visibility m1 0"));
    fakes_destroy(fakes);
}

static void an_outage_during_the_attempts_keeps_the_lane(void **state)
{
    (void)state;
    struct fakes *fakes = with_attempts(true, 60, 3);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_set_gateway_status(fakes, 503);
    fakes_close_run(fakes, "a1", "Failed");
    fakes_expect(fakes, "forward a1", 2);
    fakes_set_gateway_status(fakes, 200);
    fakes_expect(fakes, "attempt 2 of a1", 1);
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "forward a2", 1);
    fakes_destroy(fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_run_is_followed_by_the_next_attempt_under_a_renewed_lease),
        cmocka_unit_test(used_up_attempts_end_as_the_route_says),
        cmocka_unit_test(a_failure_that_is_not_retryable_gets_no_further_attempt),
        cmocka_unit_test(attempts_count_over_all_deliveries),
        cmocka_unit_test(a_redelivered_message_whose_run_failed_meanwhile_gets_its_next_attempt),
        cmocka_unit_test(a_refused_renewal_means_no_further_attempt),
        cmocka_unit_test(a_renewal_that_fails_for_now_only_delays_the_attempt),
        cmocka_unit_test(canceled_and_terminated_runs_get_no_further_attempt),
        cmocka_unit_test(an_attempt_that_another_poller_started_is_waited_for),
        cmocka_unit_test(the_lease_of_a_resting_message_is_renewed_with_those_behind_it),
        cmocka_unit_test(resting_messages_leave_room_for_others),
        cmocka_unit_test(shutdown_hands_a_resting_message_back_behind_its_followers),
        cmocka_unit_test(a_run_that_fails_during_shutdown_is_handed_back_behind_the_cut_of_its_lease),
        cmocka_unit_test(an_outage_during_the_attempts_keeps_the_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
