/* Settling by delete, in batches; and what all batches have in common. */
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define GATHER_MS 4          /* deletes are gathered for so long, and a millisecond more for each run in hand, up to */
#define GATHER_MAX_MS 50
#define RETRY_FIRST_MS 250   /* of a delete that may succeed later; doubled each time */
#define RETRY_MAX_MS 5000

/* --- batches ------------------------------------------------------------------------------------------------------ */

struct batch_call *consumer_batch_new(struct consumer *consumer, size_t *open_calls)
{
    struct batch_call *batch = memory_alloc(sizeof *batch);
    batch->consumer = consumer;
    batch->open_calls = open_calls;
    batch->start_boot_ms = clock_boottime_ms();
    list_append(&consumer->batches, &batch->link);
    (*open_calls)++;
    return batch;
}

void consumer_batch_add(struct batch_call *batch, struct message *message, int seconds)
{
    CHECK(batch->count < SQS_BATCH_MAX);
    batch->messages[batch->count] = message_acquire(message);
    batch->versions[batch->count] = message->handle_version;
    batch->seconds[batch->count] = seconds;
    batch->count++;
}

void consumer_batch_end(struct batch_call *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        message_release(batch->messages[i]);
    }
    (*batch->open_calls)--;
    list_remove(&batch->link);
    free(batch);
}

void consumer_batch_change_visibility(struct batch_call *batch, int64_t deadline_ms, sqs_batch_done_fn *done)
{
    struct sqs_visibility_entry entries[SQS_BATCH_MAX];
    for (size_t i = 0; i < batch->count; i++) {
        entries[i] = (struct sqs_visibility_entry){batch->messages[i]->delivery->receipt_handle, batch->seconds[i]};
    }
    batch->call = sqs_client_change_visibility_batch(batch->consumer->options.sqs, batch->consumer->queue->url,
                                                     entries, batch->count, deadline_ms, done, batch);
}

bool consumer_entry_failed(const struct sqs_batch_result *result, const struct sqs_error *error, size_t index,
                           enum sqs_error_class *out_class)
{
    if (error != NULL) {
        /* The batch as such was refused, not this handle: never a reason to let go of ten messages. */
        *out_class = error->class == SQS_ERROR_FINAL || error->class == SQS_ERROR_HANDLE ? SQS_ERROR_TRANSIENT
                                                                                         : error->class;
        return true;
    }
    if (result->entries[index].is_ok) {
        return false;
    }
    *out_class = result->entries[index].class;
    return true;
}

bool consumer_class_is_retryable(enum sqs_error_class class)
{
    return class != SQS_ERROR_HANDLE && class != SQS_ERROR_FINAL;
}

/* --- gathering ---------------------------------------------------------------------------------------------------- */

int64_t consumer_gather_ms(const struct consumer *consumer, int64_t least_ms, int64_t most_ms)
{
    int64_t parallel = (int64_t)(consumer->hand.running + consumer->hand.forwarding);
    return least_ms + parallel < most_ms ? least_ms + parallel : most_ms;
}

/* --- deletes ------------------------------------------------------------------------------------------------------ */

static void queue_delete(struct consumer *consumer, struct message *message, int64_t retry_ms)
{
    int64_t due_ms = clock_monotonic_ms() + consumer_gather_ms(consumer, GATHER_MS, GATHER_MAX_MS);
    CHECK(message->state == MESSAGE_SETTLING && list_is_empty(&message->in_work));
    message->delete_retry_ms = retry_ms;
    list_append(&consumer->deletes, &message->in_work);
    if (consumer->delete_due_ms == 0 || consumer->delete_due_ms > due_ms) { /* it may be that of another's retry */
        consumer->delete_due_ms = due_ms;
    }
    consumer_wake(consumer);
}

void consumer_settle(struct consumer *consumer, struct message *message, bool is_completed)
{
    message->is_completed = is_completed;
    message->delete_attempts = 0;
    list_remove(&message->in_work); /* it may have rested */
    hand_settle(&consumer->hand, message, is_completed);
    queue_delete(consumer, message, 0);
}

static void settled(struct consumer *consumer, struct message *message, bool was_deleted)
{
    metric_counter_add(was_deleted ? consumer->metrics.deleted : consumer->metrics.already_gone, 1);
    log_event(LOG_LEVEL_INFO, was_deleted ? "message deleted" : "message settled",
              LOG_STRING("queue", consumer->name), LOG_STRING("route", consumer_route_name(consumer, message)),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("workflow_id", message->watch.workflow_id),
              LOG_STRING("run_id", message->run_id), LOG_STRING("delete", was_deleted ? NULL : "refused"),
              LOG_INTEGER("duration_ms", clock_monotonic_ms() - message->received_ms),
              LOG_STRING("trace_id", message_trace_id(message)),
              LOG_STRING("span_id", message_trace_span_id(message)));
    message_trace_step_end(message, 0);
    message_trace_end(message, was_deleted ? "deleted" : "already_gone");
    hand_remove_settled(&consumer->hand, message);
}

