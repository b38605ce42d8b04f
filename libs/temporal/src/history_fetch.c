/* See history_fetch.h. */
#include "history_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/thread.h"
#include "codec_message.h"

/* One after the other: the starter, then the rpc thread, then whoever got done. Only the call handle is shared. */
struct history_fetch {
    struct history_fetch_options options;
    const Pb__PollWorkflowTaskQueueResponse *task;
    history_fetch_done_fn *done;
    void *user;
    int64_t base_id; /* the first event wanted is the next one */

    Pb__GetWorkflowExecutionHistoryResponse **pages; /* own the events */
    size_t page_count;
    size_t empty_pages; /* in a row */
    Pb__HistoryEvent **events;
    size_t count;
    size_t capacity;
    int64_t bytes;
    struct error error; /* status OK: none */

    pthread_mutex_t lock; /* guards what follows */
    struct service_call *call;
    bool is_canceled;
};

static int64_t last_id(const struct history_fetch *fetch)
{
    return fetch->count > 0 ? fetch->events[fetch->count - 1]->event_id : fetch->base_id;
}

/* Events that are there already are left out, and so is what lies behind the task's own STARTED event. */
static enum status append(struct history_fetch *fetch, const Pb__History *history)
{
    size_t count = history ? history->n_events : 0;
    for (size_t i = 0; i < count; i++) {
        Pb__HistoryEvent *event = history->events[i];
        if (event->event_id <= last_id(fetch) || event->event_id > fetch->task->started_event_id) {
            continue;
        }
        if (event->event_id != last_id(fetch) + 1) {
            return error_set(&fetch->error, STATUS_FAILED_PRECONDITION,
                             "the history has a gap: event %lld follows event %lld", (long long)event->event_id,
                             (long long)last_id(fetch));
        }
        if ((int64_t)fetch->count >= fetch->options.events_max) {
            error_set(&fetch->error, STATUS_RESOURCE_EXHAUSTED, "the history is longer than %lld events",
                      (long long)fetch->options.events_max);
            fetch->error.retryable = false;
            return fetch->error.status;
        }
        if (fetch->count == fetch->capacity) {
            fetch->capacity = fetch->capacity ? fetch->capacity * 2 : 64;
            fetch->events = memory_resize_array(fetch->events, fetch->capacity, sizeof(Pb__HistoryEvent *));
        }
        fetch->events[fetch->count++] = event;
    }
    return STATUS_OK;
}

/* Everything is there: the poll's own events come last. */
static void finish(struct history_fetch *fetch)
{
    if (fetch->error.status == STATUS_OK && append(fetch, fetch->task->history) == STATUS_OK &&
        last_id(fetch) < fetch->task->started_event_id) {
        error_set(&fetch->error, STATUS_FAILED_PRECONDITION,
                  "the history ends at event %lld, before the task's own event %lld", (long long)last_id(fetch),
                  (long long)fetch->task->started_event_id);
    }
    fetch->done(fetch->user, fetch);
}

static void request_page(struct history_fetch *fetch, ProtobufCBinaryData token);

/* true: there is a next page to ask for. */
static bool add_page(struct history_fetch *fetch, Pb__GetWorkflowExecutionHistoryResponse *page, size_t bytes)
{
    fetch->pages = memory_resize_array(fetch->pages, fetch->page_count + 1, sizeof *fetch->pages);
    fetch->pages[fetch->page_count++] = page;
    fetch->bytes += (int64_t)bytes;
    bool is_empty = !page->history || page->history->n_events == 0;
    fetch->empty_pages = is_empty ? fetch->empty_pages + 1 : 0;
    if (fetch->bytes > fetch->options.bytes_max) {
        error_set(&fetch->error, STATUS_RESOURCE_EXHAUSTED, "the history is longer than %lld bytes",
                  (long long)fetch->options.bytes_max);
        fetch->error.retryable = false;
        return false;
    }
    if (append(fetch, page->history) != STATUS_OK) {
        return false;
    }
    if (fetch->empty_pages > HISTORY_FETCH_EMPTY_PAGES_MAX) {
        error_set(&fetch->error, STATUS_MALFORMED, "the server sends empty pages of history without end");
        return false;
    }
    return page->next_page_token.len > 0 && last_id(fetch) < fetch->task->started_event_id;
}

