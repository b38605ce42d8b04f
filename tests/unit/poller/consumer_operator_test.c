/* The operator's hand: what he sees of lanes, and retry, skip, dead letter, pause. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "consumer_internal.h"
#include "consumer_operator.h"
#include "support_fakes.h"

static struct consumer *consumer_of(struct fakes *fakes)
{
    struct consumer *consumer = poller_find_consumer(fakes_poller(fakes), fakes_queue(fakes)->name);
    assert_non_null(consumer);
    return consumer;
}

static void order(struct fakes *fakes, const char *id, enum operator_order wanted)
{
    struct error error = {0};
    if (consumer_order(consumer_of(fakes), id, wanted, &error) != STATUS_OK) {
        fail_msg("refused: %s", error.text);
    }
}

static void refused(struct fakes *fakes, const char *id, enum operator_order wanted, enum status status)
{
    struct error error = {0};
    assert_int_equal(consumer_order(consumer_of(fakes), id, wanted, &error), status);
}

/* A FIFO queue whose a1 rests after a failed run for a long time, a2 behind it. */
static struct fakes *with_resting_head(void)
{
    struct fakes *fakes = fakes_new(true, 60);
    fakes_route(fakes)->max_attempts = 3;
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
    fakes_set_auto_close(fakes, "Completed");
    return fakes;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL ? value : "";
}

static void a_stuck_head_is_seen_with_its_reason(void **state)
{
    (void)state;
    struct fakes *fakes = with_resting_head();
    json_t *lanes = consumer_describe_lanes(consumer_of(fakes), 10);
    assert_int_equal(json_array_size(lanes), 1);
    const json_t *lane = json_array_get(lanes, 0);
    const json_t *head = json_object_get(lane, "head");
    assert_string_equal(text(lane, "group"), "A");
    assert_int_equal(json_integer_value(json_object_get(lane, "depth")), 2);
    assert_string_equal(text(head, "messageId"), "a1");
    assert_string_equal(text(head, "route"), "hello-world");
    assert_string_equal(text(head, "state"), "resting");
    assert_string_equal(text(head, "reason"), "failed");
    assert_string_equal(text(head, "next"), "attempt");
    assert_string_equal(text(head, "workflowId"), "hello-world/a1");
    assert_string_equal(text(head, "runId"), "run-a1-1");
    assert_int_equal(json_integer_value(json_object_get(head, "attempt")), 1);
    assert_true(json_integer_value(json_object_get(head, "nextTryMs")) > 0);
    assert_true(json_integer_value(json_object_get(head, "ageSeconds")) > 0);
    json_decref(lanes);
    lanes = consumer_describe_lanes(consumer_of(fakes), 0);
    assert_int_equal(json_array_size(lanes), 0);
    json_decref(lanes);
    json_t *queue = consumer_describe(consumer_of(fakes));
    assert_string_equal(text(queue, "name"), "test.fifo");
    assert_string_equal(text(json_object_get(queue, "circuits"), "hello-world"), "closed");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(queue, "inHand"), "resting")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(queue, "inHand"), "held")), 1);
    assert_true(json_is_false(json_object_get(queue, "paused")));
    json_decref(queue);
    fakes_destroy(fakes);
}

static void a_retry_is_the_next_attempt_now_and_counted_anew(void **state)
{
    (void)state;
    struct fakes *fakes = with_resting_head();
    order(fakes, "a1", OPERATOR_RETRY);
    fakes_expect(fakes, "attempt 1 of a1", 1);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    json_t *event = fakes_last_event(fakes, "a1");
    assert_string_equal(text(event, "ferryafter"), "run-a1-1");
    assert_true(json_is_true(json_object_get(event, "ferryanew")));
    json_decref(event);
    fakes_destroy(fakes);
}

static void a_skipped_message_is_deleted_and_its_lane_goes_on(void **state)
{
    (void)state;
    struct fakes *fakes = with_resting_head();
    order(fakes, "a1", OPERATOR_SKIP);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    assert_int_equal(fakes_count_prefix(fakes, "attempt"), 0);
    fakes_destroy(fakes);
}

