/* See worker_trace.h. The attributes' names are those of the other SDKs' interceptors. */
#include "worker_trace.h"

#include <string.h>

static enum trace_kind kind_of(enum temporal_span_kind kind)
{
    switch (kind) {
    case TEMPORAL_SPAN_SERVER:
        return TRACE_KIND_SERVER;
    case TEMPORAL_SPAN_CLIENT:
        return TRACE_KIND_CLIENT;
    case TEMPORAL_SPAN_INTERNAL:
        break;
    }
    return TRACE_KIND_INTERNAL;
}

/* A traceparent with the parent's span ID in it: its own would do but for that. */
static bool parent_of(const struct temporal_span *span, const struct trace_context *context, struct trace_context *out)
{
    char text[TRACE_PARENT_SIZE];
    char *span_id = text + 2 + 1 + TRACE_ID_SIZE - 1 + 1;
    trace_context_format(context, text);
    if (strlen(span->parent_span_id) != TRACE_SPAN_ID_SIZE - 1) {
        return false;
    }
    memcpy(span_id, span->parent_span_id, TRACE_SPAN_ID_SIZE - 1);
    return trace_context_parse(text, strlen(text), out);
}

void worker_trace_record(const void *tracer, const struct temporal_span *span)
{
    struct trace_context context;
    struct trace_context parent;
    if (!trace_context_parse(span->traceparent, strlen(span->traceparent), &context)) {
        return;
    }
    trace_context_set_state(&context, span->tracestate, span->tracestate != NULL ? strlen(span->tracestate) : 0);
    bool has_parent = span->parent_span_id != NULL && parent_of(span, &context, &parent);
    struct trace_span *made =
        trace_span_new(&context, has_parent ? &parent : NULL, kind_of(span->kind), span->name);
    trace_span_set_times(made, span->start_wall_us, span->end_wall_us);
    trace_span_text(made, "temporalWorkflowID", span->workflow_id);
    trace_span_text(made, "temporalRunID", span->run_id);
    trace_span_text(made, "temporalActivityID", span->activity_id);
    if (span->attempt > 0) {
        trace_span_number(made, "temporalActivityAttempt", span->attempt);
    }
    if (span->has_failed) {
        trace_span_fail(made, span->failure_type, span->failure_message);
    }
    tracer_end(tracer, made);
}
