/* Messages in an envelope of SNS or EventBridge: the message that is meant is what stands inside. Pure. */
#ifndef MESSAGES_SRC_ENVELOPE_H
#define MESSAGES_SRC_ENVELOPE_H

#include "aws/sqs_message.h"
#include "base/buffer.h"
#include "base/error.h"
#include "settings/settings.h"

#define ENVELOPE_ATTRIBUTES_MAX 100 /* attributes that SNS put into the envelope */

/* Appends the message in AWS's shape: Body is SNS's Message, or the bytes of EventBridge's detail as they are; SNS's
 * attributes become message attributes, beside the message's own, which win; MessageId, ReceiptHandle and system
 * attributes stay; the MD5 sums, which are not this body's, go. kind: not ENVELOPE_NONE.
 * MALFORMED: the body is no such envelope (the text says what is missing, nothing of the body). TOO_LARGE: over out's
 * maximum. On failure out is unchanged. */
MUST_CHECK enum status envelope_unwrap(enum settings_envelope kind, const struct sqs_message *message,
                                       struct buffer *out, struct error *error);

#endif
