/* Messages that leave hand unsettled: handed back to the queue in order, each batch confirmed before the next. */
#include "base/check.h"
#include "base/clock.h"
#include "consumer_internal.h"

#include <string.h>

#define RETRY_MS 500
#define RETURNED_MAX 200                      /* messages that were returned and are remembered */
#define RETURNED_BYTES_MAX ((size_t)8 << 20)  /* of these */

static struct message *message_of(struct list *node)
{
    return LIST_ITEM(node, struct message, in_work);
}

/* What the list owned goes. */
static void drop(struct consumer *consumer, struct message *message)
{
    list_remove(&message->in_work);
    consumer->return_waiting--;
    message_release(message);
}

/* --- those that were returned ------------------------------------------------------------------------------------- */

static void returned_drop(struct consumer *consumer, struct message *message)
{
    list_remove(&message->in_work);
    consumer->returned_count--;
    consumer->returned_bytes -= message->delivery->json_length;
    message_release(message);
}

void consumer_returned_drop_all(struct consumer *consumer)
{
    while (!list_is_empty(&consumer->returned)) {
        returned_drop(consumer, message_of(consumer->returned.next));
    }
}

/* Heads only: what went along at visibility 0 is on its way back already. */
static void returned_keep(struct consumer *consumer, struct message *message)
{
    list_remove(&message->in_work);
    consumer->return_waiting--;
    list_append(&consumer->returned, &message->in_work);
    consumer->returned_count++;
    consumer->returned_bytes += message->delivery->json_length;
    while (consumer->returned_count > RETURNED_MAX || consumer->returned_bytes > RETURNED_BYTES_MAX) {
        returned_drop(consumer, message_of(consumer->returned.next));
    }
}

void consumer_returned_pump(struct consumer *consumer, int64_t boot_ms)
{
    struct list *node = consumer->returned.next;
    while (node != &consumer->returned) {
        struct message *message = message_of(node);
        node = node->next;
        if (lease_has_lapsed(&message->lease, boot_ms)) {
            returned_drop(consumer, message);
        }
    }
}

struct message *consumer_returned_find(const struct consumer *consumer, const char *id)
{
    for (struct list *node = consumer->returned.next; node != &consumer->returned; node = node->next) {
        if (strcmp(message_id(message_of(node)), id) == 0) {
            return message_of(node);
        }
    }
    return NULL;
}

void consumer_returned_take_back(struct consumer *consumer, struct message *message)
{
    list_remove(&message->in_work);
    consumer->returned_count--;
    consumer->returned_bytes -= message->delivery->json_length;
    hand_take_back(&consumer->hand, message);
    message_trace_begin(message, consumer->options.tracer, consumer->queue, consumer->name);
}

/* --- on the way out ----------------------------------------------------------------------------------------------- */

static void log_returned(const struct consumer *consumer, const struct message *message, const char *visibility)
{
    if (visibility != NULL) {
        log_event(LOG_LEVEL_INFO, "message left hand", LOG_STRING("queue", consumer->name),
                  LOG_STRING("route", consumer_route_name(consumer, message)),
                  LOG_STRING("message_id", message_id(message)), LOG_STRING("group", message_group(message)),
                  LOG_STRING("workflow_id", message->watch.workflow_id), LOG_STRING("run_id", message->run_id),
                  LOG_STRING("reason", message->leave_reason), LOG_STRING("visibility", visibility));
        return;
    }
    log_event(LOG_LEVEL_INFO, "message returned", LOG_STRING("queue", consumer->name),
              LOG_STRING("route", consumer_route_name(consumer, message)),
              LOG_STRING("message_id", message_id(message)), LOG_STRING("group", message_group(message)),
              LOG_STRING("workflow_id", message->watch.workflow_id), LOG_STRING("run_id", message->run_id),
              LOG_STRING("reason", message->leave_reason), LOG_INTEGER("visibility", message->leave_seconds),
              LOG_INTEGER("receive_count", message->delivery->receive_count));
}

static void take_out(struct consumer *consumer, struct list *out)
{
    if (list_is_empty(out)) {
        return; /* nothing to do: the pump that asks while it drains would wake itself for ever */
    }
    for (struct list *node = list_take_first(out); node != NULL; node = list_take_first(out)) {
        struct message *message = message_of(node);
        waiter_remove(consumer->options.waiter, &message->watch);
        message->is_return_sent = false;
        message_trace_end_unsettled(message);
        consumer_metrics_returned(&consumer->metrics, message->leave_reason);
        list_append(&consumer->returns, &message->in_work);
        consumer->return_waiting++;
    }
    consumer_wake(consumer);
}

