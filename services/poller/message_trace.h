/* The spans of a message in hand: "process {queue}" from its receive until it leaves hand, and below it one for each
 * request that is made for it. With tracing off a message has none, and every function here does nothing. The loop's
 * thread owns them. */
#ifndef POLLER_MESSAGE_TRACE_H
#define POLLER_MESSAGE_TRACE_H

#include "message.h"
#include "settings/settings.h"
#include "trace/tracer.h"

struct message_trace {
    const struct tracer *tracer;
    struct trace_span *process;
    struct trace_span *step; /* the request under way; NULL: none */
    char trace_id[TRACE_ID_SIZE];
    char span_id[TRACE_SPAN_ID_SIZE]; /* of process */
};

/* tracer NULL: tracing is off. name: the queue's. One that has a trace already keeps it. */
void message_trace_begin(struct message *message, const struct tracer *tracer, const struct settings_queue *queue,
                         const char *name);
/* Settled: outcome is a word. */
void message_trace_end(struct message *message, const char *outcome);
/* It leaves hand unsettled, for message->leave_reason; at visibility 0 for no fault of its own. */
void message_trace_end_unsettled(struct message *message);
/* Whoever frees a message calls it; a span that is still there ends. */
void message_trace_destroy(struct message *message);

/* What happens to it; key NULL: nothing more is said. */
void message_trace_event(struct message *message, const char *event, const char *key, const char *value);

/* A request for this message begins. Its name is "{method} {template}". */
void message_trace_forward(struct message *message, const char *route, const char *workflow_type);
/* The request's context; NULL: there is no request under way, or tracing is off. */
const struct trace_context *message_trace_step_context(const struct message *message);
/* "settle {queue}" and "send {queue}", of the queue with this name. */
void message_trace_settle(struct message *message, const char *queue_name);
void message_trace_dead_letter(struct message *message, const char *queue_url);
/* It has failed: type is a word. To be said before its end. */
void message_trace_step_fail(struct message *message, const char *type, const char *detail);
void message_trace_step_end(struct message *message, int http_status); /* 0: not known */

/* For logs; NULL: none. */
const char *message_trace_id(const struct message *message);
const char *message_trace_span_id(const struct message *message);

#endif
