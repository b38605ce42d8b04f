/* The built-in activity helloWorldActivity: validates the request, works, logs it, works again, deletes the message. */
#ifndef WORKER_HELLO_WORLD_ACTIVITY_H
#define WORKER_HELLO_WORLD_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include <temporal/worker.h>

struct delete_queue;

/* Borrowed by the worker: outlives it. */
struct hello_world_activity {
    int64_t work_ms;              /* each of the two waits */
    struct delete_queue *deletes; /* NULL: see the next */
    bool leaves_message;          /* no delete: by its route the poller or nobody else has to */
};

void hello_world_activity_register(struct temporal_worker *worker, struct hello_world_activity *options);

#endif
