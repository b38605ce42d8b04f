/* The trace context that a message's sender has put into it. Pure. */
#ifndef MESSAGES_MESSAGE_CONTEXT_H
#define MESSAGES_MESSAGE_CONTEXT_H

#include "aws/sqs_message.h"
#include "settings/settings.h"
#include "trace/context.h"

/* The message attributes traceparent and tracestate, which in an envelope are inside; else AWSTraceHeader, in which
 * X-Ray has the same. false: there is none. */
MUST_CHECK bool message_context_find(const struct sqs_message *message, enum settings_envelope envelope,
                                     struct trace_context *out);

#endif
