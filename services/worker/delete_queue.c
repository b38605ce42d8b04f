/* See delete_queue.h. */
#include "delete_queue.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/thread.h"

/* Held by its owner and by the queue; the last one frees it. */
struct delete_ticket {
    struct delete_queue *queue;
    struct list link;
    char *receipt_handle;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t answered;
    enum delete_outcome outcome;
    char reason[ERROR_TEXT_SIZE];
    int references;
};

/* One call under way. */
struct delete_call {
    struct delete_queue *queue;
    struct delete_ticket *tickets[SQS_BATCH_MAX];
    size_t count;
};

struct delete_queue {
    struct delete_queue_options options;
    char *queue_url;
    struct list pending; /* struct delete_ticket; loop's thread */
    size_t pending_count;
    size_t calls_under_way;
    bool is_stopped;
    struct metric_counter *outcomes[DELETE_REFUSED + 1];
    struct metric_counter *requests;
};

static void pump(struct delete_queue *queue);

struct delete_queue *delete_queue_new(const struct delete_queue_options *options)
{
    static const char *const names[] = {
        [DELETE_DONE] = "done", [DELETE_STALE] = "stale", [DELETE_TRANSIENT] = "transient",
        [DELETE_REFUSED] = "refused"};
    struct delete_queue *queue = memory_alloc(sizeof *queue);
    queue->options = *options;
    if (!options->calls.delete_message) {
        queue->options.calls = (struct delete_calls){sqs_client_delete_message, sqs_client_delete_message_batch};
    }
    queue->queue_url = memory_copy_string(options->queue_url);
    list_init(&queue->pending);
    for (int outcome = DELETE_DONE; outcome <= DELETE_REFUSED; outcome++) {
        queue->outcomes[outcome] =
            metrics_counter(options->metrics, "ferry_worker_deletes", "Messages whose delete was asked for",
                            METRIC_LABELS({"outcome", names[outcome]}));
    }
    queue->requests =
        metrics_counter(options->metrics, "ferry_worker_delete_requests", "Delete requests sent to SQS", NULL);
    return queue;
}

void delete_queue_stop(struct delete_queue *queue)
{
    queue->is_stopped = true;
}

void delete_queue_destroy(struct delete_queue *queue)
{
    if (!queue) {
        return;
    }
    CHECK(queue->calls_under_way == 0);
    for (struct list *link = list_take_first(&queue->pending); link; link = list_take_first(&queue->pending)) {
        delete_ticket_release(LIST_ITEM(link, struct delete_ticket, link));
    }
    free(queue->queue_url);
    free(queue);
}

void delete_ticket_release(struct delete_ticket *ticket)
{
    pthread_mutex_lock(&ticket->lock);
    bool is_last = --ticket->references == 0;
    pthread_mutex_unlock(&ticket->lock);
    if (is_last) {
        pthread_cond_destroy(&ticket->answered);
        pthread_mutex_destroy(&ticket->lock);
        memory_wipe_string(ticket->receipt_handle);
        free(ticket->receipt_handle);
        free(ticket);
    }
}

/* ---- loop's thread ---- */

static void settle(struct delete_ticket *ticket, enum delete_outcome outcome, const char *reason)
{
    struct delete_queue *queue = ticket->queue;
    metric_counter_add(queue->outcomes[outcome], 1);
    struct error text;
    error_set(&text, STATUS_INTERNAL, "%s", reason);
    pthread_mutex_lock(&ticket->lock);
    ticket->outcome = outcome;
    for (size_t i = 0; i < sizeof ticket->reason; i++) {
        ticket->reason[i] = text.text[i];
    }
    pthread_cond_signal(&ticket->answered);
    pthread_mutex_unlock(&ticket->lock);
    delete_ticket_release(ticket);
}

