/* See receipt_queue.h. */
#include "receipt_queue.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/thread.h"

enum operation { OPERATION_DELETE, OPERATION_VISIBILITY, OPERATION_COUNT };

/* Held by its owner and by the queue; the last one frees it. */
struct receipt_ticket {
    struct receipt_queue *queue;
    enum operation operation;
    struct list link;
    char *receipt_handle;
    int visibility_seconds; /* OPERATION_VISIBILITY */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t answered;
    enum receipt_outcome outcome;
    char reason[ERROR_TEXT_SIZE];
    int references;
};

/* One call under way. */
struct receipt_call {
    struct receipt_queue *queue;
    enum operation operation;
    struct receipt_ticket *tickets[SQS_BATCH_MAX];
    size_t count;
};

/* The calls of one kind; loop's thread. */
struct kind {
    struct list pending; /* struct receipt_ticket */
    size_t pending_count;
    size_t calls_under_way;
    struct metric_counter *outcomes[RECEIPT_REFUSED + 1];
    struct metric_counter *requests;
};

struct receipt_queue {
    struct receipt_queue_options options;
    char *queue_url;
    struct kind kinds[OPERATION_COUNT];
    bool is_stopped;
};

static void pump(struct receipt_queue *queue, enum operation operation);

static void init_kind(struct kind *kind, struct metrics *metrics, enum operation operation)
{
    static const char *const names[] = {
        [RECEIPT_DONE] = "done",       [RECEIPT_STALE] = "stale",
        [RECEIPT_TRANSIENT] = "transient", [RECEIPT_MISSING_QUEUE] = "missing_queue",
        [RECEIPT_DENIED] = "denied",   [RECEIPT_REFUSED] = "refused"};
    static const struct {
        const char *messages;
        const char *messages_help;
        const char *requests;
        const char *requests_help;
    } texts[] = {
        [OPERATION_DELETE] = {"ferry_worker_deletes", "Messages whose delete was asked for",
                              "ferry_worker_delete_requests", "Delete requests sent to SQS"},
        [OPERATION_VISIBILITY] = {"ferry_worker_visibility_changes", "Messages whose visibility was to be changed",
                                  "ferry_worker_visibility_requests", "Requests to change a visibility sent to SQS"}};
    list_init(&kind->pending);
    for (int outcome = RECEIPT_DONE; outcome <= RECEIPT_REFUSED; outcome++) {
        kind->outcomes[outcome] =
            metrics_counter(metrics, texts[operation].messages, texts[operation].messages_help,
                            METRIC_LABELS({"outcome", names[outcome]}));
    }
    kind->requests = metrics_counter(metrics, texts[operation].requests, texts[operation].requests_help, NULL);
}

struct receipt_queue *receipt_queue_new(const struct receipt_queue_options *options)
{
    struct receipt_queue *queue = memory_alloc(sizeof *queue);
    queue->options = *options;
    if (!options->calls.delete_message) {
        queue->options.calls =
            (struct receipt_calls){sqs_client_delete_message, sqs_client_delete_message_batch,
                                   sqs_client_change_visibility, sqs_client_change_visibility_batch};
    }
    queue->queue_url = memory_copy_string(options->queue_url);
    for (int operation = 0; operation < OPERATION_COUNT; operation++) {
        init_kind(&queue->kinds[operation], options->metrics, (enum operation)operation);
    }
    return queue;
}

void receipt_queue_stop(struct receipt_queue *queue)
{
    queue->is_stopped = true;
}

void receipt_queue_destroy(struct receipt_queue *queue)
{
    if (!queue) {
        return;
    }
    for (int operation = 0; operation < OPERATION_COUNT; operation++) {
        struct kind *kind = &queue->kinds[operation];
        CHECK(kind->calls_under_way == 0);
        for (struct list *link = list_take_first(&kind->pending); link; link = list_take_first(&kind->pending)) {
            receipt_ticket_release(LIST_ITEM(link, struct receipt_ticket, link));
        }
    }
    free(queue->queue_url);
    free(queue);
}

void receipt_ticket_release(struct receipt_ticket *ticket)
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

static void settle(struct receipt_ticket *ticket, enum receipt_outcome outcome, const char *reason)
{
    struct receipt_queue *queue = ticket->queue;
    metric_counter_add(queue->kinds[ticket->operation].outcomes[outcome], 1);
    struct error text;
    error_set(&text, STATUS_INTERNAL, "%s", reason);
    pthread_mutex_lock(&ticket->lock);
    ticket->outcome = outcome;
    for (size_t i = 0; i < sizeof ticket->reason; i++) {
        ticket->reason[i] = text.text[i];
    }
    pthread_cond_signal(&ticket->answered);
    pthread_mutex_unlock(&ticket->lock);
    receipt_ticket_release(ticket);
}

static enum receipt_outcome outcome_of(enum sqs_error_class class)
{
    switch (class) {
    case SQS_ERROR_HANDLE:
        return RECEIPT_STALE;
    case SQS_ERROR_FINAL:
        return RECEIPT_REFUSED;
    case SQS_ERROR_CREDENTIALS:
        return RECEIPT_DENIED;
    case SQS_ERROR_MISSING_QUEUE:
        return RECEIPT_MISSING_QUEUE;
    case SQS_ERROR_THROTTLED:
    case SQS_ERROR_TRANSIENT:
        break;
    }
    return RECEIPT_TRANSIENT;
}

static void end_call(struct receipt_call *call)
{
    struct receipt_queue *queue = call->queue;
    enum operation operation = call->operation;
    free(call);
    queue->kinds[operation].calls_under_way--;
    pump(queue, operation);
}

