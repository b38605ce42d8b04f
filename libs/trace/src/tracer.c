/* See trace/tracer.h. */
#include "trace/tracer.h"

#include "base/clock.h"

struct trace_span *tracer_begin(const struct tracer *tracer, const struct trace_context *parent, enum trace_kind kind,
                                const char *name)
{
    struct trace_context context;
    if (tracer == NULL) {
        return NULL;
    }
    if (parent != NULL) {
        trace_context_child(parent, &context);
    } else {
        trace_context_new(&context);
    }
    if (trace_sampler_decide(&tracer->sampler, parent, context.trace_id)) {
        context.flags |= TRACE_FLAG_SAMPLED;
    } else {
        context.flags &= (uint8_t)~TRACE_FLAG_SAMPLED;
    }
    return trace_span_new(&context, parent, kind, name);
}

void tracer_end(const struct tracer *tracer, struct trace_span *take_span)
{
    if (take_span == NULL) {
        return;
    }
    if (tracer == NULL || !take_span->is_recorded) {
        trace_span_destroy(take_span);
        return;
    }
    if (take_span->end_wall_us == 0) { /* the wall clock may have been set meanwhile */
        take_span->end_wall_us = take_span->start_wall_us + (clock_monotonic_us() - take_span->start_us);
    }
    tracer->take(tracer->user, take_span);
}
