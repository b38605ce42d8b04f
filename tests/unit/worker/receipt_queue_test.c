/* How calls are joined and what becomes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "receipt_queue.h"

#define CALLS_MAX 8

struct call {
    sqs_done_fn *done;
    sqs_batch_done_fn *batch_done;
    void *user;
    size_t count;
    char first_handle[16];
    int first_visibility; /* -1: a delete */
};

static struct call s_calls[CALLS_MAX];
static size_t s_count;

static struct call *note(const char *handle, size_t count, void *user)
{
    assert_true(s_count < CALLS_MAX);
    struct call *call = &s_calls[s_count++];
    *call = (struct call){.user = user, .count = count, .first_visibility = -1};
    memcpy(call->first_handle, handle, strlen(handle) + 1);
    return call;
}

static struct sqs_call *delete_message(struct sqs_client *client, const char *queue_url, const char *receipt_handle,
                                       int64_t deadline_ms, sqs_done_fn *done, void *user)
{
    (void)client;
    assert_string_equal(queue_url, "http://queue");
    assert_true(deadline_ms > clock_monotonic_ms());
    note(receipt_handle, 1, user)->done = done;
    return NULL;
}

static struct sqs_call *delete_message_batch(struct sqs_client *client, const char *queue_url,
                                             const char *const *receipt_handles, size_t count, int64_t deadline_ms,
                                             sqs_batch_done_fn *done, void *user)
{
    (void)client;
    (void)queue_url;
    (void)deadline_ms;
    note(receipt_handles[0], count, user)->batch_done = done;
    return NULL;
}

static struct sqs_call *change_visibility(struct sqs_client *client, const char *queue_url, const char *receipt_handle,
                                          int visibility_seconds, int64_t deadline_ms, sqs_done_fn *done, void *user)
{
    (void)client;
    assert_string_equal(queue_url, "http://queue");
    assert_true(deadline_ms > clock_monotonic_ms());
    struct call *call = note(receipt_handle, 1, user);
    call->done = done;
    call->first_visibility = visibility_seconds;
    return NULL;
}

static struct sqs_call *change_visibility_batch(struct sqs_client *client, const char *queue_url,
                                                const struct sqs_visibility_entry *entries, size_t count,
                                                int64_t deadline_ms, sqs_batch_done_fn *done, void *user)
{
    (void)client;
    (void)queue_url;
    (void)deadline_ms;
    struct call *call = note(entries[0].receipt_handle, count, user);
    call->batch_done = done;
    call->first_visibility = entries[0].visibility_seconds;
    return NULL;
}

struct fixture {
    struct loop *loop;
    struct metrics *metrics;
    struct receipt_queue *queue;
};

static void begin(struct fixture *fixture)
{
    s_count = 0;
    fixture->loop = loop_new();
    fixture->metrics = metrics_new();
    fixture->queue = receipt_queue_new(&(struct receipt_queue_options){
        .loop = fixture->loop, .queue_url = "http://queue", .metrics = fixture->metrics,
        
        .calls = {delete_message, delete_message_batch, change_visibility, change_visibility_batch}});
}

static void end(struct fixture *fixture)
{
    loop_destroy(fixture->loop);
    receipt_queue_destroy(fixture->queue);
    metrics_destroy(fixture->metrics);
}

static struct receipt_ticket *submit(struct fixture *fixture, const char *handle)
{
    struct receipt_ticket *ticket = receipt_queue_delete(fixture->queue, handle);
    loop_run_once(fixture->loop, 0);
    return ticket;
}

static enum receipt_outcome outcome(struct receipt_ticket *ticket)
{
    const char *reason = NULL;
    return receipt_ticket_wait(ticket, 0, &reason);
}

static void a_lone_delete_goes_out_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct receipt_ticket *ticket = submit(&fixture, "a");
    assert_int_equal(s_count, 1);
    assert_int_equal(outcome(ticket), RECEIPT_PENDING);
    s_calls[0].done(s_calls[0].user, NULL);
    assert_int_equal(outcome(ticket), RECEIPT_DONE);
    receipt_ticket_release(ticket);
    end(&fixture);
}

static void deletes_that_come_meanwhile_are_joined(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct receipt_ticket *tickets[4];
    static const char *const handles[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        tickets[i] = submit(&fixture, handles[i]);
    }
    assert_int_equal(s_count, 1);
    s_calls[0].done(s_calls[0].user, NULL);
    assert_int_equal(s_count, 2);
    assert_int_equal(s_calls[1].count, 3);
    assert_string_equal(s_calls[1].first_handle, "b");
    const struct sqs_entry_result entries[] = {
        {.is_ok = true}, {.class = SQS_ERROR_HANDLE, .text = "expired"}, {.class = SQS_ERROR_TRANSIENT, .text = "5xx"}};
    const struct sqs_batch_result result = {.entries = entries, .count = 3};
    s_calls[1].batch_done(s_calls[1].user, &result, NULL);
    assert_int_equal(outcome(tickets[1]), RECEIPT_DONE);
    assert_int_equal(outcome(tickets[2]), RECEIPT_STALE);
    assert_int_equal(outcome(tickets[3]), RECEIPT_TRANSIENT);
    for (int i = 0; i < 4; i++) {
        receipt_ticket_release(tickets[i]);
    }
    end(&fixture);
}

