/* The gateway's answer to an events request: one result for each message. Pure. */
#ifndef POLLER_EVENT_RESULTS_H
#define POLLER_EVENT_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "base/error.h"
#include "verdict.h"

struct event_result {
    enum event_outcome outcome;
    enum run_status status; /* of closed */
    const char *workflow_id; /* the texts: "" when not said */
    const char *run_id;
    const char *first_run_id; /* run_id when not said */
    const char *failure_type;
    const char *failure_message;
    const char *reason;
    const char *reject_class; /* of rejected: one word */
    bool is_non_retryable;    /* of closed: its failure says so */
    bool is_signaled;         /* the signal is durable */
    int64_t attempt;        /* 0: not said */
    int64_t retry_after_ms; /* 0: not said */
};
struct event_results {
    struct answer_texts texts;
    struct event_result *entries;
    size_t count;
};
/* MALFORMED: not JSON, or not one entry with an outcome for each of count events, or a start without its IDs. */
MUST_CHECK enum status event_results_parse(const char *body, size_t length, size_t count,
                                           struct event_results *out_results, struct error *error);
void event_results_deinit(struct event_results *results);

#endif