static enum delete_outcome outcome_of(enum sqs_error_class class)
{
    switch (class) {
    case SQS_ERROR_HANDLE:
        return DELETE_STALE;
    case SQS_ERROR_FINAL:
        return DELETE_REFUSED;
    case SQS_ERROR_THROTTLED:
    case SQS_ERROR_CREDENTIALS:
    case SQS_ERROR_MISSING_QUEUE:
    case SQS_ERROR_TRANSIENT:
        break;
    }
    return DELETE_TRANSIENT;
}

static void end_call(struct delete_call *call)
{
    struct delete_queue *queue = call->queue;
    free(call);
    queue->calls_under_way--;
    pump(queue);
}

static void deleted(void *user, const struct sqs_error *error)
{
    struct delete_call *call = user;
    if (error) {
        settle(call->tickets[0], outcome_of(error->class), error->error.text);
    } else {
        settle(call->tickets[0], DELETE_DONE, "");
    }
    end_call(call);
}

static void deleted_batch(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct delete_call *call = user;
    for (size_t i = 0; i < call->count; i++) {
        if (error) {
            settle(call->tickets[i], outcome_of(error->class), error->error.text);
        } else if (result->entries[i].is_ok) {
            settle(call->tickets[i], DELETE_DONE, "");
        } else {
            settle(call->tickets[i], outcome_of(result->entries[i].class), result->entries[i].text);
        }
    }
    end_call(call);
}

static void send(struct delete_queue *queue)
{
    const char *handles[SQS_BATCH_MAX] = {0};
    struct delete_call *call = memory_alloc(sizeof *call);
    call->queue = queue;
    while (call->count < SQS_BATCH_MAX) {
        struct list *link = list_take_first(&queue->pending);
        if (!link) {
            break;
        }
        struct delete_ticket *ticket = LIST_ITEM(link, struct delete_ticket, link);
        handles[call->count] = ticket->receipt_handle;
        call->tickets[call->count++] = ticket;
        queue->pending_count--;
    }
    queue->calls_under_way++;
    metric_counter_add(queue->requests, 1);
    int64_t deadline_ms = clock_monotonic_ms() + DELETE_TIMEOUT_MS;
    const struct delete_calls *calls = &queue->options.calls;
    if (call->count == 1) {
        calls->delete_message(queue->options.client, queue->queue_url, handles[0], deadline_ms, deleted, call);
    } else {
        calls->delete_message_batch(queue->options.client, queue->queue_url, handles, call->count, deadline_ms,
                                    deleted_batch, call);
    }
}

static void pump(struct delete_queue *queue)
{
    while (!queue->is_stopped && queue->pending_count > 0 &&
           (queue->calls_under_way == 0 ||
            (queue->pending_count >= SQS_BATCH_MAX && queue->calls_under_way < DELETE_CALLS_MAX))) {
        send(queue);
    }
}

static void enqueue(void *argument)
{
    struct delete_ticket *ticket = argument;
    list_append(&ticket->queue->pending, &ticket->link);
    ticket->queue->pending_count++;
    pump(ticket->queue);
}

/* ---- any thread ---- */

struct delete_ticket *delete_queue_submit(struct delete_queue *queue, const char *receipt_handle)
{
    struct delete_ticket *ticket = memory_alloc(sizeof *ticket);
    ticket->queue = queue;
    ticket->receipt_handle = memory_copy_string(receipt_handle);
    ticket->references = 2;
    list_init(&ticket->link);
    pthread_mutex_init(&ticket->lock, NULL);
    thread_condition_init(&ticket->answered);
    loop_post(queue->options.loop, enqueue, ticket);
    return ticket;
}

enum delete_outcome delete_ticket_wait(struct delete_ticket *ticket, int64_t deadline_ms, const char **out_reason)
{
    bool in_time = true;
    pthread_mutex_lock(&ticket->lock);
    while (ticket->outcome == DELETE_PENDING && in_time) {
        in_time = thread_condition_wait(&ticket->answered, &ticket->lock, deadline_ms);
    }
    enum delete_outcome outcome = ticket->outcome;
    pthread_mutex_unlock(&ticket->lock);
    *out_reason = ticket->reason; /* unchanged once it is answered */
    return outcome;
}
