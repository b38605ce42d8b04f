/* SQS for a command that does one thing after another: each call blocks until its answer. One thread. */
#ifndef CLI_SQS_SESSION_H
#define CLI_SQS_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "aws/sqs_client.h"
#include "base/error.h"

#define SQS_SESSION_CALL_MS 30000 /* a call, its retries included */
#define SQS_SESSION_CODE_SIZE 64

struct sqs_session;

MUST_CHECK enum status sqs_session_new(struct sqs_session **out_session, struct error *error);
void sqs_session_destroy(struct sqs_session *session); /* NULL is fine */

/* Of the last call that failed: "QueueDoesNotExist", "" where the answer held none or there was none. */
enum sqs_error_class sqs_session_error_class(const struct sqs_session *session);
const char *sqs_session_error_code(const struct sqs_session *session);

/* clock_monotonic_ms(): the time of those who wait with the session. */
int64_t sqs_session_now_ms(const struct sqs_session *session);
/* Waits until sqs_session_now_ms() is that, or a little longer. */
void sqs_session_wait_until(struct sqs_session *session, int64_t monotonic_ms);

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

/* What became of one entry of a batch. */
struct sqs_session_entry {
    bool is_ok;
    enum sqs_error_class class; /* where it is not: why */
    char text[256];
    char message_id[128]; /* send: what SQS calls it; "" elsewhere */
};
/* 1 .. SQS_BATCH_MAX entries; out_entries: one for each, in order. The error: the call as a whole failed. */
MUST_CHECK enum status sqs_session_send_batch(struct sqs_session *session, const char *queue_url,
                                              const struct sqs_send_entry *entries, size_t count,
                                              struct sqs_session_entry *out_entries, struct error *error);
MUST_CHECK enum status sqs_session_delete_batch(struct sqs_session *session, const char *queue_url,
                                                const char *const *receipt_handles, size_t count,
                                                struct sqs_session_entry *out_entries, struct error *error);
MUST_CHECK enum status sqs_session_change_visibility_batch(struct sqs_session *session, const char *queue_url,
                                                           const char *const *receipt_handles, size_t count,
                                                           int seconds, struct sqs_session_entry *out_entries,
                                                           struct error *error);

/* All attributes of the queue as an object of texts: {"ApproximateNumberOfMessages": "3", ...}; json_decref() it. */
MUST_CHECK enum status sqs_session_get_queue_attributes(struct sqs_session *session, const char *queue_url,
                                                        json_t **out_attributes, struct error *error);

/* OK where SQS answers as it does to who may send, and nothing is sent in any case (aws/sqs_client.h). The error: what
 * else it answered. */
MUST_CHECK enum status sqs_session_probe_send(struct sqs_session *session, const char *queue_url, struct error *error);
/* Where the credentials are from, "environment" ...: a constant. The error: there are none, or they cannot be had. */
MUST_CHECK enum status sqs_session_find_credentials(struct sqs_session *session, const char **out_source,
                                                    struct error *error);

#endif
