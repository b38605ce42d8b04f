/* The activities sqs.DeleteMessage and sqs.ChangeMessageVisibility, for workflows of any SDK that settle their message
 * themselves. docs/own-worker.md shows a caller; docs/adr/0020 says which queues one may name.
 *
 * Results: {"deleted": true} or {"deleted": false, "note": why}; likewise "changed". A stale handle, a message not in
 * flight or gone is such a note. Failures: InvalidInput, QueueNotAllowed and Refused cannot be retried; MissingQueue,
 * AccessDenied and Unavailable can. */
#ifndef WORKER_SQS_ACTIVITIES_H
#define WORKER_SQS_ACTIVITIES_H

#include <temporal/worker.h>

struct settings;
struct sqs_thread;

/* Borrowed by the worker: outlives it. */
struct sqs_activities {
    const struct settings *settings; /* borrowed, as the next */
    const struct sqs_thread *sqs;    /* NULL: the settings have no queue */
};

void sqs_activities_register(struct temporal_worker *worker, struct sqs_activities *options);

#endif
