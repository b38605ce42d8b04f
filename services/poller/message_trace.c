/* See message_trace.h. Names and attributes are those of OpenTelemetry's conventions for messaging and HTTP; what they
 * have no name for begins with "ferry.". */
#include "message_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "messages/message_context.h"

#define NAME_SIZE 256

/* What every span about a queue has. */
static void describe(struct trace_span *span, const char *operation, const char *queue_name, const char *queue_url,
                     const struct message *message)
{
    trace_span_text(span, "messaging.system", "aws_sqs");
    trace_span_text(span, "messaging.operation.name", operation);
    trace_span_text(span, "messaging.operation.type", operation);
    trace_span_text(span, "messaging.destination.name", queue_name);
    trace_span_text(span, "aws.sqs.queue.url", queue_url);
    trace_span_text(span, "messaging.message.id", message_id(message));
}

void message_trace_begin(struct message *message, const struct tracer *tracer, const struct settings_queue *queue,
                         const char *name)
{
    struct trace_context sender;
    char title[NAME_SIZE];
    if (tracer == NULL || message->trace != NULL) {
        return;
    }
    bool has_sender = message_context_find(message->delivery, queue->envelope, &sender);
    struct message_trace *trace = memory_alloc(sizeof *trace);
    (void)snprintf(title, sizeof title, "process %s", name); /* cut: fine */
    trace->tracer = tracer;
    trace->process = tracer_begin(tracer, has_sender ? &sender : NULL, TRACE_KIND_CONSUMER, title);
    trace_id_format(trace->process->context.trace_id, trace->trace_id);
    trace_span_id_format(trace->process->context.span_id, trace->span_id);
    message->trace = trace;
    describe(trace->process, "process", name, queue->url, message);
    trace_span_text(trace->process, "ferry.message.group", message_group(message));
    trace_span_number(trace->process, "ferry.receive_count", message->delivery->receive_count);
}

static void end(struct message *message, const char *outcome)
{
    struct message_trace *trace = message->trace;
    trace_span_text(trace->process, "ferry.outcome", outcome);
    trace_span_text(trace->process, "ferry.workflow.id", message->watch.workflow_id);
    trace_span_text(trace->process, "ferry.workflow.run_id", message->run_id);
    if (message->attempt > 0) {
        trace_span_number(trace->process, "ferry.attempt", message->attempt);
    }
    tracer_end(trace->tracer, trace->step);
    tracer_end(trace->tracer, trace->process);
    free(trace);
    message->trace = NULL;
}

void message_trace_end(struct message *message, const char *outcome)
{
    if (message->trace != NULL) {
        end(message, outcome);
    }
}

void message_trace_end_unsettled(struct message *message)
{
    if (message->trace == NULL) {
        return;
    }
    if (message->leave_seconds != 0) {
        trace_span_fail(message->trace->process, message->leave_reason,
                        message->setback != NULL ? message->setback->detail : NULL);
    } else {
        trace_span_text(message->trace->process, "ferry.reason", message->leave_reason);
    }
    end(message, "returned");
}

void message_trace_destroy(struct message *message)
{
    message_trace_end(message, "given_up");
}

void message_trace_event(struct message *message, const char *event, const char *key, const char *value)
{
    if (message->trace != NULL) {
        trace_span_event(message->trace->process, event, key, value);
    }
}

static struct trace_span *begin_step(struct message *message, enum trace_kind kind, const char *name)
{
    struct message_trace *trace = message->trace;
    tracer_end(trace->tracer, trace->step); /* of a request that was given up */
    trace->step = tracer_begin(trace->tracer, &trace->process->context, kind, name);
    return trace->step;
}

void message_trace_forward(struct message *message, const char *route, const char *workflow_type)
{
    if (message->trace == NULL) {
        return;
    }
    struct trace_span *span = begin_step(message, TRACE_KIND_CLIENT, "POST /v1/routes/{route}/events");
    trace_span_text(span, "http.request.method", "POST");
    trace_span_text(span, "url.template", "/v1/routes/{route}/events");
    trace_span_text(span, "ferry.route", route);
    trace_span_text(span, "ferry.workflow.type", workflow_type);
    trace_span_text(span, "messaging.message.id", message_id(message));
}

const struct trace_context *message_trace_step_context(const struct message *message)
{
    return message->trace != NULL ? trace_span_context(message->trace->step) : NULL;
}

void message_trace_settle(struct message *message, const char *queue_name)
{
    char title[NAME_SIZE];
    if (message->trace != NULL) {
        (void)snprintf(title, sizeof title, "settle %s", queue_name); /* cut: fine */
        describe(begin_step(message, TRACE_KIND_CLIENT, title), "settle", queue_name, NULL, message);
    }
}

void message_trace_dead_letter(struct message *message, const char *queue_url)
{
    char title[NAME_SIZE];
    const char *slash = strrchr(queue_url, '/');
    const char *queue_name = slash != NULL ? slash + 1 : queue_url;
    if (message->trace != NULL) {
        (void)snprintf(title, sizeof title, "send %s", queue_name); /* cut: fine */
        struct trace_span *span = begin_step(message, TRACE_KIND_PRODUCER, title);
        describe(span, "send", queue_name, queue_url, message);
        trace_span_text(span, "ferry.reason", message->setback != NULL ? message->setback->reason : NULL);
    }
}

void message_trace_step_fail(struct message *message, const char *type, const char *detail)
{
    if (message->trace != NULL) {
        trace_span_fail(message->trace->step, type, detail);
    }
}

void message_trace_step_end(struct message *message, int http_status)
{
    if (message->trace == NULL || message->trace->step == NULL) {
        return;
    }
    if (http_status > 0) {
        trace_span_number(message->trace->step, "http.response.status_code", http_status);
    }
    tracer_end(message->trace->tracer, message->trace->step);
    message->trace->step = NULL;
}

const char *message_trace_id(const struct message *message)
{
    return message->trace != NULL ? message->trace->trace_id : NULL;
}

const char *message_trace_span_id(const struct message *message)
{
    return message->trace != NULL ? message->trace->span_id : NULL;
}