static void delete_later(struct consumer *consumer, struct message *message, enum sqs_error_class class)
{
    int64_t suppressed = 0;
    int64_t delay_ms = RETRY_FIRST_MS;
    for (unsigned i = 0; i < message->delete_attempts && delay_ms < RETRY_MAX_MS; i++) {
        delay_ms *= 2;
    }
    message->delete_attempts++;
    message_trace_step_fail(message, sqs_error_class_name(class), NULL);
    message_trace_step_end(message, 0);
    queue_delete(consumer, message, clock_monotonic_ms() + (delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS));
    if (log_limiter_allows(&consumer->settle_limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "deleting failed, trying again", LOG_STRING("queue", consumer->name),
                  LOG_STRING("message_id", message_id(message)), LOG_STRING("class", sqs_error_class_name(class)),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

static void on_deleted(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct batch_call *batch = user;
    struct consumer *consumer = batch->consumer;
    FAILPOINT("poller.deleted");
    for (size_t i = 0; i < batch->count; i++) {
        struct message *message = batch->messages[i];
        enum sqs_error_class class = SQS_ERROR_TRANSIENT;
        bool has_failed = consumer_entry_failed(result, error, i, &class);
        if (message->state != MESSAGE_SETTLING) {
            continue; /* its lease has lapsed meanwhile */
        }
        if (has_failed && consumer_class_is_retryable(class)) {
            delete_later(consumer, message, class);
        } else if (message->handle_version != batch->versions[i]) {
            queue_delete(consumer, message, 0); /* given out again meanwhile: with the newest handle */
        } else if (!has_failed || message->is_completed) {
            settled(consumer, message, !has_failed);
        } else {
            consumer_leave(consumer, message, LEAVE_AS_IS, "handle_refused");
        }
    }
    consumer_batch_end(batch);
    consumer_wake(consumer);
}

static void send_deletes(struct consumer *consumer, int64_t now_ms)
{
    const char *handles[SQS_BATCH_MAX];
    struct batch_call *batch = NULL;
    size_t count = 0;
    struct list *node = consumer->deletes.next;
    while (node != &consumer->deletes && count < SQS_BATCH_MAX) {
        struct message *message = LIST_ITEM(node, struct message, in_work);
        node = node->next;
        if (message->delete_retry_ms > now_ms) {
            continue;
        }
        if (batch == NULL) {
            batch = consumer_batch_new(consumer, &consumer->delete_calls);
        }
        list_remove(&message->in_work);
        handles[count++] = message->delivery->receipt_handle;
        message_trace_settle(message, consumer->name);
        consumer_batch_add(batch, message, 0);
    }
    if (batch != NULL) {
        batch->call = sqs_client_delete_message_batch(consumer->options.sqs, consumer->queue->url, handles,
                                                      batch->count, now_ms + CALL_MS, on_deleted, batch);
        FAILPOINT("poller.deleting");
    }
}

static size_t due_deletes(const struct consumer *consumer, int64_t now_ms)
{
    size_t count = 0;
    for (struct list *node = consumer->deletes.next; node != &consumer->deletes; node = node->next) {
        count += LIST_ITEM(node, struct message, in_work)->delete_retry_ms <= now_ms;
    }
    return count;
}

void consumer_settle_pump(struct consumer *consumer, int64_t now_ms)
{
    if (list_is_empty(&consumer->deletes)) {
        consumer->delete_due_ms = 0;
        return;
    }
    size_t due = due_deletes(consumer, now_ms);
    bool is_time = consumer->delete_due_ms != 0 && now_ms >= consumer->delete_due_ms;
    while (due >= SQS_BATCH_MAX || (is_time && due > 0)) {
        send_deletes(consumer, now_ms);
        due = due_deletes(consumer, now_ms);
    }
    if (is_time || due == 0) {
        consumer->delete_due_ms = 0;
        for (struct list *node = consumer->deletes.next; node != &consumer->deletes; node = node->next) {
            int64_t retry_ms = LIST_ITEM(node, struct message, in_work)->delete_retry_ms;
            if (consumer->delete_due_ms == 0 || retry_ms < consumer->delete_due_ms) {
                consumer->delete_due_ms = retry_ms;
            }
        }
    }
}

int64_t consumer_settle_next_ms(const struct consumer *consumer)
{
    return consumer->delete_due_ms != 0 ? consumer->delete_due_ms : INT64_MAX;
}
