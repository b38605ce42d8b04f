/* The trace context that a message's sender has put into it, where its attributes have been found already. Pure. */
#ifndef MESSAGES_SRC_MESSAGE_CONTEXT_H
#define MESSAGES_SRC_MESSAGE_CONTEXT_H

#include "messages/message_context.h"

/* attributes: MessageAttributes, raw JSON; data NULL: there are none. */
MUST_CHECK bool message_context_of_attributes(const struct sqs_message *message, struct json_slice attributes,
                                              struct trace_context *out);

#endif
