/* Messages as SQS has them: received ones, and what is said of one that is sent. The calls are in aws/sqs_client.h.
 *
 * Thread: any; none of it is shared. */
#ifndef AWS_SQS_MESSAGE_H
#define AWS_SQS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_scan.h"

/* A received message. The texts are zero-terminated. */
struct sqs_message {
    const char *message_id;
    const char *receipt_handle;
    const char *json; /* the element of "Messages" in AWS's shape, byte for byte as it came */
    size_t json_length;
    struct json_slice body;       /* inside json: the raw JSON string with its quotes; data NULL: there is none */
    struct json_slice attributes; /* inside json: MessageAttributes, a raw JSON object; data NULL: there are none */
    const char *group_id;         /* NULL: none; so the next three */
    const char *sequence_number;  /* decimal, longer than 64 bits can hold */
    const char *deduplication_id;
    const char *trace_header;     /* the system attribute AWSTraceHeader */
    int64_t receive_count;        /* 0: not said */
    int64_t sent_timestamp_ms;    /* wall clock; 0: not said */
    bool is_damaged;              /* the MD5 of body or message attributes is another: do not forward */
};
/* The body's text, unescaped, zero-terminated beyond *out_length; free() it. NULL: there is none. */
char *sqs_message_body(const struct sqs_message *message, size_t *out_length);
/* A message from its JSON in AWS's shape, which is copied, however it came here. NULL: no JSON object with a MessageId
 * and a ReceiptHandle. */
struct sqs_message *sqs_message_from_json(const char *json, size_t length);
void sqs_message_destroy(struct sqs_message *message); /* of a message that was taken; NULL is fine */

struct sqs_message_attribute {
    const char *name;
    const char *type;  /* "String", "Number", "Binary", with ".custom" behind it if need be */
    const void *value; /* text, or bytes for Binary */
    size_t value_length;
};
/* SQS refuses more than 10 attributes, and body and attributes of more than 1 MiB together: SQS_ERROR_FINAL. */
struct sqs_send_entry {
    const char *body; /* UTF-8 */
    size_t body_length;
    struct json_slice body_json;  /* in place of body, unless data is NULL: a JSON string, sent byte for byte */
    const char *group_id;         /* NULL: none; so the next two */
    const char *deduplication_id;
    const char *trace_header;     /* the system attribute AWSTraceHeader */
    int delay_seconds;            /* -1: the queue's; a FIFO queue takes nothing else */
    const struct sqs_message_attribute *attributes;
    size_t attribute_count;
    /* MessageAttributes of a received message, sent byte for byte, but for those that `attributes` names, too; data
     * NULL: none. */
    struct json_slice attributes_json;
};

#endif
