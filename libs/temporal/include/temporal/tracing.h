/* Tracing. The SDK hands a W3C trace context along, in Temporal's header "_tracer-data", in which the OpenTelemetry
 * interceptors of the other SDKs write and read the same: from whoever starts a workflow to the workflow, and from
 * there to its activities. It does so always, and costs nothing where there is no such header.
 *
 * With a struct temporal_tracing in the worker's options it also says what it does, as spans named as those
 * interceptors name them; where they go is not the SDK's business:
 *
 *   RunWorkflow:{type}       once a run, when its first task is done; without a length, since no process has the whole
 *                            of a run in its hands; child of what the start's header names
 *   StartActivity:{type}     without a length; child of RunWorkflow
 *   RunActivity:{type}       each attempt; child of StartActivity
 *   CompleteWorkflow:{type}  when the run ends; without a length; child of RunWorkflow
 *
 * Nothing is said in replay, and nothing of a run or activity that has no context, or one that is not sampled. Span IDs
 * in workflows are a function of the run, so that they are the same on every worker. */
#ifndef TEMPORAL_TRACING_H
#define TEMPORAL_TRACING_H

#include <stdbool.h>
#include <stdint.h>

#define TEMPORAL_TRACE_HEADER "_tracer-data"

enum temporal_span_kind { TEMPORAL_SPAN_SERVER, TEMPORAL_SPAN_CLIENT, TEMPORAL_SPAN_INTERNAL };

/* Borrowed for the call. Texts: NULL where there is none. */
struct temporal_span {
    const char *name; /* "RunActivity:charge" */
    enum temporal_span_kind kind;
    const char *traceparent;    /* the span's own: trace ID, span ID, flags */
    const char *tracestate;
    const char *parent_span_id; /* 16 hexadecimal digits */
    int64_t start_wall_us;
    int64_t end_wall_us;
    const char *workflow_id;
    const char *run_id;
    const char *activity_id;
    int attempt;                /* of the activity; 0: no activity */
    bool has_failed;
    const char *failure_type;
    const char *failure_message;
};

struct temporal_tracing {
    /* Any thread; must not block. */
    void (*record)(const void *user, const struct temporal_span *span);
    const void *user;
};

#endif
