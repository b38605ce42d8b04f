/* Keeps a number of long polls open on one task queue: takes a permit before each, hands on what it brings, backs off
 * after errors (200 ms doubling to 10 s, one log line a while), starts anew. Knows nothing of what a task is.
 *
 * After an error there is one short poll at a time until one is answered: so the poller knows within seconds that the
 * server is back, also when there are no tasks, and costs nothing when all is well. */
#ifndef TEMPORAL_TASK_POLLER_H
#define TEMPORAL_TASK_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "worker_calls.h"
#include "worker_slots.h"

#define TASK_POLLER_BACKOFF_INITIAL_MS 200
#define TASK_POLLER_BACKOFF_MAX_MS 10000
#define TASK_POLLER_LOG_INTERVAL_MS 30000
/* An answer without a task that comes sooner than this counts as a failure for the back-off: a server that answers
 * long polls at once must not make a hot loop. */
#define TASK_POLLER_EMPTY_MIN_MS 200
#define TASK_POLLER_PROBE_MS 5000 /* deadline of a poll after an error; the server answers a second before it */
#define TASK_POLLER_FAILING_AFTER 2 /* errors in a row: a single one is a connection that was renewed */

enum task_poll_result {
    TASK_POLL_EMPTY, /* no task came in time; the permit is still the poller's */
    TASK_POLL_TASK   /* a task: the permit is the task's now */
};

struct task_poller_options {
    const char *name;          /* in logs: "workflow", "sticky workflow", "activity" */
    const char *task_queue;    /* in logs */
    const struct service_method *method;
    const ProtobufCMessage *request; /* borrowed, the same for each poll */
    size_t polls;              /* most outstanding at once */
    struct worker_slots *slots;
    struct loop *loop;         /* for the back-off; outlives what the poller posted */
    const struct worker_calls *calls;
    struct metric_gauge *gauge; /* outstanding polls; NULL: none */
    /* Any thread, for a successful answer. May take the reply out of result. */
    enum task_poll_result (*deliver)(void *user, struct service_call_result *result);
    /* Any thread: what task_poller_failure tells is another now. NULL: nobody wants to know. */
    void (*health_changed)(void *user);
    /* Any thread: the number of outstanding polls has reached 0 after task_poller_stop. */
    void (*stopped)(void *user);
    void *user;
};

struct task_poller;

struct task_poller *task_poller_new(const struct task_poller_options *options);
/* After stopped was called and the loop has run its posts. */
void task_poller_destroy(struct task_poller *poller);

/* Any thread: starts as many polls as there is room for. Call it at the start and after each permit given back. */
void task_poller_fill(struct task_poller *poller);
/* Loop's thread, once: no new polls. The open ones are cancelled, or, with drain, left to bring what they bring. */
void task_poller_stop(struct task_poller *poller, bool drain);
/* Loop's thread, after a stop with drain: waits no longer. */
void task_poller_cancel(struct task_poller *poller);

/* true: polls keep failing; the newest reason is in *out_error. Any thread. */
bool task_poller_failure(struct task_poller *poller, struct error *out_error);

#endif
