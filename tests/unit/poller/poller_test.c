/* The poller as a whole, against a queue and a gateway in this process. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support_fakes.h"

static bool is_drained(struct fakes *fakes)
{
    return fakes_is_drained(fakes);
}

static void a_completed_run_settles_its_message(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1", 1);
    fakes_expect(fakes, "wait", 1);
    assert_int_equal(fakes_count(fakes, "delete m1"), 0);
    fakes_close_run(fakes, "m1", "Completed");
    fakes_expect(fakes, "delete m1", 1);
    fakes_destroy(fakes);
}

static void messages_that_come_together_go_together(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "b1", "B", "1");
    fakes_send(fakes, "c1", "C", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1,b1,c1", 1);
    fakes_expect(fakes, "delete c1", 1);
    fakes_destroy(fakes);
}

static void a_group_runs_one_after_the_other_and_groups_run_beside_each_other(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "9");
    fakes_send(fakes, "a2", "A", "10");
    fakes_send(fakes, "b1", "B", "11");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1,b1", 1);
    fakes_close_run(fakes, "b1", "Completed");
    fakes_expect(fakes, "delete b1", 1);
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "forward a2", 1);
    fakes_expect(fakes, "delete a1", 1); /* the chain is Completed: settled, whatever its delete answers */
    fakes_destroy(fakes);
}

static void a_failed_run_returns_its_message_after_everything_behind_it(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_send(fakes, "a3", "A", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_close_run(fakes, "a1", "Failed");
    fakes_expect(fakes, "visibility a1 10", 1);
    assert_true(fakes_index(fakes, "visibility a3 0") < fakes_index(fakes, "visibility a2 0"));
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "end of batch"));
    assert_true(fakes_index(fakes, "end of batch") < fakes_index(fakes, "visibility a1 10"));
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    assert_int_equal(fakes_count_prefix(fakes, "delete"), 0);
    fakes_destroy(fakes);
}

static void on_failed_delete_deletes(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_route(fakes)->on_failed = SETTINGS_CLOSED_DELETE;
    fakes_set_auto_close(fakes, "TimedOut");
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "delete m1", 1);
    fakes_destroy(fakes);
}

static void ack_start_deletes_without_waiting(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_route(fakes)->ack = SETTINGS_ACK_START;
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "delete m1", 1);
    assert_int_equal(fakes_count(fakes, "wait"), 0);
    fakes_destroy(fakes);
}

static void a_late_duplicate_of_a_completed_run_is_deleted_and_of_a_failed_one_returned(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_send(fakes, "done", "", "");
    fakes_send(fakes, "bad", "", "");
    fakes_set_outcome(fakes, "done", "closed:Completed");
    fakes_set_outcome(fakes, "bad", "closed:Failed");
    fakes_start(fakes);
    fakes_expect(fakes, "delete done", 1);
    fakes_expect(fakes, "visibility bad 10", 1);
    assert_int_equal(fakes_count(fakes, "delete bad"), 0);
    fakes_destroy(fakes);
}

static void a_refused_delete_of_a_completed_run_settles(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_take_away(fakes, "a1"); /* the activity's delete */
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "refused delete a1", 1);
    fakes_expect(fakes, "forward a2", 1);
    fakes_destroy(fakes);
}

static void a_rejected_message_is_returned_and_stops_nobody(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "bad", "", "");
    fakes_send(fakes, "good", "", "");
    fakes_set_outcome(fakes, "bad", "rejected");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility bad 10", 1);
    fakes_expect(fakes, "delete good", 1);
    fakes_destroy(fakes);
}

static void a_damaged_message_is_not_forwarded_and_leaves_with_its_followers(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send_damaged(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 10", 1);
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 10"));
    assert_int_equal(fakes_count_prefix(fakes, "forward"), 0);
    fakes_destroy(fakes);
}

static void an_outage_keeps_what_is_in_hand_and_receives_no_more(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_gateway_status(fakes, 503);
    fakes_set_ready(fakes, false);
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_send(fakes, "b1", "B", "3");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1,b1", 1);
    fakes_send(fakes, "c1", "C", "4");
    fakes_set_gateway_status(fakes, 200);
    fakes_set_ready(fakes, true);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    fakes_expect(fakes, "delete b1", 1);
    fakes_expect(fakes, "delete c1", 1);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    assert_int_equal(fakes_count(fakes, "give a2"), 1);
    assert_int_equal(fakes_count_prefix(fakes, "visibility"), 0);
    /* While it was open, one message went first, alone. */
    assert_true(fakes_count(fakes, "forward a1") + fakes_count(fakes, "forward b1") >= 1);
    fakes_destroy(fakes);
}

static void one_bad_message_is_found_and_returned_and_the_others_go_on(void **state)
{
    (void)state;
    static const char *const others[] = {"b1", "c1", "d1", "e1", "f1", "g1"};
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "bad", "A", "1");
    fakes_set_outcome(fakes, "bad", "retry");
    fakes_start(fakes);
    fakes_expect(fakes, "forward bad", 1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        /* The first comes as the witness that the target is well; each makes one more failure the message's own. */
        char line[32];
        size_t tries = fakes_count(fakes, "forward bad");
        if (fakes_count(fakes, "visibility bad 10") > 0) {
            break;
        }
        fakes_send(fakes, others[i], others[i], "2");
        (void)snprintf(line, sizeof line, "delete %s", others[i]);
        fakes_expect(fakes, line, 1);
        fakes_expect(fakes, "forward bad", tries + 1);
    }
    fakes_expect(fakes, "visibility bad 10", 1);
    fakes_destroy(fakes);
}

