/* What activities have done with the receipt handles of one queue, deletes and changes of visibility, while they wait:
 * a call that finds nothing of its kind under way goes out at once; those that come meanwhile are joined into batches.
 *
 * Threads: delete, change_visibility, wait and release from any; everything else belongs to the loop's thread. Receipt
 * handles are secrets: they are never logged. */
#ifndef WORKER_RECEIPT_QUEUE_H
#define WORKER_RECEIPT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/sqs_client.h"
#include "base/loop.h"
#include "base/metrics.h"

#define RECEIPT_CALLS_MAX 4         /* of a kind under way at once: one, and more only with full batches */
#define RECEIPT_TIMEOUT_MS 20000    /* of one call with its retries */

enum receipt_outcome {
    RECEIPT_PENDING,
    RECEIPT_DONE,
    RECEIPT_STALE,         /* the handle is no longer valid, the message not in flight or gone: nothing is left to do */
    RECEIPT_TRANSIENT,     /* again later */
    RECEIPT_MISSING_QUEUE, /* later, when somebody has made the queue */
    RECEIPT_DENIED,        /* later, when somebody has mended the credentials or their rights */
    RECEIPT_REFUSED        /* the same call fails again */
};

/* The calls of sqs_client.h behind a seam for tests. */
struct receipt_calls {
    struct sqs_call *(*delete_message)(struct sqs_client *client, const char *queue_url, const char *receipt_handle,
                                       int64_t deadline_ms, sqs_done_fn *done, void *user);
    struct sqs_call *(*delete_message_batch)(struct sqs_client *client, const char *queue_url,
                                             const char *const *receipt_handles, size_t count, int64_t deadline_ms,
                                             sqs_batch_done_fn *done, void *user);
    struct sqs_call *(*change_visibility)(struct sqs_client *client, const char *queue_url, const char *receipt_handle,
                                          int visibility_seconds, int64_t deadline_ms, sqs_done_fn *done, void *user);
    struct sqs_call *(*change_visibility_batch)(struct sqs_client *client, const char *queue_url,
                                                const struct sqs_visibility_entry *entries, size_t count,
                                                int64_t deadline_ms, sqs_batch_done_fn *done, void *user);
};

struct receipt_queue_options {
    struct loop *loop;          /* borrowed, as the next */
    struct sqs_client *client;
    const char *queue_url;      /* copied */
    struct metrics *metrics;
    struct receipt_calls calls; /* zeroed: the real ones */
};

struct receipt_queue;
struct receipt_ticket;

struct receipt_queue *receipt_queue_new(const struct receipt_queue_options *options);
/* No calls from here on: what still waits will wait for ever. After the loop has ended, before the client goes. */
void receipt_queue_stop(struct receipt_queue *queue);
/* After the client was destroyed and the loop has ended. NULL is fine. */
void receipt_queue_destroy(struct receipt_queue *queue);

/* Both copy the handle. */
struct receipt_ticket *receipt_queue_delete(struct receipt_queue *queue, const char *receipt_handle);
/* visibility_seconds: 0 .. SQS_VISIBILITY_SECONDS_MAX */
struct receipt_ticket *receipt_queue_change_visibility(struct receipt_queue *queue, const char *receipt_handle,
                                                       int visibility_seconds);
/* Waits until deadline_ms (clock_monotonic_ms). The text is for people and holds no handle, borrowed from the ticket:
 * why it is neither pending nor done. */
enum receipt_outcome receipt_ticket_wait(struct receipt_ticket *ticket, int64_t deadline_ms, const char **out_reason);
void receipt_ticket_release(struct receipt_ticket *ticket); /* also while pending: the call goes on unseen */

#endif
