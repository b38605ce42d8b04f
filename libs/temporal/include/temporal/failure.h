/* Failures of workflows and activities as plain data: a chain of causes, the outermost first. */
#ifndef TEMPORAL_FAILURE_H
#define TEMPORAL_FAILURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "temporal/payload.h"

/* "application", "timeout", "canceled", "terminated", "server", "reset", "activity", "child_workflow",
 * "nexus_operation", "nexus_handler", or "unknown". Texts are owned and never NULL. */
struct temporal_failure {
    const char *kind;
    char *message;
    char *source;      /* which SDK raised it */
    char *stack_trace;
    /* application: the type that policies name. activity: the activity's type. child_workflow: the workflow's type.
     * timeout: "StartToClose", "ScheduleToStart", "ScheduleToClose" or "Heartbeat". Else "". */
    char *type;
    bool non_retryable;          /* application, server */
    int64_t next_retry_delay_ms; /* application; 0: by the retry policy */
    struct temporal_value *details; /* application, canceled; timeout: the last heartbeat's */
    size_t detail_count;
    struct temporal_failure *cause; /* NULL: none */
};

void temporal_failure_destroy(struct temporal_failure *failure); /* with its causes; NULL is fine */

/* The first application failure down the chain: the top is often only the activity's envelope. NULL: there is none. */
const struct temporal_failure *temporal_failure_application(const struct temporal_failure *failure);
/* The innermost cause: what really happened. NULL only for NULL. */
const struct temporal_failure *temporal_failure_root(const struct temporal_failure *failure);

/* New reference: {"kind", "message", "type", "nonRetryable", "details", "cause" ...}; what is empty is left out.
 * Details that are not JSON become {"encoding", "length"}. */
json_t *temporal_failure_json(const struct temporal_failure *failure);

#endif
