/* A message of a queue as the CloudEvent that the poller sends the gateway. Pure. */
#ifndef MESSAGES_MESSAGE_EVENT_H
#define MESSAGES_MESSAGE_EVENT_H

#include <stdbool.h>

#include "aws/sqs_message.h"
#include "base/buffer.h"
#include "base/error.h"
#include "settings/settings.h"

#define MESSAGE_EVENT_CONTENT_TYPE "application/cloudevents-batch+json" /* of a list of them, in brackets */

struct trace_context; /* trace/context.h */

struct message_event {
    const struct sqs_message *message;
    enum settings_envelope envelope;
    const char *quoted_source; /* the queue's URL as a JSON string */
    const char *after;         /* the run after which another attempt is asked for; NULL: none is */
    bool is_anew;              /* attempts are counted from 1 again */
    /* What becomes the event's traceparent and tracestate; NULL: what the sender has put into the message. */
    const struct trace_context *context;
};

/* Appends one event (and a comma before all but the first); its data is what stands inside the envelope.
 * INVALID_ARGUMENT: the message's texts are not UTF-8; TOO_LARGE: over out's maximum; MALFORMED: it is not in the
 * envelope. On failure out is unchanged. */
MUST_CHECK enum status message_event_append(struct buffer *out, const struct message_event *event, bool is_first,
                                            struct error *error);
/* The word for such a failure among the gateway's classes of rejected messages. */
const char *message_event_reject_class(enum status status);

#endif