static void page_done(void *user, struct service_call_result *result)
{
    struct history_fetch *fetch = user;
    pthread_mutex_lock(&fetch->lock);
    struct service_call *call = fetch->call;
    fetch->call = NULL;
    pthread_mutex_unlock(&fetch->lock);
    fetch->options.calls->release(call);
    if (result->status != STATUS_OK) {
        fetch->error = *result->error;
        error_prefix(&fetch->error, "fetching the history: ");
        finish(fetch);
        return;
    }
    size_t bytes = result->reply_bytes;
    Pb__GetWorkflowExecutionHistoryResponse *page = (void *)service_call_take_reply(result);
    bool has_next = add_page(fetch, page, bytes);
    if (fetch->error.status == STATUS_OK &&
        codec_decode_message(fetch->options.codec, &page->base, &fetch->error) != STATUS_OK) {
        error_prefix(&fetch->error, CODEC_REFUSES);
        has_next = false;
    }
    if (has_next) {
        request_page(fetch, page->next_page_token);
    } else {
        finish(fetch);
    }
}

static void request_page(struct history_fetch *fetch, ProtobufCBinaryData token)
{
    const struct worker_calls *calls = fetch->options.calls;
    const struct service_call_options options = {.retry = RPC_RETRY_STANDARD, .keeps_encoded = true};
    Pb__GetWorkflowExecutionHistoryRequest request;
    pb__get_workflow_execution_history_request__init(&request);
    request.namespace_ = fetch->options.namespace_name;
    request.execution = fetch->task->workflow_execution;
    request.next_page_token = token;
    /* The lock makes the done function wait until the handle is in its place. */
    pthread_mutex_lock(&fetch->lock);
    calls->start(calls->context, &service_get_workflow_execution_history, &request.base, &options, page_done, fetch,
                 &fetch->call);
    if (fetch->is_canceled) {
        calls->cancel(fetch->call);
    }
    pthread_mutex_unlock(&fetch->lock);
}

struct history_fetch *history_fetch_start(const struct history_fetch_options *options,
                                          const Pb__PollWorkflowTaskQueueResponse *task, bool from_start,
                                          history_fetch_done_fn *done, void *user)
{
    struct history_fetch *fetch = memory_alloc(sizeof *fetch);
    fetch->options = *options;
    fetch->task = task;
    fetch->done = done;
    fetch->user = user;
    pthread_mutex_init(&fetch->lock, NULL);
    CHECK(from_start || task->next_page_token.len > 0);
    ProtobufCBinaryData token = {0};
    if (!from_start) {
        token = task->next_page_token;
        if (task->history && task->history->n_events > 0) {
            fetch->base_id = task->history->events[0]->event_id - 1;
        }
        /* A gap in here shows again behind the page that is asked for: nothing is appended over it. */
        (void)append(fetch, task->history);
    }
    request_page(fetch, token);
    return fetch;
}

void history_fetch_cancel(struct history_fetch *fetch)
{
    pthread_mutex_lock(&fetch->lock);
    fetch->is_canceled = true;
    if (fetch->call) {
        fetch->options.calls->cancel(fetch->call);
    }
    pthread_mutex_unlock(&fetch->lock);
}

void history_fetch_destroy(struct history_fetch *fetch)
{
    if (!fetch) {
        return;
    }
    for (size_t i = 0; i < fetch->page_count; i++) {
        pb__get_workflow_execution_history_response__free_unpacked(fetch->pages[i], NULL);
    }
    free(fetch->pages);
    free(fetch->events);
    pthread_mutex_destroy(&fetch->lock);
    free(fetch);
}

enum status history_fetch_status(const struct history_fetch *fetch, const struct error **out_error)
{
    *out_error = &fetch->error;
    return fetch->error.status;
}

Pb__HistoryEvent *const *history_fetch_events(const struct history_fetch *fetch, size_t *out_count)
{
    *out_count = fetch->count;
    return fetch->events;
}
