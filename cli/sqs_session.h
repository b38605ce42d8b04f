/* SQS for a command that does one thing after another: each call blocks until its answer. One thread. */
#ifndef CLI_SQS_SESSION_H
#define CLI_SQS_SESSION_H

#include "aws/sqs_client.h"
#include "base/error.h"

#define SQS_SESSION_CALL_MS 30000 /* a call, its retries included */

struct sqs_session;

MUST_CHECK enum status sqs_session_new(struct sqs_session **out_session, struct error *error);
void sqs_session_destroy(struct sqs_session *session); /* NULL is fine */

/* The messages are the caller's: sqs_message_destroy. *out_count 0: the queue gave none within wait_seconds. */
MUST_CHECK enum status sqs_session_receive(struct sqs_session *session, const char *queue_url, int wait_seconds,
                                           int visibility_seconds, struct sqs_message *out_messages[SQS_BATCH_MAX],
                                           size_t *out_count, struct error *error);
MUST_CHECK enum status sqs_session_send(struct sqs_session *session, const char *queue_url,
                                        const struct sqs_send_entry *entry, struct error *error);
MUST_CHECK enum status sqs_session_delete(struct sqs_session *session, const char *queue_url,
                                          const char *receipt_handle, struct error *error);
MUST_CHECK enum status sqs_session_change_visibility(struct sqs_session *session, const char *queue_url,
                                                     const char *receipt_handle, int seconds, struct error *error);

#endif
