/* The built-in workflow helloWorld: an SQS message in, one activity, "finished!" out. */
#ifndef WORKER_HELLO_WORLD_H
#define WORKER_HELLO_WORLD_H

#include <stdint.h>

#include <temporal/worker.h>

/* work_ms: how long each of the activity's two waits takes; its timeout follows from it. Before the worker runs. */
void hello_world_register(struct temporal_worker *worker, int64_t work_ms);

#endif
