/* The traces of requests: a span for each request of the API, one for each start at Temporal, and the context that goes
 * along with it. With tracing off there are no spans, but what a caller has sent still goes along. */
#ifndef GATEWAY_REQUEST_TRACE_H
#define GATEWAY_REQUEST_TRACE_H

#include "base/json_scan.h"
#include "gateway.h"
#include "trace/tracer.h"

/* The admit hook: begins the request's span, whose context the reply's header traceparent tells. */
void request_trace_begin(const struct gateway *gateway, struct http_exchange *exchange);
/* The server's ended hook; user is the gateway. */
void request_trace_end(void *user, void *attachment, int status);

/* The context of a request's span; with tracing off what its headers bring. false: there is none. */
MUST_CHECK bool request_trace_context(const struct http_exchange *exchange, struct trace_context *out);
/* Handlers, before the reply: its span has to do with that one, of another trace. */
void request_trace_link(struct http_exchange *exchange, const struct trace_context *to);

/* The context in an event's own attributes, raw JSON strings. false: there is none. */
MUST_CHECK bool request_trace_of_event(struct json_slice traceparent, struct json_slice tracestate,
                                       struct trace_context *out);

/* A start on its way to Temporal. Zeroed: none. */
struct start_trace {
    const struct tracer *tracer;
    struct trace_span *span; /* NULL: tracing is off, or it has ended */
    char *carrier;           /* what goes along; NULL: nothing */
    struct temporal_memo_entry header;
};
/* parent NULL: none. operation: "StartWorkflow", the first part of the span's name; NULL: no span. */
void start_trace_begin(struct start_trace *trace, const struct tracer *tracer, const struct trace_context *parent,
                       const char *operation, const char *workflow_type, const char *workflow_id);
void start_trace_options(const struct start_trace *trace, struct temporal_start_options *options);
/* The start's outcome is known. error NULL: it has gone well. Harmless when repeated. */
void start_trace_end(struct start_trace *trace, const char *outcome, const char *run_id, const struct error *error);
void start_trace_deinit(struct start_trace *trace);

#endif
