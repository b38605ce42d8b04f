/* Dead letters: what goes out, when the message is deleted, and what happens when their queue is in trouble. */
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

static struct fakes *with_queue(bool is_fifo, const char *name)
{
    struct fakes *fakes = fakes_new(is_fifo, 60);
    fakes_route(fakes)->dead_letter_queue = fakes_queue_url(fakes, name);
    fakes_route(fakes)->on_failed = SETTINGS_CLOSED_DEAD_LETTER;
    fakes_route(fakes)->on_canceled = SETTINGS_CLOSED_DEAD_LETTER;
    return fakes;
}

/* What FerryDeadLetter of the last send says; to json_decref(). */
static json_t *last_description(struct fakes *fakes)
{
    json_t *sent = fakes_last_sent(fakes);
    const json_t *attribute = json_object_get(json_object_get(sent, "MessageAttributes"), "FerryDeadLetter");
    assert_string_equal(json_string_value(json_object_get(attribute, "DataType")), "String");
    json_t *about = json_loads(json_string_value(json_object_get(attribute, "StringValue")), 0, NULL);
    assert_non_null(about);
    json_decref(sent);
    return about;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL ? value : "";
}

static void a_message_that_used_up_its_attempts_goes_to_the_dead_letter_queue_and_then_its_lane_goes_on(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_route(fakes)->max_attempts = 2;
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_set_content(fakes, "a1", "{\"n\": 1.00}", "{\"k\":{\"DataType\":\"String\",\"StringValue\":\"v\"}}");
    fakes_set_auto_close(fakes, "Failed");
    fakes_start(fakes);
    fakes_expect(fakes, "send dead.fifo a1", 1);
    fakes_set_auto_close(fakes, "Completed");
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    assert_true(fakes_index(fakes, "attempt 2 of a1") < fakes_index(fakes, "send dead.fifo a1"));
    assert_true(fakes_index(fakes, "send dead.fifo a1") < fakes_index(fakes, "delete a1"));
    assert_true(fakes_index(fakes, "delete a1") < fakes_index(fakes, "forward a2"));
    json_t *sent = fakes_last_sent(fakes);
    assert_string_equal(text(sent, "MessageBody"), "{\"n\": 1.00}");
    assert_string_equal(text(sent, "MessageGroupId"), "A");
    assert_string_equal(text(json_object_get(json_object_get(sent, "MessageAttributes"), "k"), "StringValue"), "v");
    json_decref(sent);
    json_t *about = last_description(fakes);
    assert_string_equal(text(about, "reason"), "failed");
    assert_string_equal(text(about, "detail"), "attempt 2 of 2 has failed");
    assert_string_equal(text(about, "messageId"), "a1");
    assert_string_equal(text(about, "queue"), fakes_queue(fakes)->url);
    assert_string_equal(text(about, "route"), "hello-world");
    assert_string_equal(text(about, "workflowId"), "hello-world/a1");
    assert_string_equal(text(about, "runId"), "run-a1-2");
    assert_string_equal(text(about, "failureType"), "Broken");
    assert_string_equal(text(about, "failureMessage"), "it broke");
    assert_int_equal(json_integer_value(json_object_get(about, "attempt")), 2);
    assert_int_equal(json_integer_value(json_object_get(about, "receiveCount")), 1);
    json_decref(about);
    fakes_destroy(fakes);
}

static void a_rejected_message_goes_there_at_once(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(false, "dead");
    fakes_send(fakes, "bad", "", "");
    fakes_set_outcome(fakes, "bad", "rejected");
    fakes_start(fakes);
    fakes_expect(fakes, "delete bad", 1);
    assert_true(fakes_index(fakes, "send dead bad") < fakes_index(fakes, "delete bad"));
    json_t *about = last_description(fakes);
    assert_string_equal(text(about, "reason"), "rejected");
    assert_string_equal(text(about, "detail"), "scripted");
    assert_null(json_object_get(about, "runId"));
    json_decref(about);
    fakes_destroy(fakes);
}

static void a_single_message_that_is_too_large_goes_there(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(false, "dead");
    fakes_set_batch_limit(fakes, 0);
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "send dead m1", 1);
    fakes_expect(fakes, "delete m1", 1);
    fakes_destroy(fakes);
}

static void a_canceled_run_sends_its_message_there(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(false, "dead");
    fakes_set_auto_close(fakes, "Canceled");
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "delete m1", 1);
    json_t *about = last_description(fakes);
    assert_string_equal(text(about, "reason"), "canceled");
    json_decref(about);
    fakes_destroy(fakes);
}

static void a_message_without_a_group_gets_its_id_as_group_on_a_fifo_queue(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(false, "dead.fifo");
    fakes_set_auto_close(fakes, "Failed");
    fakes_send(fakes, "m1", "", "");
    fakes_start(fakes);
    fakes_expect(fakes, "send dead.fifo m1", 1);
    json_t *sent = fakes_last_sent(fakes);
    assert_string_equal(text(sent, "MessageGroupId"), "m1");
    assert_string_equal(text(sent, "MessageDeduplicationId"), "m1");
    json_decref(sent);
    fakes_destroy(fakes);
}

