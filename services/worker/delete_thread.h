/* The thread "sqs" of ferry-worker: a loop with the HTTP client, the credentials and the SQS client on it, and the
 * queue of deletes that activities hand to it. */
#ifndef WORKER_DELETE_THREAD_H
#define WORKER_DELETE_THREAD_H

#include "base/error.h"
#include "base/metrics.h"
#include "delete_queue.h"

struct delete_thread;

/* INVALID_ARGUMENT: no region can be found, or the endpoint is no URL. */
MUST_CHECK enum status delete_thread_start(const char *queue_url, struct metrics *metrics,
                                           struct delete_thread **out_thread, struct error *error);
struct delete_queue *delete_thread_queue(struct delete_thread *thread);
/* Nobody waits for a delete any more. NULL is fine. */
void delete_thread_stop(struct delete_thread *thread);

#endif
