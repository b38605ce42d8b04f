/* Completes the history of one workflow task: fetches the pages that the poll did not bring and appends the poll's own
 * events, of which the newest may exist nowhere else (those of a transient or speculative workflow task are in no
 * stored history). The result is contiguous and ends with the task's own STARTED event. */
#ifndef TEMPORAL_HISTORY_FETCH_H
#define TEMPORAL_HISTORY_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "temporal/codec.h"
#include "worker_calls.h"

#define HISTORY_FETCH_EMPTY_PAGES_MAX 100 /* pages in a row without an event but with a token */

struct history_fetch_options {
    const struct worker_calls *calls;   /* borrowed */
    const struct temporal_codec *codec; /* borrowed: what pages pass; NULL: none */
    const char *namespace_name;         /* borrowed */
    int64_t events_max;                 /* a longer history is refused */
    int64_t bytes_max;                  /* likewise, as the pages come over the wire */
};

struct history_fetch;

/* rpc thread, once. */
typedef void history_fetch_done_fn(void *user, struct history_fetch *fetch);

/* task is borrowed until the fetch is destroyed. from_start: all from event 1; else what the poll brought, and on from
 * there with its next_page_token. done is not called inside. */
struct history_fetch *history_fetch_start(const struct history_fetch_options *options,
                                          const Pb__PollWorkflowTaskQueueResponse *task, bool from_start,
                                          history_fetch_done_fn *done, void *user);
void history_fetch_cancel(struct history_fetch *fetch);  /* any thread, before destroy: done comes soon */
void history_fetch_destroy(struct history_fetch *fetch); /* after done; NULL is fine */

/* After done. RESOURCE_EXHAUSTED is not retryable here: the history is over a limit. FAILED_PRECONDITION: the server's
 * history ends before the task's STARTED event, or has gaps. Else what the call said. */
enum status history_fetch_status(const struct history_fetch *fetch, const struct error **out_error);
/* The events, in order; they live as long as the fetch and the task. */
Pb__HistoryEvent *const *history_fetch_events(const struct history_fetch *fetch, size_t *out_count);

#endif