static void a_running_message_may_be_skipped_but_not_retried(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    refused(fakes, "a1", OPERATOR_RETRY, STATUS_FAILED_PRECONDITION);
    refused(fakes, "a2", OPERATOR_SKIP, STATUS_FAILED_PRECONDITION); /* behind a1 */
    refused(fakes, "nobody", OPERATOR_SKIP, STATUS_NOT_FOUND);
    refused(fakes, "a1", OPERATOR_DEAD_LETTER, STATUS_FAILED_PRECONDITION); /* no queue for it */
    order(fakes, "a1", OPERATOR_SKIP);
    refused(fakes, "a1", OPERATOR_SKIP, STATUS_FAILED_PRECONDITION); /* under way */
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "forward a2", 1);
    fakes_close_run(fakes, "a1", "Completed"); /* nobody waits for it any more */
    fakes_close_run(fakes, "a2", "Completed");
    fakes_expect(fakes, "delete a2", 1);
    fakes_destroy(fakes);
}

static void an_operators_dead_letter_says_so_and_the_lane_goes_on(void **state)
{
    (void)state;
    struct fakes *fakes = with_resting_head();
    fakes_route(fakes)->dead_letter_queue = fakes_queue_url(fakes, "dead.fifo");
    order(fakes, "a1", OPERATOR_DEAD_LETTER);
    fakes_expect(fakes, "send dead.fifo a1", 1);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    json_t *sent = fakes_last_sent(fakes);
    const char *about = text(
        json_object_get(json_object_get(sent, "MessageAttributes"), "FerryDeadLetter"), "StringValue");
    assert_non_null(strstr(about, "\"reason\":\"operator\""));
    assert_non_null(strstr(about, "\"failureType\":\"Broken\""));
    json_decref(sent);
    fakes_destroy(fakes);
}

static void a_running_message_may_be_dead_lettered(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_route(fakes)->dead_letter_queue = fakes_queue_url(fakes, "dead");
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    order(fakes, "m1", OPERATOR_DEAD_LETTER);
    fakes_expect(fakes, "send dead m1", 1);
    fakes_expect(fakes, "delete m1", 1);
    fakes_destroy(fakes);
}

static void a_dead_letter_in_trouble_can_be_turned_into_an_attempt(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_route(fakes)->dead_letter_queue = fakes_queue_url(fakes, "dead.fifo");
    fakes_route(fakes)->on_failed = SETTINGS_CLOSED_DEAD_LETTER;
    fakes_fail_action(fakes, "SendMessage", 403, "com.amazonaws.sqs#AccessDenied");
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_close_run(fakes, "a1", "Failed");
    fakes_expect(fakes, "failed SendMessage", 2);
    fakes_set_auto_close(fakes, "Completed");
    while (consumer_order(consumer_of(fakes), "a1", OPERATOR_RETRY, NULL) != STATUS_OK) {
        loop_run_once(fakes_loop(fakes), 20); /* its next send may be under way */
    }
    fakes_expect(fakes, "attempt 1 of a1", 1);
    fakes_expect(fakes, "delete a1", 1);
    assert_int_equal(fakes_count_prefix(fakes, "send"), 0);
    fakes_destroy(fakes);
}

static void a_returned_head_is_seen_and_retried_by_its_handle(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_close_run(fakes, "a1", "Failed"); /* its one attempt is used up */
    fakes_expect(fakes, "visibility a1 10", 1);
    json_t *lanes = consumer_describe_lanes(consumer_of(fakes), 10);
    while (json_array_size(lanes) == 0) { /* the answer to the return is on its way */
        json_decref(lanes);
        loop_run_once(fakes_loop(fakes), 20);
        lanes = consumer_describe_lanes(consumer_of(fakes), 10);
    }
    const json_t *head = json_object_get(json_array_get(lanes, 0), "head");
    assert_string_equal(text(json_array_get(lanes, 0), "group"), "A");
    assert_string_equal(text(head, "messageId"), "a1");
    assert_string_equal(text(head, "state"), "returned");
    assert_string_equal(text(head, "reason"), "failed");
    assert_true(json_integer_value(json_object_get(head, "nextTryMs")) > 0);
    json_decref(lanes);
    fakes_set_auto_close(fakes, "Completed");
    refused(fakes, "a1", OPERATOR_DEAD_LETTER, STATUS_FAILED_PRECONDITION); /* no queue: it stays returned */
    while (consumer_order(consumer_of(fakes), "a1", OPERATOR_RETRY, NULL) != STATUS_OK) {
        loop_run_once(fakes_loop(fakes), 20);
    }
    fakes_expect(fakes, "visibility a1 60", 1); /* its lease again, before the attempt */
    fakes_expect(fakes, "attempt 1 of a1", 1);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    fakes_destroy(fakes);
}