static void full_batches_do_not_wait_for_what_is_under_way(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct receipt_ticket *tickets[1 + SQS_BATCH_MAX];
    for (int i = 0; i < 1 + SQS_BATCH_MAX; i++) {
        tickets[i] = submit(&fixture, "h");
    }
    assert_int_equal(s_count, 2);
    assert_int_equal(s_calls[1].count, SQS_BATCH_MAX);
    struct sqs_error error = {.class = SQS_ERROR_FINAL};
    error_set(&error.error, STATUS_INVALID_ARGUMENT, "no");
    s_calls[1].batch_done(s_calls[1].user, NULL, &error);
    s_calls[0].done(s_calls[0].user, &error);
    for (int i = 0; i < 1 + SQS_BATCH_MAX; i++) {
        assert_int_equal(outcome(tickets[i]), RECEIPT_REFUSED);
        receipt_ticket_release(tickets[i]);
    }
    end(&fixture);
}

static void one_who_leaves_early_does_not_stop_the_delete(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    receipt_ticket_release(submit(&fixture, "a"));
    receipt_ticket_release(submit(&fixture, "b"));
    s_calls[0].done(s_calls[0].user, NULL);
    assert_int_equal(s_count, 2);
    s_calls[1].done(s_calls[1].user, NULL);
    end(&fixture);
}

static void changes_of_visibility_are_joined_among_themselves(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct receipt_ticket *deleted = submit(&fixture, "a");
    struct receipt_ticket *tickets[3];
    for (int i = 0; i < 3; i++) {
        tickets[i] = receipt_queue_change_visibility(fixture.queue, i == 1 ? "second" : "v", 30 + i);
        loop_run_once(fixture.loop, 0);
    }
    assert_int_equal(s_count, 2); /* a delete under way holds no change up */
    assert_int_equal(s_calls[1].first_visibility, 30);
    s_calls[1].done(s_calls[1].user, NULL);
    assert_int_equal(s_count, 3);
    assert_int_equal(s_calls[2].count, 2);
    assert_string_equal(s_calls[2].first_handle, "second");
    assert_int_equal(s_calls[2].first_visibility, 31);
    const struct sqs_entry_result entries[] = {{.is_ok = true}, {.class = SQS_ERROR_HANDLE, .text = "not in flight"}};
    const struct sqs_batch_result result = {.entries = entries, .count = 2};
    s_calls[2].batch_done(s_calls[2].user, &result, NULL);
    s_calls[0].done(s_calls[0].user, NULL);
    assert_int_equal(outcome(tickets[1]), RECEIPT_DONE);
    assert_int_equal(outcome(tickets[2]), RECEIPT_STALE);
    for (int i = 0; i < 3; i++) {
        receipt_ticket_release(tickets[i]);
    }
    receipt_ticket_release(deleted);
    end(&fixture);
}

static void each_class_of_errors_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        enum sqs_error_class class;
        enum receipt_outcome outcome;
    } cases[] = {
        {SQS_ERROR_HANDLE, RECEIPT_STALE},         {SQS_ERROR_FINAL, RECEIPT_REFUSED},
        {SQS_ERROR_CREDENTIALS, RECEIPT_DENIED},   {SQS_ERROR_MISSING_QUEUE, RECEIPT_MISSING_QUEUE},
        {SQS_ERROR_THROTTLED, RECEIPT_TRANSIENT},  {SQS_ERROR_TRANSIENT, RECEIPT_TRANSIENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture fixture;
        begin(&fixture);
        struct receipt_ticket *ticket = submit(&fixture, "a");
        struct sqs_error error = {.class = cases[i].class};
        error_set(&error.error, STATUS_INTERNAL, "why");
        s_calls[0].done(s_calls[0].user, &error);
        const char *reason = NULL;
        assert_int_equal(receipt_ticket_wait(ticket, 0, &reason), cases[i].outcome);
        assert_string_equal(reason, "why");
        receipt_ticket_release(ticket);
        end(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_delete_goes_out_at_once),
        cmocka_unit_test(deletes_that_come_meanwhile_are_joined),
        cmocka_unit_test(full_batches_do_not_wait_for_what_is_under_way),
        cmocka_unit_test(one_who_leaves_early_does_not_stop_the_delete),
        cmocka_unit_test(changes_of_visibility_are_joined_among_themselves),
        cmocka_unit_test(each_class_of_errors_has_its_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
