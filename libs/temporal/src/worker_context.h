/* What the parts of one worker share. Written before the worker runs, only read from then on; the loop, calls and
 * metrics take care of their own threads. */
#ifndef TEMPORAL_WORKER_CONTEXT_H
#define TEMPORAL_WORKER_CONTEXT_H

#include "base/loop.h"
#include "temporal/codec.h"
#include "temporal/tracing.h"
#include "worker_calls.h"
#include "worker_metrics.h"

#define WORKER_SDK_NAME "temporal-c"
#define WORKER_SDK_VERSION FERRY_VERSION

struct worker_context {
    struct loop *loop; /* the connection's: workflow code runs on its thread */
    struct worker_calls calls;
    const struct temporal_tracing *tracing; /* NULL: nobody listens */
    const struct temporal_codec *codec; /* what the payloads of tasks and histories pass; NULL: none */
    struct worker_metrics metrics;
    char *namespace_name;
    char *identity;
    char *task_queue;
    char *sticky_queue; /* unique for each worker; NULL: no run is kept, so no sticky queue */
    char *instance_key;
    /* Any thread: something ended that a stopping worker may wait for. */
    void (*progress)(void *user);
    void *progress_user;
    /* Any thread: polls keep failing, or do so no longer (task_poller_failure). NULL: nobody wants to know. With
     * progress_user. */
    void (*health_changed)(void *user);
};

#endif
