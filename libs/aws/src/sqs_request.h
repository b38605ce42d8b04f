/* Bodies of SQS requests in AWS JSON 1.0. Pure. Each writes one whole object; false: a text is not UTF-8, or the body
 * would pass out's maximum. Entries of batches get their index as Id. Private to libs/aws. */
#ifndef AWS_SRC_SQS_REQUEST_H
#define AWS_SRC_SQS_REQUEST_H

#include "aws/sqs_client.h"
#include "base/buffer.h"

MUST_CHECK bool sqs_request_receive(struct buffer *out, const struct sqs_receive_request *request);
MUST_CHECK bool sqs_request_delete(struct buffer *out, const char *queue_url, const char *receipt_handle);
MUST_CHECK bool sqs_request_visibility(struct buffer *out, const char *queue_url,
                                       const struct sqs_visibility_entry *entry);
MUST_CHECK bool sqs_request_send(struct buffer *out, const char *queue_url, const struct sqs_send_entry *entry);
MUST_CHECK bool sqs_request_delete_batch(struct buffer *out, const char *queue_url,
                                         const char *const *receipt_handles, size_t count);
MUST_CHECK bool sqs_request_visibility_batch(struct buffer *out, const char *queue_url,
                                             const struct sqs_visibility_entry *entries, size_t count);
MUST_CHECK bool sqs_request_send_batch(struct buffer *out, const char *queue_url,
                                       const struct sqs_send_entry *entries, size_t count);
MUST_CHECK bool sqs_request_attributes(struct buffer *out, const char *queue_url);
MUST_CHECK bool sqs_request_queue_url(struct buffer *out, const char *queue_name);
MUST_CHECK bool sqs_request_create(struct buffer *out, const char *queue_name,
                                   const struct sqs_queue_attribute *attributes, size_t count);

#endif
