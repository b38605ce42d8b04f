/* What the SDK says of workflows and activities, as spans for the collector. */
#ifndef WORKER_WORKER_TRACE_H
#define WORKER_WORKER_TRACE_H

#include <temporal/tracing.h>

#include "trace/tracer.h"

/* The listener's function, with the tracer; any thread. */
void worker_trace_record(const void *tracer, const struct temporal_span *span);

#endif
