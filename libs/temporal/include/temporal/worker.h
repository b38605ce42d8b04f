/* A worker: polls one task queue and runs the workflows and activities registered with it.
 *
 *     struct temporal_worker *worker = temporal_worker_new(connection, &(struct temporal_worker_options){
 *         .task_queue = "orders",
 *     });
 *     temporal_worker_register_workflow(worker, "order", order_workflow);
 *     temporal_worker_register_activity(worker, "charge", charge_card, shop);
 *     status = temporal_worker_run(worker, &error);     // until temporal_worker_stop, from any thread
 *     temporal_worker_destroy(worker);
 *
 * Threads: workflow code runs on the connection's thread ("rpc"), which also takes the server's answers: it must not
 * block. Each activity that runs at this moment has a thread of its own. docs/adr/0005 says why. */
#ifndef TEMPORAL_WORKER_H
#define TEMPORAL_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/metrics.h"
#include "temporal/activity.h"
#include "temporal/workflow.h"

struct temporal_connection;
struct temporal_worker;
struct temporal_tracing; /* temporal/tracing.h */

#define TEMPORAL_WORKER_CACHE_NONE (-1)
#define TEMPORAL_WORKER_GRACE_NONE (-1)

/* Zero means the default, everywhere. Texts are copied. */
struct temporal_worker_options {
    const char *task_queue;  /* the only one that must be given */
    const char *identity;    /* the connection's: "pid@host" */

    int64_t workflow_tasks;  /* handled or polled for at once: 100 */
    int64_t activities;      /* at once: 100 */
    int64_t workflow_cache;  /* runs kept between their tasks: 1,000; TEMPORAL_WORKER_CACHE_NONE: none */
    int64_t workflow_polls;  /* outstanding on the queue itself: 2 */
    int64_t sticky_polls;    /* outstanding on this process's own queue: 2 */
    int64_t activity_polls;  /* outstanding: 4 */
    int64_t sticky_schedule_to_start_ms; /* how long the server waits for this process to take a task of a run it has
                                            cached before it gives it to any: 10,000 */
    int64_t grace_ms;        /* how long activities may go on after temporal_worker_stop before they are cancelled:
                                10,000; TEMPORAL_WORKER_GRACE_NONE: they are cancelled at once */
    int64_t history_events_max; /* a run with a longer history is not replayed: 51,200 */
    int64_t history_bytes_max;  /* likewise: 64 MiB */
    size_t activity_stack_bytes; /* 1 MiB: deeply nested JSON needs 600 KiB; only what is used takes memory */
    bool no_eager_activities;   /* do not take activities from a workflow task's completion: as the server must see
                                   them when the task queue has a rate limit */
    struct metrics *metrics;    /* none; borrowed, outlives the worker */
    const struct temporal_tracing *tracing; /* none; likewise */
};

/* INVALID_ARGUMENT: no task queue, or a number out of range. connection is borrowed and outlives the worker. */
MUST_CHECK enum status temporal_worker_new(struct temporal_connection *connection,
                                           const struct temporal_worker_options *options,
                                           struct temporal_worker **out_worker, struct error *error);

/* Before temporal_worker_run. Names are copied; a name twice is our caller's bug. */
void temporal_worker_register_workflow(struct temporal_worker *worker, const char *name,
                                       temporal_workflow_fn *function);
/* The same, with a stack size of its own. */
void temporal_worker_register_workflow_definition(struct temporal_worker *worker,
                                                  const struct temporal_workflow_definition *definition);
void temporal_worker_register_activity(struct temporal_worker *worker, const char *name,
                                       temporal_activity_fn *activity, void *user);

/* Polls and works until temporal_worker_stop; returns when everything is finished, reported and joined. The calling
 * thread only waits. Once for each worker, not on the connection's thread.
 * An unreachable server, refused credentials or an unknown namespace are no reason to return: the worker says so in its
 * log and tries again for as long as it takes. FAILED_PRECONDITION: nothing is registered. */
MUST_CHECK enum status temporal_worker_run(struct temporal_worker *worker, struct error *error);

/* changed runs on the connection's thread: with true when the server has answered for the first time, with false and
 * the reason in words (borrowed for the call) when it does not answer, refuses our polls or does not know the
 * namespace, again when that reason becomes another, and with true when polls are answered again, seconds later. All
 * of it comes from the polls themselves: no call is made for it. Before temporal_worker_run. */
void temporal_worker_on_reachable(struct temporal_worker *worker,
                                  void (*changed)(void *user, bool is_reachable, const char *reason), void *user);

/* Any thread, also before temporal_worker_run: stops polling, finishes what runs within the grace period, cancels
 * what is left. Harmless when repeated. */
void temporal_worker_stop(struct temporal_worker *worker);

/* After temporal_worker_run returned, and before the connection's end. NULL is fine. */
void temporal_worker_destroy(struct temporal_worker *worker);

struct temporal_worker_counts {
    size_t workflow_tasks;   /* being handled */
    size_t activities;       /* running */
    size_t cached_runs;
    size_t cached_bytes;
};
/* Any thread. */
void temporal_worker_count(const struct temporal_worker *worker, struct temporal_worker_counts *out_counts);

#endif
