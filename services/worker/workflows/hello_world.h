/* The built-in workflow helloWorld: an SQS message in, one activity, "finished!" out. */
#ifndef WORKER_HELLO_WORLD_H
#define WORKER_HELLO_WORLD_H


#include <temporal/worker.h>

/* Before the worker runs. */
void hello_world_register(struct temporal_worker *worker);

#endif
