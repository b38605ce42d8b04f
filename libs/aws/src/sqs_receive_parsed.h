/* From the answer of ReceiveMessage to messages. Pure. Private to libs/aws. */
#ifndef AWS_SRC_SQS_RECEIVE_PARSED_H
#define AWS_SRC_SQS_RECEIVE_PARSED_H

#include "aws/sqs_client.h"

/* What the callback borrows. Caller's storage. */
struct sqs_receive_parsed {
    struct sqs_receive_result result; /* first: sqs_receive_result_take() comes back from it */
    struct sqs_message *messages[SQS_BATCH_MAX]; /* owned; NULL: taken */
};

/* MALFORMED: not a JSON object, Messages neither missing, null nor an array, or more than SQS_BATCH_MAX of them. */
MUST_CHECK enum status sqs_receive_parse(const char *text, size_t length, struct sqs_receive_parsed *out,
                                         struct error *error);
void sqs_receive_parsed_deinit(struct sqs_receive_parsed *parsed);

#endif