static void a_dead_letter_queue_in_trouble_keeps_the_message_and_its_lane(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_set_auto_close(fakes, "Failed");
    fakes_fail_action(fakes, "SendMessage", 400, "com.amazonaws.sqs#QueueDoesNotExist");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "failed SendMessage", 2);
    assert_int_equal(fakes_count(fakes, "delete a1"), 0);
    assert_int_equal(fakes_count(fakes, "visibility a1 0"), 0);
    assert_int_equal(fakes_count(fakes, "forward a2"), 0);
    fakes_set_auto_close(fakes, "Completed");
    fakes_fail_action(fakes, NULL, 0, NULL);
    fakes_expect(fakes, "delete a1", 1);
    fakes_expect(fakes, "delete a2", 1);
    assert_int_equal(fakes_count(fakes, "give a1"), 1);
    fakes_destroy(fakes);
}

static void a_refused_attribute_is_left_out(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_set_auto_close(fakes, "Failed");
    fakes_set_attributes_limit(fakes, 1);
    fakes_send(fakes, "a1", "A", "1");
    fakes_set_content(fakes, "a1", "x", "{\"k\":{\"DataType\":\"String\",\"StringValue\":\"v\"}}");
    fakes_start(fakes);
    fakes_expect(fakes, "delete a1", 1);
    assert_int_equal(fakes_count(fakes, "refused send dead.fifo a1"), 1);
    json_t *sent = fakes_last_sent(fakes);
    assert_int_equal(json_object_size(json_object_get(sent, "MessageAttributes")), 1);
    assert_non_null(json_object_get(json_object_get(sent, "MessageAttributes"), "k"));
    json_decref(sent);
    fakes_destroy(fakes);
}

static void a_dead_letter_that_is_refused_again_returns_the_message(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_set_auto_close(fakes, "Failed");
    fakes_set_attributes_limit(fakes, 0);
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_set_content(fakes, "a1", "x", "{\"k\":{\"DataType\":\"String\",\"StringValue\":\"v\"}}");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 10", 1);
    assert_int_equal(fakes_count(fakes, "refused send dead.fifo a1"), 2);
    assert_true(fakes_index(fakes, "visibility a2 0") < fakes_index(fakes, "visibility a1 10"));
    assert_int_equal(fakes_count_prefix(fakes, "delete"), 0);
    fakes_destroy(fakes);
}

static void no_dead_letter_is_sent_for_a_message_that_is_not_ours_any_more(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_route(fakes)->ack = SETTINGS_ACK_WORKER;
    fakes_send(fakes, "a1", "A", "1");
    fakes_start(fakes);
    fakes_expect(fakes, "wait", 1);
    fakes_take_away(fakes, "a1"); /* the activity's delete; then its workflow fails */
    fakes_close_run(fakes, "a1", "Failed");
    fakes_expect(fakes, "refused visibility a1", 1);
    fakes_send(fakes, "b1", "B", "2"); /* once this one is through, nothing of a1 is left to come */
    fakes_set_auto_close(fakes, "Completed");
    fakes_expect(fakes, "delete b1", 1);
    assert_int_equal(fakes_count_prefix(fakes, "send"), 0);
    fakes_destroy(fakes);
}

static void the_dead_letter_of_a_replay_names_the_original(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_set_auto_close(fakes, "Failed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_set_content(fakes, "a1", "x",
                      "{\"FerryReplay\":{\"DataType\":\"String\",\"StringValue\":\"{\\\"messageId\\\":\\\"first\\\","
                      "\\\"runId\\\":\\\"r\\\"}\"},"
                      "\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"old\"}}");
    fakes_start(fakes);
    fakes_expect(fakes, "send dead.fifo a1", 1); /* the deduplication ID is this delivery's */
    json_t *about = last_description(fakes);
    assert_string_equal(text(about, "messageId"), "first");
    assert_string_equal(text(about, "reason"), "failed");
    json_decref(about);
    fakes_destroy(fakes);
}

static void shutdown_waits_for_a_dead_letter_under_way(void **state)
{
    (void)state;
    struct fakes *fakes = with_queue(true, "dead.fifo");
    fakes_set_auto_close(fakes, "Failed");
    fakes_send(fakes, "a1", "A", "1");
    fakes_send(fakes, "a2", "A", "2");
    fakes_start(fakes);
    fakes_expect(fakes, "visibility a1 60", 1);
    fakes_stop(fakes);
    fakes_run_until(fakes, is_drained, "drained");
    /* Either it was handed back, or its dead letter was sent and it was deleted: never a copy without its delete. */
    assert_int_equal(fakes_count(fakes, "send dead.fifo a1"), fakes_count(fakes, "delete a1"));
    assert_int_equal(fakes_count(fakes, "visibility a1 0") + fakes_count(fakes, "delete a1"), 1);
    assert_true(fakes_count(fakes, "visibility a2 0") >= 1); /* open polls may bring it once more */
    fakes_destroy(fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_message_that_used_up_its_attempts_goes_to_the_dead_letter_queue_and_then_its_lane_goes_on),
        cmocka_unit_test(a_rejected_message_goes_there_at_once),
        cmocka_unit_test(a_single_message_that_is_too_large_goes_there),
        cmocka_unit_test(a_canceled_run_sends_its_message_there),
        cmocka_unit_test(a_message_without_a_group_gets_its_id_as_group_on_a_fifo_queue),
        cmocka_unit_test(a_dead_letter_queue_in_trouble_keeps_the_message_and_its_lane),
        cmocka_unit_test(a_refused_attribute_is_left_out),
        cmocka_unit_test(a_dead_letter_that_is_refused_again_returns_the_message),
        cmocka_unit_test(no_dead_letter_is_sent_for_a_message_that_is_not_ours_any_more),
        cmocka_unit_test(the_dead_letter_of_a_replay_names_the_original),
        cmocka_unit_test(shutdown_waits_for_a_dead_letter_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
