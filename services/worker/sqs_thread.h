/* The thread "sqs" of ferry-worker (aws/sqs_stack.h), with a queue of what activities hand to it for each of the
 * configuration's queues. No other queue can be reached through it. */
#ifndef WORKER_SQS_THREAD_H
#define WORKER_SQS_THREAD_H

#include "base/error.h"
#include "base/metrics.h"
#include "receipt_queue.h"
#include "settings/settings.h"

struct sqs_thread;

/* INVALID_ARGUMENT: the region or the endpoint of the environment is no such thing. */
MUST_CHECK enum status sqs_thread_start(const struct settings *settings, struct metrics *metrics,
                                        struct sqs_thread **out_thread, struct error *error);
/* Any thread. NULL: no queue of the configuration has exactly this URL. */
struct receipt_queue *sqs_thread_find(const struct sqs_thread *thread, const char *queue_url);
/* Nobody waits for an answer any more. NULL is fine. */
void sqs_thread_stop(struct sqs_thread *thread);

#endif
