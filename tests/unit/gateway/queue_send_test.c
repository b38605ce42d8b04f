/* Events on their way to a queue, on the thread that sends them, against an SQS server that does as it is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../aws/support_server.h"
#include "base/clock.h"
#include "base/queue.h"
#include "queue_send.h"

#define PATIENCE_MS 30000
#define EVENTS 3
#define SENT(id) {.status = 200, .body = "{\"MessageId\":\"" id "\"}"}
#define DENIED {.status = 403, .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"not you\"}"}

static char s_fifo[] = "http://queues.invalid/1/q.fifo";
static char s_standard[] = "http://queues.invalid/1/q";
static char s_group[] = "{body.g}";
static char s_name[] = "in";
static char s_id[] = "{MessageId}";
static char s_ids[EVENTS][4] = {"m-1", "m-2", "m-3"};

static struct sqs_stack *s_sqs;
static struct queue *s_done;
static struct queue_sent s_sent[EVENTS];
static struct event s_events[EVENTS];
static struct settings_route s_route;

static void on_done(void *user)
{
    assert_true(queue_push(s_done, user));
}

static void begin(const struct fake_answer *answers, size_t count)
{
    char endpoint[64];
    struct error error = {0};
    fake_server_start(answers, count);
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", fake_server_port());
    assert_int_equal(setenv("AWS_ENDPOINT_URL_SQS", endpoint, 1), 0);
    assert_int_equal(setenv("AWS_REGION", FAKE_REGION, 1), 0);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", FAKE_ACCESS_KEY, 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", FAKE_SECRET, 1), 0);
    assert_int_equal(sqs_stack_new(NULL, &s_sqs, &error), STATUS_OK);
    assert_int_equal(sqs_stack_start_thread(s_sqs, &error), STATUS_OK);
    s_done = queue_new(1);
    memset(s_sent, 0, sizeof s_sent);
}

static void end(void)
{
    sqs_stack_destroy(s_sqs);
    fake_server_stop();
    for (size_t i = 0; i < EVENTS; i++) {
        queue_sent_deinit(&s_sent[i]);
    }
    queue_close(s_done);
    queue_destroy(s_done);
}

/* bodies: JSON, one for each event. */
static void send(char *queue, char *group, const char *const *bodies)
{
    s_route = (struct settings_route){.name = s_name,
                                      .target = SETTINGS_TARGET_SQS,
                                      .queue = queue,
                                      .group = group,
                                      .deduplication_id = group != NULL ? s_id : NULL,
                                      .delay_ms = -1};
    for (size_t i = 0; i < EVENTS; i++) {
        struct json_slice data = {bodies[i], strlen(bodies[i])};
        s_events[i] = (struct event){.data = data, .json = data, .message_id = s_ids[i]};
    }
    queue_send(&(struct queue_send_options){.sqs = s_sqs,
                                            .route = &s_route,
                                            .events = s_events,
                                            .count = EVENTS,
                                            .deadline_ms = clock_monotonic_ms() + PATIENCE_MS,
                                            .done = on_done,
                                            .user = s_sent},
               s_sent);
}

static void await(void)
{
    assert_ptr_equal(queue_pop(s_done, clock_monotonic_ms() + PATIENCE_MS), s_sent);
}

static const char *const s_one_group[EVENTS] = {"{\"g\":\"a\"}", "{\"g\":\"a\"}", "{\"g\":\"a\"}"};
static const char *const s_two_groups[EVENTS] = {"{\"g\":\"a\"}", "{\"g\":\"a\"}", "{\"g\":\"b\"}"};

static void events_of_a_fifo_queue_are_sent_in_their_order(void **state)
{
    static const struct fake_answer answers[] = {
        {.status = 200, .body = "{\"MessageId\":\"one\",\"SequenceNumber\":\"17\"}"}, SENT("two"), SENT("three")};
    static const char *const ids[] = {"one", "two", "three"};
    (void)state;
    begin(answers, 3);
    send(s_fifo, s_group, s_one_group);
    await();
    for (size_t i = 0; i < EVENTS; i++) {
        assert_int_equal(s_sent[i].outcome, ENTRY_QUEUED);
        assert_string_equal(s_sent[i].message_id, ids[i]);
        assert_non_null(strstr(fake_server_request(i)->body, s_ids[i])); /* as deduplication ID */
        assert_true(fake_server_request(i)->is_signature_right);
    }
    assert_string_equal(s_sent[0].sequence_number, "17");
    assert_null(s_sent[1].sequence_number);
    struct entry entry = queue_sent_entry(&s_sent[0], &s_route);
    assert_int_equal(entry.outcome, ENTRY_QUEUED);
    assert_string_equal(entry.queue, s_fifo);
    assert_string_equal(entry.sequence_number, "17");
    end();
}

