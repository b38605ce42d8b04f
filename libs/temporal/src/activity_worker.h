/* The activity half of a worker: takes activity tasks (polled, or handed over eagerly with a workflow task's answer),
 * runs each on a thread, keeps its heartbeats and timeouts, and reports how it ended. */
#ifndef TEMPORAL_ACTIVITY_WORKER_H
#define TEMPORAL_ACTIVITY_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "temporal/activity.h"
#include "worker_context.h"
#include "worker_slots.h"

struct activity_worker;

struct activity_worker_options {
    const struct worker_context *context; /* borrowed */
    size_t slots;
    size_t polls;
    size_t stack_bytes;
};

struct activity_worker *activity_worker_new(const struct activity_worker_options *options);
/* When it is idle, on the loop's thread: the loop lives on, and nothing of the worker is left on it. NULL is fine. */
void activity_worker_destroy(struct activity_worker *worker);

/* Before the start. The name is copied. */
void activity_worker_register(struct activity_worker *worker, const char *name, temporal_activity_fn *function,
                              void *user);
bool activity_worker_has_any(const struct activity_worker *worker);
bool activity_worker_has(const struct activity_worker *worker, const char *name);

/* Loop's thread, each once and in this order. */
void activity_worker_start(struct activity_worker *worker);            /* polls from here on */
void activity_worker_stop(struct activity_worker *worker, bool drain); /* no new tasks; what runs goes on */
void activity_worker_cancel_polls(struct activity_worker *worker);     /* of a draining stop */
void activity_worker_cancel_all(struct activity_worker *worker);       /* the grace period is over */
void activity_worker_abandon_reports(struct activity_worker *worker);  /* so is the time for telling the server */
/* No poll is open and nothing runs or waits for the server. context->progress is called when this may have come. */
bool activity_worker_is_idle(struct activity_worker *worker);
/* true: its polls keep failing, for the reason in *out_error. */
bool activity_worker_failure(struct activity_worker *worker, struct error *out_error);

/* Any thread. Permits for tasks that a workflow task's answer may bring: how many of count could be taken. */
size_t activity_worker_reserve(struct activity_worker *worker, size_t count);
void activity_worker_unreserve(struct activity_worker *worker, size_t count);
/* Any thread. Takes the task, which comes with one reserved permit. */
void activity_worker_take(struct activity_worker *worker, Pb__PollActivityTaskQueueResponse *task);

size_t activity_worker_running(struct activity_worker *worker); /* any thread */

#endif