static void one_bad_message_does_not_stop_a_queue_that_is_taken_one_by_one(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_queue(fakes)->max_in_flight = 1;
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "bad", "", "");
    fakes_set_outcome(fakes, "bad", "retry");
    fakes_start(fakes);
    fakes_expect(fakes, "forward bad", 1);
    fakes_send(fakes, "m1", "", "");
    fakes_send(fakes, "m2", "", "");
    fakes_expect(fakes, "delete m1", 1);
    fakes_expect(fakes, "delete m2", 1);
    fakes_destroy(fakes);
}

static void a_target_that_takes_nothing_keeps_every_message_in_hand(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_set_gateway_status(fakes, 404); /* an unknown route, while the gateway is ready */
    fakes_set_auto_close(fakes, "Completed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 2);
    fakes_send(fakes, "b1", "B", "2");
    fakes_expect(fakes, "forward b1", 1);
    assert_int_equal(fakes_count_prefix(fakes, "visibility"), 0);
    fakes_set_gateway_status(fakes, 200);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete b1", 1);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    assert_int_equal(fakes_count(fakes, "give b1"), 1);
    fakes_destroy(fakes);
}

static void a_batch_that_is_too_large_is_sent_one_by_one(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_set_batch_limit(fakes, 1);
    fakes_send(fakes, "m1", "", "");
    fakes_send(fakes, "m2", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1,m2", 1);
    fakes_expect(fakes, "forward m1", 1);
    fakes_expect(fakes, "forward m2", 1);
    fakes_expect(fakes, "delete m1", 1);
    fakes_expect(fakes, "delete m2", 1);
    fakes_destroy(fakes);
}

static void a_single_message_that_is_too_large_is_returned(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_batch_limit(fakes, 0);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility m1 10", 1);
    fakes_destroy(fakes);
}

static void slowing_down_loses_nothing(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_set_gateway_status(fakes, 429);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1", 1);
    fakes_set_gateway_status(fakes, 200);
    fakes_expect(fakes, "delete m1", 1);
    assert_int_equal(fakes_count(fakes, "give m1"), 1);
    fakes_destroy(fakes);
}

static void the_lease_of_a_running_message_is_renewed(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 2);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility m1 2", 3);
    fakes_close_run(fakes, "m1", "Completed");
    fakes_expect(fakes, "delete m1", 1);
    assert_int_equal(fakes_count(fakes, "give m1"), 1);
    fakes_destroy(fakes);
}

static void the_leases_of_held_messages_are_renewed_while_the_circuit_is_open(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 2);
    fakes_set_gateway_status(fakes, 500);
    fakes_set_ready(fakes, false);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a2 2", 2);
    fakes_expect(fakes, "visibility a1 2", 2);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    fakes_destroy(fakes);
}

static void a_lapsed_running_message_is_forgotten_and_attached_again(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 2);
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_fail_action(fakes, "ChangeMessageVisibilityBatch", 500, "InternalError");
    fakes_expect(fakes, "give a1", 2);
    fakes_fail_action(fakes, NULL, 0, NULL);
    fakes_expect(fakes, "forward a1", 2);
    fakes_close_run(fakes, "a1", "Completed");
    fakes_expect(fakes, "delete a1", 1);
    assert_int_equal(fakes_count(fakes, "refused delete a1"), 0);
    fakes_destroy(fakes);
}

static void a_refused_renewal_lets_go_of_the_message_and_what_is_behind_it(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 3);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_take_away(fakes, "a1");
    fakes_expect(fakes, "refused visibility a1", 1);
    fakes_expect(fakes, "visibility a2 0", 1);
    fakes_expect(fakes, "give a2", 2);
    fakes_expect(fakes, "forward a2", 1);
    assert_int_equal(fakes_count(fakes, "refused delete a1"), 0);
    fakes_destroy(fakes);
}

