/* The built-in activity helloWorldActivity: validates the request, works, logs it, works again, deletes the message. */
#ifndef WORKER_HELLO_WORLD_ACTIVITY_H
#define WORKER_HELLO_WORLD_ACTIVITY_H

#include <stdint.h>

#include <temporal/worker.h>

struct settings;
struct sqs_thread;

/* Borrowed by the worker: outlives it. */
struct hello_world_activity {
    int64_t work_ms;                 /* each of the two waits */
    const struct settings *settings; /* borrowed: which queue a message is deleted from */
    const struct sqs_thread *sqs;    /* borrowed; NULL: the settings have no queue */
};

void hello_world_activity_register(struct temporal_worker *worker, struct hello_world_activity *options);

#endif