static void answered_one(void *user, const struct sqs_error *error)
{
    struct receipt_call *call = user;
    if (error) {
        settle(call->tickets[0], outcome_of(error->class), error->error.text);
    } else {
        settle(call->tickets[0], RECEIPT_DONE, "");
    }
    end_call(call);
}

static void answered_batch(void *user, const struct sqs_batch_result *result, const struct sqs_error *error)
{
    struct receipt_call *call = user;
    for (size_t i = 0; i < call->count; i++) {
        if (error) {
            settle(call->tickets[i], outcome_of(error->class), error->error.text);
        } else if (result->entries[i].is_ok) {
            settle(call->tickets[i], RECEIPT_DONE, "");
        } else {
            settle(call->tickets[i], outcome_of(result->entries[i].class), result->entries[i].text);
        }
    }
    end_call(call);
}

static void send_deletes(struct receipt_call *call, int64_t deadline_ms)
{
    const struct receipt_queue_options *options = &call->queue->options;
    const char *handles[SQS_BATCH_MAX] = {0};
    for (size_t i = 0; i < call->count; i++) {
        handles[i] = call->tickets[i]->receipt_handle;
    }
    if (call->count == 1) {
        options->calls.delete_message(options->client, call->queue->queue_url, handles[0], deadline_ms, answered_one,
                                      call);
    } else {
        options->calls.delete_message_batch(options->client, call->queue->queue_url, handles, call->count,
                                            deadline_ms, answered_batch, call);
    }
}

static void send_visibilities(struct receipt_call *call, int64_t deadline_ms)
{
    const struct receipt_queue_options *options = &call->queue->options;
    struct sqs_visibility_entry entries[SQS_BATCH_MAX] = {0};
    for (size_t i = 0; i < call->count; i++) {
        entries[i].receipt_handle = call->tickets[i]->receipt_handle;
        entries[i].visibility_seconds = call->tickets[i]->visibility_seconds;
    }
    if (call->count == 1) {
        options->calls.change_visibility(options->client, call->queue->queue_url, entries[0].receipt_handle,
                                         entries[0].visibility_seconds, deadline_ms, answered_one, call);
    } else {
        options->calls.change_visibility_batch(options->client, call->queue->queue_url, entries, call->count,
                                               deadline_ms, answered_batch, call);
    }
}

static void send(struct receipt_queue *queue, enum operation operation)
{
    struct kind *kind = &queue->kinds[operation];
    struct receipt_call *call = memory_alloc(sizeof *call);
    call->queue = queue;
    call->operation = operation;
    while (call->count < SQS_BATCH_MAX) {
        struct list *link = list_take_first(&kind->pending);
        if (!link) {
            break;
        }
        call->tickets[call->count++] = LIST_ITEM(link, struct receipt_ticket, link);
        kind->pending_count--;
    }
    kind->calls_under_way++;
    metric_counter_add(kind->requests, 1);
    int64_t deadline_ms = clock_monotonic_ms() + RECEIPT_TIMEOUT_MS;
    if (operation == OPERATION_DELETE) {
        send_deletes(call, deadline_ms);
    } else {
        send_visibilities(call, deadline_ms);
    }
}

static void pump(struct receipt_queue *queue, enum operation operation)
{
    const struct kind *kind = &queue->kinds[operation];
    while (!queue->is_stopped && kind->pending_count > 0 &&
           (kind->calls_under_way == 0 ||
            (kind->pending_count >= SQS_BATCH_MAX && kind->calls_under_way < RECEIPT_CALLS_MAX))) {
        send(queue, operation);
    }
}

static void enqueue(void *argument)
{
    struct receipt_ticket *ticket = argument;
    struct kind *kind = &ticket->queue->kinds[ticket->operation];
    list_append(&kind->pending, &ticket->link);
    kind->pending_count++;
    pump(ticket->queue, ticket->operation);
}

/* ---- any thread ---- */

static struct receipt_ticket *submit(struct receipt_queue *queue, enum operation operation, const char *receipt_handle,
                                     int visibility_seconds)
{
    struct receipt_ticket *ticket = memory_alloc(sizeof *ticket);
    ticket->queue = queue;
    ticket->operation = operation;
    ticket->receipt_handle = memory_copy_string(receipt_handle);
    ticket->visibility_seconds = visibility_seconds;
    ticket->references = 2;
    list_init(&ticket->link);
    pthread_mutex_init(&ticket->lock, NULL);
    thread_condition_init(&ticket->answered);
    loop_post(queue->options.loop, enqueue, ticket);
    return ticket;
}

struct receipt_ticket *receipt_queue_delete(struct receipt_queue *queue, const char *receipt_handle)
{
    return submit(queue, OPERATION_DELETE, receipt_handle, 0);
}

struct receipt_ticket *receipt_queue_change_visibility(struct receipt_queue *queue, const char *receipt_handle,
                                                       int visibility_seconds)
{
    return submit(queue, OPERATION_VISIBILITY, receipt_handle, visibility_seconds);
}

enum receipt_outcome receipt_ticket_wait(struct receipt_ticket *ticket, int64_t deadline_ms, const char **out_reason)
{
    bool in_time = true;
    pthread_mutex_lock(&ticket->lock);
    while (ticket->outcome == RECEIPT_PENDING && in_time) {
        in_time = thread_condition_wait(&ticket->answered, &ticket->lock, deadline_ms);
    }
    enum receipt_outcome outcome = ticket->outcome;
    pthread_mutex_unlock(&ticket->lock);
    *out_reason = ticket->reason; /* unchanged once it is answered */
    return outcome;
}
