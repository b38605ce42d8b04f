/* Begins spans, with the sampler's word, and hands those that have ended to whoever sends them away. A tracer that is
 * NULL is tracing that is off: nothing begins then, and nothing is asked for. Any thread. */
#ifndef TRACE_TRACER_H
#define TRACE_TRACER_H

#include "trace/sampler.h"
#include "trace/span.h"

struct tracer {
    struct trace_sampler sampler;
    /* Takes the span. Any thread, and never blocks. */
    void (*take)(void *user, struct trace_span *take_span);
    void *user;
};

/* The parent's child, or the first of a new trace where parent is NULL. NULL: tracing is off. */
struct trace_span *tracer_begin(const struct tracer *tracer, const struct trace_context *parent, enum trace_kind kind,
                                const char *name);
/* The span ends now, unless its times were set, and goes to whoever takes it, where it is recorded. NULL is fine. */
void tracer_end(const struct tracer *tracer, struct trace_span *take_span);

#endif