static void two_copies_are_one_run_and_the_newest_handle_deletes(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_give_again(fakes, "m1");
    fakes_expect(fakes, "give m1", 2);
    fakes_send(fakes, "m2", "", ""); /* once this one is forwarded, the copy has been taken in */
    fakes_expect(fakes, "forward m2", 1);
    fakes_close_run(fakes, "m1", "Completed");
    fakes_expect(fakes, "delete m1", 1);
    assert_int_equal(fakes_count(fakes, "forward m1"), 1);
    assert_int_equal(fakes_count(fakes, "refused delete m1"), 0);
    fakes_destroy(fakes);
}

static void shutdown_hands_back_highest_first_and_cuts_running_ones_last(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 120);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_send(fakes, "a3", "A", "3");
    fakes_send(fakes, "b1", "B", "4");
    fakes_send(fakes, "b2", "B", "5");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1,b1", 1);
    fakes_expect(fakes, "wait", 1);
    fakes_stop(fakes);
    fakes_run_until(fakes, is_drained, "drained");
    assert_true(fakes_index(fakes, "visibility b2 0") < fakes_index(fakes, "visibility a3 0"));
    assert_true(fakes_index(fakes, "visibility a3 0") < fakes_index(fakes, "visibility a2 0"));
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 30"));
    assert_int_equal(fakes_count(fakes, "visibility a1 30"), 1);
    assert_int_equal(fakes_count(fakes, "visibility b1 30"), 1);
    assert_int_equal(fakes_count_prefix(fakes, "visibility"), 5);
    assert_int_equal(fakes_count_prefix(fakes, "delete"), 0);
    fakes_destroy(fakes);
}

static bool has_been_given_time(struct fakes *fakes)
{
    static int turns;
    (void)fakes;
    return ++turns > 20; /* of the loop: what was to be sent at once has been sent */
}

static void a_message_is_handed_back_after_its_renewal_and_not_before(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 6);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "forward a1", 1);
    fakes_set_renewals_held(fakes, true);
    fakes_expect(fakes, "renewal arrived", 1);
    fakes_stop(fakes);
    fakes_run_until(fakes, has_been_given_time, "time");
    assert_int_equal(fakes_count(fakes, "visibility a2 0"), 0);
    fakes_set_renewals_held(fakes, false);
    fakes_run_until(fakes, is_drained, "drained");
    assert_true(fakes_index(fakes, "visibility a2 6") < fakes_index(fakes, "visibility a2 0"));
    assert_int_equal(fakes_count(fakes, "visibility a2 0"), 1);
    fakes_destroy(fakes);
}

/* Each round would count towards the queue's maxReceiveCount. */
static void what_is_handed_back_does_not_come_again_by_an_own_open_poll(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_gateway_status(fakes, 503);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1", 1);
    fakes_expect(fakes, "receive", 2); /* the next one is open */
    fakes_stop(fakes);
    fakes_run_until(fakes, is_drained, "drained");
    assert_int_equal(fakes_count(fakes, "visibility m1 0"), 1);
    assert_int_equal(fakes_count(fakes, "give m1"), 1);
    fakes_destroy(fakes);
}

static void shutdown_finishes_what_is_being_forwarded(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 120);
    fakes_set_events_held(fakes, true);
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "events arrived", 1);
    fakes_stop(fakes);
    fakes_set_events_held(fakes, false);
    fakes_run_until(fakes, is_drained, "drained");
    assert_int_equal(fakes_count(fakes, "forward a1"), 1);
    assert_int_equal(fakes_count(fakes, "visibility a1 30"), 1);
    fakes_destroy(fakes);
}

static void a_message_that_a_last_poll_brings_is_handed_back(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_start(fakes);
    fakes_expect(fakes, "receive", 1);
    fakes_stop(fakes);
    fakes_send(fakes, "a1", "A", "1");
    fakes_run_until(fakes, is_drained, "drained");
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    assert_int_equal(fakes_count(fakes, "visibility a1 0"), 1);
    assert_int_equal(fakes_count_prefix(fakes, "forward"), 0);
    fakes_destroy(fakes);
}

static bool is_ready(struct fakes *fakes)
{
    return fakes_is_ready(fakes);
}

/* The circuit closes by a request from before, and opens again, while its first probe is under way. */
static void a_circuit_that_opens_again_gives_up_its_probe_from_before(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_auto_close(fakes, "Completed");
    fakes_hold_events_of(fakes, "slow");
    fakes_send(fakes, "slow", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "events arrived", 1);
    fakes_run_until(fakes, is_ready, "ready"); /* the poller's own look at the gateway is done */
    fakes_set_probes_held(fakes, true);
    fakes_set_gateway_status(fakes, 503);
    fakes_send(fakes, "m1", "", "");
    fakes_expect(fakes, "probe arrived", 1);
    fakes_set_gateway_status(fakes, 200);
    fakes_hold_events_of(fakes, NULL);
    fakes_expect(fakes, "delete slow", 1);
    fakes_expect(fakes, "delete m1", 1);
    fakes_set_gateway_status(fakes, 503);
    fakes_send(fakes, "m2", "", "");
    fakes_expect(fakes, "probe arrived", 2);
    fakes_destroy(fakes); /* nobody calls a consumer that is gone */
}

