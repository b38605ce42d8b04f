/* Which traces are recorded: OpenTelemetry's samplers. Pure. */
#ifndef TRACE_SAMPLER_H
#define TRACE_SAMPLER_H

#include "trace/context.h"

enum trace_sampler_kind { TRACE_SAMPLER_ALWAYS_ON, TRACE_SAMPLER_ALWAYS_OFF, TRACE_SAMPLER_RATIO };

struct trace_sampler {
    enum trace_sampler_kind root; /* what decides where there is no parent */
    bool is_parent_based;         /* a parent's decision holds */
    uint64_t threshold;           /* RATIO: the last 8 bytes of a trace ID, shifted right by one, are below it */
};

/* name and argument as OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG have them; NULL or "": the default,
 * parentbased_always_on, and a ratio of 1. false: no such sampler, or no ratio from 0 to 1: *out is the default then,
 * or has the ratio 1. */
bool trace_sampler_parse(const char *name, const char *argument, struct trace_sampler *out);
/* parent NULL: none. */
bool trace_sampler_decide(const struct trace_sampler *sampler, const struct trace_context *parent,
                          const uint8_t trace_id[TRACE_ID_BYTES]);

#endif
