/* The trace context of runs and activities: handed on, and spans said (temporal/tracing.h). Outside of the engine: what
 * replay decides knows nothing of it. */
#ifndef TEMPORAL_WORKER_TRACING_H
#define TEMPORAL_WORKER_TRACING_H

#include <temporal/api/command/v1/message.pb-c.h>
#include <temporal/api/common/v1/message.pb-c.h>

#include "temporal/tracing.h"
#include "trace/context.h"

/* The header's payload of that name; NULL: there is none. header may be NULL. */
const Pb__Payload *tracing_header_find(const Pb__Header *header);
/* false: there is none, or it is no context. */
bool tracing_header_parse(const Pb__Payload *payload, struct trace_context *out);

/* A run whose task was done. */
struct tracing_run {
    const Pb__Payload *header; /* of its start; NULL: none, and nothing is done */
    const char *workflow_type;
    const char *workflow_id;
    const char *run_id;
    bool is_first_task;
};
/* The commands that a task is answered with get the context; tracing (NULL: nobody listens) hears of them. */
void tracing_run_commands(const struct temporal_tracing *tracing, const struct tracing_run *run,
                          Pb__Command *const *commands, size_t count);

/* An attempt of an activity. */
struct tracing_attempt {
    bool has_context;
    bool is_recorded;
    struct trace_context context; /* the attempt's own span's, else what came in the header */
    struct trace_context parent;
    int64_t start_wall_us;
    char traceparent[TRACE_PARENT_SIZE]; /* of context; the next two are its parts */
    char trace_id[TRACE_ID_SIZE];
    char span_id[TRACE_SPAN_ID_SIZE];
};
void tracing_attempt_init(struct tracing_attempt *attempt, const struct temporal_tracing *tracing,
                          const Pb__Header *header);
/* span: all but what the attempt knows itself is filled in. */
void tracing_attempt_end(const struct tracing_attempt *attempt, const struct temporal_tracing *tracing,
                         struct temporal_span *span);

#endif