static void what_follows_a_failure_in_its_group_is_not_sent(void **state)
{
    static const struct fake_answer answers[] = {DENIED, SENT("b")};
    (void)state;
    begin(answers, 2);
    send(s_fifo, s_group, s_two_groups);
    await();
    assert_int_equal(s_sent[0].outcome, ENTRY_RETRY);
    assert_true(s_sent[0].is_refusal);
    assert_int_equal(s_sent[1].outcome, ENTRY_RETRY);
    assert_false(s_sent[1].is_refusal);
    assert_non_null(strstr(s_sent[1].error.text, "before it in its group"));
    assert_int_equal(s_sent[2].outcome, ENTRY_QUEUED);
    assert_int_equal(fake_server_count(), 2);
    struct entry entry = queue_sent_entry(&s_sent[1], &s_route);
    assert_int_equal(entry.outcome, ENTRY_RETRY);
    assert_true(entry.retry_after_ms > 0);
    end();
}

static void events_of_a_standard_queue_do_not_wait_for_each_other(void **state)
{
    static const struct fake_answer answers[] = {SENT("x"), DENIED, SENT("z")};
    int queued = 0;
    (void)state;
    begin(answers, 3);
    send(s_standard, NULL, s_one_group);
    await();
    for (size_t i = 0; i < EVENTS; i++) {
        queued += s_sent[i].outcome == ENTRY_QUEUED ? 1 : 0;
    }
    assert_int_equal(queued, 2);
    assert_int_equal(fake_server_count(), 3);
    end();
}

static void an_event_that_can_be_no_message_is_rejected_and_the_others_are_sent(void **state)
{
    static const char *const bodies[] = {"{\"g\":\"a\"}", "{}", "{\"g\":\"b\"}"};
    static const struct fake_answer answers[] = {SENT("one"), SENT("three")};
    (void)state;
    begin(answers, 2);
    send(s_fifo, s_group, bodies);
    await();
    assert_int_equal(s_sent[0].outcome, ENTRY_QUEUED);
    assert_int_equal(s_sent[1].outcome, ENTRY_REJECTED);
    assert_int_equal(s_sent[2].outcome, ENTRY_QUEUED);
    struct entry entry = queue_sent_entry(&s_sent[1], &s_route);
    assert_string_equal(entry.reason, s_sent[1].error.text);
    end();
}

static void what_sqs_says_of_the_message_itself_is_a_rejection(void **state)
{
    static const struct fake_answer answers[] = {
        {.status = 400, .body = "{\"__type\":\"com.amazonaws.sqs#InvalidMessageContents\",\"message\":\"no\"}"},
        {.status = 400,
         .body = "{\"__type\":\"com.amazonaws.sqs#InvalidParameterValue\",\"message\":\"One or more parameters are "
                 "invalid. Reason: Message must be shorter than 1024 bytes.\"}"},
        SENT("three")};
    (void)state;
    begin(answers, 3);
    send(s_fifo, s_group, s_one_group);
    await();
    assert_int_equal(s_sent[0].outcome, ENTRY_REJECTED);
    assert_int_equal(s_sent[0].class, ENTRY_CLASS_BAD_EVENT);
    assert_int_equal(s_sent[1].outcome, ENTRY_REJECTED);
    assert_int_equal(s_sent[1].class, ENTRY_CLASS_TOO_LARGE);
    assert_int_equal(s_sent[2].outcome, ENTRY_QUEUED);
    end();
}

static void what_is_under_way_ends_when_the_gateway_stops(void **state)
{
    static const struct fake_answer answers[] = {{.is_held = true}};
    (void)state;
    begin(answers, 1);
    send(s_fifo, s_group, s_two_groups);
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (fake_server_count() == 0) {
        assert_true(clock_monotonic_ms() < end_ms);
    }
    sqs_stack_destroy(s_sqs);
    s_sqs = NULL;
    await();
    for (size_t i = 0; i < EVENTS; i++) {
        assert_int_equal(s_sent[i].outcome, ENTRY_RETRY);
    }
    assert_int_equal(fake_server_count(), 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_a_fifo_queue_are_sent_in_their_order),
        cmocka_unit_test(what_follows_a_failure_in_its_group_is_not_sent),
        cmocka_unit_test(events_of_a_standard_queue_do_not_wait_for_each_other),
        cmocka_unit_test(an_event_that_can_be_no_message_is_rejected_and_the_others_are_sent),
        cmocka_unit_test(what_sqs_says_of_the_message_itself_is_a_rejection),
        cmocka_unit_test(what_is_under_way_ends_when_the_gateway_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
