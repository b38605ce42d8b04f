/* What to do with a message after the gateway spoke: HTTP outcome, entry of a batch, final status of a run. Pure. */
#ifndef POLLER_VERDICT_H
#define POLLER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings/settings.h"

/* How a whole events request ended. */
enum forward_result {
    FORWARD_ANSWERED,     /* 200: look at the entries */
    FORWARD_SPLIT,        /* 413 on several: each is sent again alone */
    FORWARD_REJECTED,     /* 413 on a single one: it can never be accepted */
    FORWARD_SLOWED,       /* 429: later, the circuit stays as it is */
    FORWARD_TARGET_FAILED /* everything else counts against the target: the circuit opens */
};
/* http_status 0: no answer. */
enum forward_result verdict_of_forward(int http_status, size_t event_count);

/* outcome of one entry of a batch. */
enum event_outcome {
    EVENT_STARTED,
    EVENT_ATTACHED, /* already running */
    EVENT_CLOSED,   /* already closed: look at the status */
    EVENT_REJECTED, /* can never be accepted */
    EVENT_RETRY,    /* transient: counts against the target */
    EVENT_UNKNOWN   /* a word we do not know: treated as retry */
};
enum event_outcome event_outcome_parse(const char *word); /* NULL: unknown */
const char *event_outcome_name(enum event_outcome outcome);

enum run_status {
    RUN_OPEN,
    RUN_COMPLETED,
    RUN_FAILED,
    RUN_TIMED_OUT,
    RUN_CANCELED,
    RUN_TERMINATED,
    RUN_NOT_FOUND, /* no workflow of that ID: deleted by hand, or past its retention */
    RUN_UNKNOWN    /* a word we do not know: still to be asked again */
};
/* "COMPLETED", "Completed", "TIMED_OUT", "TimedOut", "timed-out", "WORKFLOW_EXECUTION_STATUS_COMPLETED" … */
enum run_status run_status_parse(const char *word); /* NULL: unknown */
const char *run_status_name(enum run_status status);

/* What is known of a run that has closed. */
struct run_end {
    enum run_status status;
    int64_t attempt;       /* which of the message's runs it was, over all deliveries; 0: not known */
    bool is_non_retryable; /* its failure says so */
};

enum verdict_action {
    VERDICT_WAIT,        /* the run is open: keep the lease, wait */
    VERDICT_DELETE,
    VERDICT_RETURN,      /* visibility that grows with the receive count */
    VERDICT_RETRY,       /* held, forwarded again later */
    VERDICT_ATTEMPT,     /* another run, after a back-off and under a renewed lease */
    VERDICT_DEAD_LETTER
};
struct verdict {
    enum verdict_action action;
    const char *reason; /* a constant, for logs, metrics and dead letters: "completed", "failed" … */
};
/* is_signaled: the outcome is that of a signal, which is durable. end counts for EVENT_CLOSED alone. */
struct verdict verdict_of_event(enum event_outcome outcome, bool is_signaled, const struct run_end *end,
                                const struct settings_route *route);
struct verdict verdict_of_run(const struct run_end *end, const struct settings_route *route);
/* How long to wait before the attempt that follows this one (1: the first): the route's back-off, doubled each time. */
int64_t verdict_attempt_delay_ms(int64_t attempt, const struct settings_route *route);

/* A message that failed while others were accepted, again and again, is its own fault: returned at this many. */
#define VERDICT_ALONE_FAILURES_MAX 3u

#endif