static void a_returned_head_may_be_skipped_and_one_that_came_again_is_not_returned_any_more(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_set_outcome(fakes, "a1", "rejected");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 10", 1);
    fakes_give_again(fakes, "a1");
    fakes_expect(fakes, "visibility a1 20", 1);
    while (consumer_order(consumer_of(fakes), "a1", OPERATOR_SKIP, NULL) != STATUS_OK) {
        loop_run_once(fakes_loop(fakes), 20);
    }
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "forward a2", 1);
    assert_int_equal(fakes_count(fakes, "refused delete a1"), 0);
    fakes_destroy(fakes);
}

static void a_paused_queue_receives_nothing_and_hands_back_what_is_held_while_runs_go_on(void **state)
{
    (void)state;
    struct fakes *fakes = with_resting_head();
    fakes_set_auto_close(fakes, NULL);
    fakes_send(fakes, "c1", "C", "4");
    fakes_expect(fakes, "forward c1", 1);
    fakes_send(fakes, "c2", "C", "5");
    consumer_set_paused(consumer_of(fakes), true);
    fakes_expect(fakes, "visibility a1 0", 1);
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 0"));
    fakes_close_run(fakes, "c1", "Completed");
    fakes_expect(fakes, "delete c1", 1);
    json_t *queue = consumer_describe(consumer_of(fakes));
    assert_true(json_is_true(json_object_get(queue, "paused")));
    json_decref(queue);
    size_t forwards = fakes_count_prefix(fakes, "forward");
    consumer_set_paused(consumer_of(fakes), false);
    fakes_set_auto_close(fakes, "Completed");
    fakes_expect(fakes, "delete c2", 1);
    assert_true(fakes_count_prefix(fakes, "forward") > forwards);
    fakes_destroy(fakes);
}

static void a_paused_queue_hands_back_when_its_open_polls_have_ended(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_gateway_status(fakes, 503);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "forward m1", 1);
    fakes_expect(fakes, "receive", 2); /* the next one is open, and would take m1 again */
    consumer_set_paused(consumer_of(fakes), true);
    fakes_expect(fakes, "visibility m1 0", 1);
    assert_int_equal(consumer_of(fakes)->receive_calls, 0);
    assert_int_equal(fakes_count(fakes, "give m1"), 1);
    fakes_destroy(fakes);
}

/* Accepted, the order would be undone at once: what rests is handed back while the queue is paused. */
static void a_paused_queue_takes_no_order_but_to_skip(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(true, 60);
    fakes_route(fakes)->dead_letter_queue = fakes_queue_url(fakes, "dead.fifo");
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    consumer_set_paused(consumer_of(fakes), true);
    refused(fakes, "a1", OPERATOR_DEAD_LETTER, STATUS_FAILED_PRECONDITION);
    refused(fakes, "a1", OPERATOR_RETRY, STATUS_FAILED_PRECONDITION);
    order(fakes, "a1", OPERATOR_SKIP);
    fakes_expect(fakes, "delete a1", 1);
    fakes_destroy(fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stuck_head_is_seen_with_its_reason),
        cmocka_unit_test(a_retry_is_the_next_attempt_now_and_counted_anew),
        cmocka_unit_test(a_skipped_message_is_deleted_and_its_lane_goes_on),
        cmocka_unit_test(a_running_message_may_be_skipped_but_not_retried),
        cmocka_unit_test(an_operators_dead_letter_says_so_and_the_lane_goes_on),
        cmocka_unit_test(a_running_message_may_be_dead_lettered),
        cmocka_unit_test(a_dead_letter_in_trouble_can_be_turned_into_an_attempt),
        cmocka_unit_test(a_returned_head_is_seen_and_retried_by_its_handle),
        cmocka_unit_test(a_returned_head_may_be_skipped_and_one_that_came_again_is_not_returned_any_more),
        cmocka_unit_test(a_paused_queue_receives_nothing_and_hands_back_what_is_held_while_runs_go_on),
        cmocka_unit_test(a_paused_queue_hands_back_when_its_open_polls_have_ended),
        cmocka_unit_test(a_paused_queue_takes_no_order_but_to_skip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
