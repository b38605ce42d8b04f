/* How deletes are joined and what becomes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "delete_queue.h"

#define CALLS_MAX 8

struct call {
    sqs_done_fn *done;
    sqs_batch_done_fn *batch_done;
    void *user;
    size_t count;
    char first_handle[16];
};

static struct call s_calls[CALLS_MAX];
static size_t s_count;

static struct call *note(const char *handle, size_t count, void *user)
{
    assert_true(s_count < CALLS_MAX);
    struct call *call = &s_calls[s_count++];
    *call = (struct call){.user = user, .count = count};
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

struct fixture {
    struct loop *loop;
    struct metrics *metrics;
    struct delete_queue *queue;
};

static void begin(struct fixture *fixture)
{
    s_count = 0;
    fixture->loop = loop_new();
    fixture->metrics = metrics_new();
    fixture->queue = delete_queue_new(&(struct delete_queue_options){
        .loop = fixture->loop, .queue_url = "http://queue", .metrics = fixture->metrics,
        .calls = {delete_message, delete_message_batch}});
}

static void end(struct fixture *fixture)
{
    loop_destroy(fixture->loop);
    delete_queue_destroy(fixture->queue);
    metrics_destroy(fixture->metrics);
}

static struct delete_ticket *submit(struct fixture *fixture, const char *handle)
{
    struct delete_ticket *ticket = delete_queue_submit(fixture->queue, handle);
    loop_run_once(fixture->loop, 0);
    return ticket;
}

static enum delete_outcome outcome(struct delete_ticket *ticket)
{
    const char *reason = NULL;
    return delete_ticket_wait(ticket, 0, &reason);
}

static void a_lone_delete_goes_out_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct delete_ticket *ticket = submit(&fixture, "a");
    assert_int_equal(s_count, 1);
    assert_int_equal(outcome(ticket), DELETE_PENDING);
    s_calls[0].done(s_calls[0].user, NULL);
    assert_int_equal(outcome(ticket), DELETE_DONE);
    delete_ticket_release(ticket);
    end(&fixture);
}

static void deletes_that_come_meanwhile_are_joined(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct delete_ticket *tickets[4];
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
    assert_int_equal(outcome(tickets[1]), DELETE_DONE);
    assert_int_equal(outcome(tickets[2]), DELETE_STALE);
    assert_int_equal(outcome(tickets[3]), DELETE_TRANSIENT);
    for (int i = 0; i < 4; i++) {
        delete_ticket_release(tickets[i]);
    }
    end(&fixture);
}

static void full_batches_do_not_wait_for_what_is_under_way(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    struct delete_ticket *tickets[1 + SQS_BATCH_MAX];
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
        assert_int_equal(outcome(tickets[i]), DELETE_REFUSED);
        delete_ticket_release(tickets[i]);
    }
    end(&fixture);
}

static void one_who_leaves_early_does_not_stop_the_delete(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    delete_ticket_release(submit(&fixture, "a"));
    delete_ticket_release(submit(&fixture, "b"));
    s_calls[0].done(s_calls[0].user, NULL);
    assert_int_equal(s_count, 2);
    s_calls[1].done(s_calls[1].user, NULL);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_delete_goes_out_at_once),
        cmocka_unit_test(deletes_that_come_meanwhile_are_joined),
        cmocka_unit_test(full_batches_do_not_wait_for_what_is_under_way),
        cmocka_unit_test(one_who_leaves_early_does_not_stop_the_delete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
