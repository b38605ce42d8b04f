/* Deletes of SQS messages for threads that wait: a delete that finds nothing under way goes out at once; those that
 * come meanwhile are joined into batches. One queue URL.
 *
 * Threads: submit, wait and release from any; everything else belongs to the loop's thread. Receipt handles are
 * secrets: they are never logged. */
#ifndef WORKER_DELETE_QUEUE_H
#define WORKER_DELETE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/sqs_client.h"
#include "base/loop.h"
#include "base/metrics.h"

#define DELETE_CALLS_MAX 4         /* under way at once: one, and more only with full batches */
#define DELETE_TIMEOUT_MS 20000    /* of one call with its retries */

enum delete_outcome {
    DELETE_PENDING,
    DELETE_DONE,
    DELETE_STALE,    /* the handle is no longer valid or the message is gone: nothing is left to do here */
    DELETE_TRANSIENT,/* again later */
    DELETE_REFUSED   /* the same delete fails again */
};

/* The two calls of sqs_client.h behind a seam for tests. */
struct delete_calls {
    struct sqs_call *(*delete_message)(struct sqs_client *client, const char *queue_url, const char *receipt_handle,
                                       int64_t deadline_ms, sqs_done_fn *done, void *user);
    struct sqs_call *(*delete_message_batch)(struct sqs_client *client, const char *queue_url,
                                             const char *const *receipt_handles, size_t count, int64_t deadline_ms,
                                             sqs_batch_done_fn *done, void *user);
};

struct delete_queue_options {
    struct loop *loop;         /* borrowed, as the next */
    struct sqs_client *client;
    const char *queue_url;     /* copied */
    struct metrics *metrics;
    struct delete_calls calls; /* zeroed: the real ones */
};

struct delete_queue;
struct delete_ticket;

struct delete_queue *delete_queue_new(const struct delete_queue_options *options);
/* No calls from here on: what still waits will wait for ever. After the loop has ended, before the client goes. */
void delete_queue_stop(struct delete_queue *queue);
/* After the client was destroyed and the loop has ended. NULL is fine. */
void delete_queue_destroy(struct delete_queue *queue);

/* Copies the handle. */
struct delete_ticket *delete_queue_submit(struct delete_queue *queue, const char *receipt_handle);
/* Waits until deadline_ms (clock_monotonic_ms). The first text is for logs, borrowed from the ticket: why it is neither
 * pending nor done. */
enum delete_outcome delete_ticket_wait(struct delete_ticket *ticket, int64_t deadline_ms, const char **out_reason);
void delete_ticket_release(struct delete_ticket *ticket); /* also while pending: the delete goes on unseen */

#endif