static bool is_not_ready_for_access(struct fakes *fakes)
{
    return !fakes_is_ready(fakes) && strstr(fakes_ready_reason(fakes), "SQS") != NULL &&
           fakes_count(fakes, "failed ReceiveMessage") > 0;
}

static void ready_means_that_the_queue_and_the_gateway_answer(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_ready(fakes, false);
    fakes_start(fakes);
    fakes_expect(fakes, "receive", 2);
    assert_false(fakes_is_ready(fakes));
    assert_non_null(strstr(fakes_ready_reason(fakes), "gateway"));
    fakes_set_ready(fakes, true);
    fakes_run_until(fakes, is_ready, "ready");
    fakes_destroy(fakes);
}

static void wrong_credentials_are_named_paced_and_leave_other_queues_alone(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    char other_url[128];
    (void)snprintf(other_url, sizeof other_url, "%s-other", fakes_queue(fakes)->url);
    struct settings_queue queues[2] = {*fakes_queue(fakes), *fakes_queue(fakes)};
    queues[1].url = other_url;
    fakes_settings(fakes)->queues = queues;
    fakes_settings(fakes)->queue_count = 2;
    fakes_fail_action(fakes, "ReceiveMessage", 403, "com.amazon.coral.service#AccessDeniedException");
    fakes_start(fakes);
    fakes_run_until(fakes, is_not_ready_for_access, "not ready");
    fakes_expect(fakes, "receive other", 3); /* two long polls of a second */
    assert_true(fakes_count(fakes, "failed ReceiveMessage") <= 3);
    fakes_fail_action(fakes, NULL, 0, NULL);
    fakes_run_until(fakes, is_ready, "ready again");
    fakes_destroy(fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_completed_run_settles_its_message),
        cmocka_unit_test(messages_that_come_together_go_together),
        cmocka_unit_test(a_group_runs_one_after_the_other_and_groups_run_beside_each_other),
        cmocka_unit_test(a_failed_run_returns_its_message_after_everything_behind_it),
        cmocka_unit_test(on_failed_delete_deletes),
        cmocka_unit_test(ack_start_deletes_without_waiting),
        cmocka_unit_test(a_late_duplicate_of_a_completed_run_is_deleted_and_of_a_failed_one_returned),
        cmocka_unit_test(a_refused_delete_of_a_completed_run_settles),
        cmocka_unit_test(a_rejected_message_is_returned_and_stops_nobody),
        cmocka_unit_test(a_damaged_message_is_not_forwarded_and_leaves_with_its_followers),
        cmocka_unit_test(an_outage_keeps_what_is_in_hand_and_receives_no_more),
        cmocka_unit_test(one_bad_message_is_found_and_returned_and_the_others_go_on),
        cmocka_unit_test(one_bad_message_does_not_stop_a_queue_that_is_taken_one_by_one),
        cmocka_unit_test(a_target_that_takes_nothing_keeps_every_message_in_hand),
        cmocka_unit_test(a_batch_that_is_too_large_is_sent_one_by_one),
        cmocka_unit_test(a_single_message_that_is_too_large_is_returned),
        cmocka_unit_test(slowing_down_loses_nothing),
        cmocka_unit_test(the_lease_of_a_running_message_is_renewed),
        cmocka_unit_test(the_leases_of_held_messages_are_renewed_while_the_circuit_is_open),
        cmocka_unit_test(a_lapsed_running_message_is_forgotten_and_attached_again),
        cmocka_unit_test(a_refused_renewal_lets_go_of_the_message_and_what_is_behind_it),
        cmocka_unit_test(two_copies_are_one_run_and_the_newest_handle_deletes),
        cmocka_unit_test(shutdown_hands_back_highest_first_and_cuts_running_ones_last),
        cmocka_unit_test(a_message_is_handed_back_after_its_renewal_and_not_before),
        cmocka_unit_test(what_is_handed_back_does_not_come_again_by_an_own_open_poll),
        cmocka_unit_test(shutdown_finishes_what_is_being_forwarded),
        cmocka_unit_test(a_message_that_a_last_poll_brings_is_handed_back),
        cmocka_unit_test(a_circuit_that_opens_again_gives_up_its_probe_from_before),
        cmocka_unit_test(ready_means_that_the_queue_and_the_gateway_answer),
        cmocka_unit_test(wrong_credentials_are_named_paced_and_leave_other_queues_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
