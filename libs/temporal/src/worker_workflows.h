/* The workflow half of a worker: takes workflow tasks from the task queue and from this process's sticky queue, keeps
 * the runs' state between tasks, completes histories where a run is not cached, and answers with commands.
 *
 * All of it belongs to the loop's thread (the connection's: "rpc"), where polls and answers come in. At
 * most one task of a run is worked on at a time. */
#ifndef TEMPORAL_WORKER_WORKFLOWS_H
#define TEMPORAL_WORKER_WORKFLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "activity_worker.h"
#include "temporal/workflow.h"
#include "worker_context.h"

struct worker_workflows;

struct worker_workflows_options {
    const struct worker_context *context;      /* borrowed */
    struct activity_worker *activities;        /* borrowed: takes eager activities; NULL: none are asked for */
    size_t slots;                              /* at least 2 */
    size_t polls;
    size_t sticky_polls;
    size_t cache;                              /* runs; 0: none, and no sticky queue */
    int64_t sticky_schedule_to_start_ms;
    int64_t history_events_max;
    int64_t history_bytes_max;
};

struct worker_workflows *worker_workflows_new(const struct worker_workflows_options *options);
/* When it is idle, on the loop's thread. NULL is fine. */
void worker_workflows_destroy(struct worker_workflows *workflows);

/* Before the start. The name is copied. */
void worker_workflows_register(struct worker_workflows *workflows,
                               const struct temporal_workflow_definition *definition);
bool worker_workflows_has_any(const struct worker_workflows *workflows);

/* Loop's thread, each once and in this order. */
void worker_workflows_start(struct worker_workflows *workflows);
void worker_workflows_stop(struct worker_workflows *workflows, bool drain); /* no new tasks; what is there is ended */
void worker_workflows_cancel_polls(struct worker_workflows *workflows);     /* of a draining stop */
void worker_workflows_abandon(struct worker_workflows *workflows);          /* waits for the server no longer */
/* No poll is open and no task is worked on. context->progress is called when this may have come. */
bool worker_workflows_is_idle(const struct worker_workflows *workflows);
/* true: its polls keep failing, for the reason in *out_error. */
bool worker_workflows_failure(const struct worker_workflows *workflows, struct error *out_error);

/* Any thread. */
size_t worker_workflows_tasks(const struct worker_workflows *workflows);
size_t worker_workflows_cached(const struct worker_workflows *workflows);
size_t worker_workflows_cached_bytes(const struct worker_workflows *workflows);

#endif
