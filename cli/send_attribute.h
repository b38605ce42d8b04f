/* Message attributes as the command line has them. Pure. */
#ifndef CLI_SEND_ATTRIBUTE_H
#define CLI_SEND_ATTRIBUTE_H

#include "aws/sqs_message.h"
#include "base/error.h"

/* "colour=red" is a text, "weight:Number=5" another of SQS's types, but for Binary. The names are as SQS has them:
 * letters, digits, "_", "-" and ".". INVALID_ARGUMENT: it is none of this. On success send_attribute_deinit(). */
MUST_CHECK enum status send_attribute_parse(const char *text, struct sqs_message_attribute *out_attribute,
                                            struct error *error);
void send_attribute_deinit(struct sqs_message_attribute *attribute);

#endif
