/* See request_trace.h. Names and attributes are those of OpenTelemetry's conventions for HTTP servers, and of the
 * interceptors of Temporal's SDKs. */
#include "request_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "service/service.h"
#include "temporal/tracing.h"
#include "trace/carrier.h"

#define NAME_SIZE 256
#define API_PREFIX "/v1/"
#define WAIT_PATH "/v1/runs/wait" /* a poller's long poll, again and again and for many messages at once */
#define STATUS_SERVER_ERROR 500

static bool read_headers(const struct http_exchange *exchange, struct trace_context *out)
{
    const char *parent = http_exchange_header(exchange, "traceparent");
    const char *state = http_exchange_header(exchange, "tracestate");
    if (parent == NULL || !trace_context_parse(parent, strlen(parent), out)) {
        return false;
    }
    trace_context_set_state(out, state, state != NULL ? strlen(state) : 0);
    return true;
}

void request_trace_begin(const struct gateway *gateway, struct http_exchange *exchange)
{
    struct trace_context parent;
    char name[NAME_SIZE];
    char traceparent[TRACE_PARENT_SIZE];
    const struct http_route *route = http_exchange_route(exchange);
    if (gateway->tracer == NULL || route == NULL || strncmp(route->path, API_PREFIX, strlen(API_PREFIX)) != 0) {
        return;
    }
    bool has_parent = read_headers(exchange, &parent);
    if (!has_parent && strcmp(route->path, WAIT_PATH) == 0) {
        return;
    }
    (void)snprintf(name, sizeof name, "%s %s", route->method, route->path); /* cut: fine */
    struct trace_span *span =
        tracer_begin(gateway->tracer, has_parent ? &parent : NULL, TRACE_KIND_SERVER, name);
    trace_span_text(span, "http.request.method", route->method);
    trace_span_text(span, "http.route", route->path);
    trace_span_text(span, "url.path", http_exchange_path(exchange));
    trace_span_text(span, "url.scheme", gateway->tls != NULL ? "https" : "http");
    trace_span_text(span, "client.address", http_exchange_peer(exchange));
    trace_context_format(&span->context, traceparent);
    http_exchange_add_header(exchange, "traceparent", traceparent);
    http_exchange_attach(exchange, span);
}

void request_trace_end(void *user, void *attachment, int status)
{
    const struct gateway *gateway = user;
    struct trace_span *span = attachment;
    char code[16];
    if (status > 0) {
        trace_span_number(span, "http.response.status_code", status);
    }
    (void)snprintf(code, sizeof code, "%d", status);
    if (status == 0 || status >= STATUS_SERVER_ERROR) {
        trace_span_fail(span, status == 0 ? "no_answer" : code, NULL);
    }
    tracer_end(gateway->tracer, span);
}

bool request_trace_context(const struct http_exchange *exchange, struct trace_context *out)
{
    const struct trace_span *span = http_exchange_attachment(exchange);
    if (span == NULL) {
        return read_headers(exchange, out);
    }
    *out = span->context;
    return true;
}

void request_trace_link(struct http_exchange *exchange, const struct trace_context *to)
{
    struct trace_span *span = http_exchange_attachment(exchange);
    if (span != NULL && memcmp(span->context.trace_id, to->trace_id, sizeof to->trace_id) != 0) {
        trace_span_link(span, to);
    }
}

bool request_trace_of_event(struct json_slice traceparent, struct json_slice tracestate, struct trace_context *out)
{
    size_t length = 0;
    char *text = traceparent.data != NULL ? json_scan_string(traceparent, &length) : NULL;
    bool is_context = text != NULL && trace_context_parse(text, length, out);
    free(text);
    if (is_context && tracestate.data != NULL) {
        text = json_scan_string(tracestate, &length);
        trace_context_set_state(out, text, text != NULL ? length : 0);
        free(text);
    }
    return is_context;
}

void start_trace_begin(struct start_trace *trace, const struct tracer *tracer, const struct trace_context *parent,
                       const char *operation, const char *workflow_type, const char *workflow_id)
{
    size_t length = 0;
    *trace = (struct start_trace){.tracer = tracer};
    if (tracer != NULL && operation != NULL) {
        char *name = memory_format("%s:%s", operation, workflow_type);
        trace->span = tracer_begin(tracer, parent, TRACE_KIND_CLIENT, name);
        trace_span_text(trace->span, "temporalWorkflowID", workflow_id);
        free(name);
        parent = trace_span_context(trace->span);
    }
    if (parent != NULL) {
        trace->carrier = trace_carrier_write(parent, NULL, 0, &length);
        trace->header =
            (struct temporal_memo_entry){TEMPORAL_TRACE_HEADER, {.data = trace->carrier, .length = length}};
    }
}

void start_trace_options(const struct start_trace *trace, struct temporal_start_options *options)
{
    if (trace->carrier != NULL) {
        options->headers = &trace->header;
        options->header_count = 1;
    }
}

void start_trace_end(struct start_trace *trace, const char *outcome, const char *run_id, const struct error *error)
{
    trace_span_text(trace->span, "ferry.outcome", outcome);
    trace_span_text(trace->span, "temporalRunID", run_id);
    if (error != NULL) {
        trace_span_fail(trace->span, status_name(error->status), error->text);
    }
    tracer_end(trace->tracer, trace->span);
    trace->span = NULL;
}

void start_trace_deinit(struct start_trace *trace)
{
    start_trace_end(trace, NULL, NULL, NULL);
    free(trace->carrier);
    trace->carrier = NULL;
}