void consumer_leave(struct consumer *consumer, struct message *message, int seconds, const char *reason)
{
    struct list out;
    list_init(&out);
    hand_leave(&consumer->hand, message, seconds, reason, clock_boottime_ms(), &out);
    take_out(consumer, &out);
}

void consumer_leave_held(struct consumer *consumer, const char *reason)
{
    struct list out;
    list_init(&out);
    hand_leave_held(&consumer->hand, reason, clock_boottime_ms(), &out);
    take_out(consumer, &out);
}

void consumer_return_forget(struct consumer *consumer, const char *id)
{
    struct list *node = consumer->returns.next;
    while (node != &consumer->returns) {
        struct message *message = message_of(node);
        node = node->next;
        if (!message->is_return_sent && strcmp(message_id(message), id) == 0) {
            drop(consumer, message);
        }
    }
    struct message *returned = consumer_returned_find(consumer, id);
    if (returned != NULL) {
        returned_drop(consumer, returned);
    }
}

bool consumer_return_is_ahead(const struct consumer *consumer, const struct message *message)
{
    if (message->lane == NULL) {
        return false;
    }
    for (struct list *node = consumer->returns.next; node != &consumer->returns; node = node->next) {
        const struct message *leaving = message_of(node);
        if (message_group(leaving) != NULL && strcmp(message_group(leaving), message_group(message)) == 0 &&
            strcmp(message_id(leaving), message_id(message)) != 0 &&
            sequence_compare(leaving->delivery->sequence_number, message->delivery->sequence_number) < 0) {
            return true;
        }
    }
    return false;
}

static void on_returned(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct batch_call *batch = user;
    struct consumer *consumer = batch->consumer;
    for (size_t i = 0; i < batch->count; i++) {
        struct message *message = batch->messages[i];
        enum sqs_error_class class = SQS_ERROR_TRANSIENT;
        CHECK(message->is_return_sent);
        message->is_return_sent = false;
        if (!consumer_entry_failed(result, error, i, &class)) {
            log_returned(consumer, message, NULL);
            lease_renewed(&message->lease, batch->start_boot_ms, batch->seconds[i], 0);
            if (batch->seconds[i] > 0 && consumer->phase == CONSUMER_RUNNING) {
                returned_keep(consumer, message);
            } else {
                drop(consumer, message);
            }
        } else if (!consumer_class_is_retryable(class)) {
            log_returned(consumer, message, "refused");
            drop(consumer, message);
        } else {
            consumer->return_not_before_ms = clock_monotonic_ms() + RETRY_MS; /* its place in the list is kept */
        }
    }
    consumer_batch_end(batch);
    consumer_wake(consumer);
}

/* The last of a lane goes only when the others of its lane are confirmed. */
static bool must_wait(const struct batch_call *batch, const struct message *message)
{
    for (size_t i = 0; message->is_last_of_lane && i < batch->count; i++) {
        const char *group = message_group(batch->messages[i]);
        if (group != NULL && strcmp(group, message_group(message)) == 0) {
            return true;
        }
    }
    return false;
}

void consumer_return_pump(struct consumer *consumer, int64_t now_ms)
{
    int64_t boot_ms = clock_boottime_ms();
    struct batch_call *batch = NULL;
    size_t count = 0;
    struct list *node = consumer->returns.next;
    if (consumer->return_calls > 0 || now_ms < consumer->return_not_before_ms) {
        return;
    }
    while (node != &consumer->returns && count < SQS_BATCH_MAX) {
        struct message *message = message_of(node);
        node = node->next;
        int seconds = message->leave_seconds;
        if (seconds != LEAVE_AS_IS && message->is_renewing) {
            break; /* the renewal might arrive behind this and hide it again: its end wakes the pump */
        }
        if (seconds == LEAVE_AS_IS || lease_has_lapsed(&message->lease, boot_ms)) {
            log_returned(consumer, message, "as it is");
            drop(consumer, message);
            continue;
        }
        if (batch != NULL && must_wait(batch, message)) {
            break;
        }
        if (batch == NULL) {
            batch = consumer_batch_new(consumer, &consumer->return_calls);
        }
        if (seconds > 0) {
            seconds = lease_visibility_to_ask(&message->lease, seconds, boot_ms);
        }
        message->is_return_sent = true;
        count++;
        consumer_batch_add(batch, message, seconds);
    }
    if (batch != NULL) {
        consumer_batch_change_visibility(batch, now_ms + CALL_MS, on_returned);
    }
}
