/* Writing activities: a function that runs on a thread of its own and may block. It is called once for each attempt,
 * so what it does outside has to be idempotent.
 *
 *     static json_t *charge_card(struct temporal_activity *activity, const json_t *input)
 *     {
 *         struct shop *shop = temporal_activity_user(activity);
 *         if (!shop_charge(shop, json_integer_value(json_object_get(input, "cents")))) {
 *             return temporal_activity_fail(activity, "Declined", "the card was declined");
 *         }
 *         return json_string("charged");
 *     }
 *
 * A function returns its result (the reference goes to the SDK; json_null() for none), or NULL after one of the
 * temporal_activity_fail* functions. NULL without one of these accepts a cancellation, so that
 * `if (!temporal_activity_wait(activity, 1000)) { return NULL; }` is right; without a cancellation it is a retryable
 * failure of type "NoResult". Every function below belongs to the activity's own thread, but for those that say "any
 * thread"; a struct temporal_activity lives as long as the call. */
#ifndef TEMPORAL_ACTIVITY_H
#define TEMPORAL_ACTIVITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "temporal/workflow.h" /* enum temporal_log_level, struct temporal_fail_options, struct temporal_payload */

struct temporal_activity;

/* input: the first argument, NULL when there is none or when it is not JSON (see temporal_activity_input_payload).
 * Borrowed. */
typedef json_t *temporal_activity_fn(struct temporal_activity *activity, const json_t *input);

/* What was given to temporal_worker_register_activity. */
void *temporal_activity_user(const struct temporal_activity *activity);

/* ---- What is to be done ---- */

struct temporal_activity_info {
    const char *namespace_name;
    const char *task_queue;
    const char *activity_type;
    const char *activity_id;
    const char *workflow_type;
    const char *workflow_id;
    const char *run_id;
    int attempt;                        /* 1: the first */
    int64_t scheduled_wall_ms;          /* the first attempt was scheduled */
    int64_t attempt_scheduled_wall_ms;  /* this one was scheduled */
    int64_t started_wall_ms;            /* this one was handed out */
    int64_t schedule_to_close_ms;       /* 0: not limited */
    int64_t start_to_close_ms;          /* 0: not limited */
    int64_t heartbeat_ms;               /* 0: no heartbeats are expected */
    int64_t deadline_ms;                /* clock_monotonic_ms; INT64_MAX: none. When it comes the attempt is lost:
                                           the activity is cancelled with TEMPORAL_CANCEL_TIMED_OUT */
};

const struct temporal_activity_info *temporal_activity_info(const struct temporal_activity *activity);

/* The attempt's trace context, for requests of the activity's own (W3C Trace Context's header traceparent): its own
 * span where the worker traces, else what came with the task (temporal/tracing.h). NULL: none. */
const char *temporal_activity_traceparent(const struct temporal_activity *activity);

/* The bytes of an argument as they came; its encoding is kept until the next call. false: there is no such argument. */
size_t temporal_activity_input_count(const struct temporal_activity *activity);
bool temporal_activity_input_payload(const struct temporal_activity *activity, size_t index,
                                     struct temporal_payload *out_payload);

/* What the last heartbeat of an earlier attempt carried; NULL: nothing. Borrowed. */
const json_t *temporal_activity_heartbeat_details(const struct temporal_activity *activity);

/* ---- While it runs ---- */

enum temporal_cancel_reason {
    TEMPORAL_CANCEL_NONE,            /* it goes on */
    TEMPORAL_CANCEL_REQUESTED,       /* the workflow asked for it: accept, fail or finish */
    TEMPORAL_CANCEL_TIMED_OUT,       /* the attempt's time is over: whatever it returns is dropped */
    TEMPORAL_CANCEL_GONE,            /* the server no longer knows this attempt: likewise */
    TEMPORAL_CANCEL_PAUSED,          /* by an operator: fails as retryable, goes on when unpaused */
    TEMPORAL_CANCEL_RESET,           /* by an operator: likewise, from the first attempt */
    TEMPORAL_CANCEL_WORKER_SHUTDOWN  /* the worker stops: ends as a retryable failure "WorkerShutdown" */
};

/* Says that the attempt is alive, with details for the next one (NULL: none; borrowed). Any number of calls: the SDK
 * sends the first at once and then the latest every min(0.8 x heartbeat timeout, 60 s). Cancellation by the workflow
 * arrives with the answer, so an activity that never says it is alive cannot be cancelled. Any thread. */
void temporal_activity_heartbeat(struct temporal_activity *activity, const json_t *details);

/* The same, but not throttled, and waits for the answer: the question to ask before a step that cannot be taken back,
 * since a cancellation may otherwise go unnoticed for a throttle's time. Costs one call. false: cancelled, now known.
 * true: wanted, or there was no answer within timeout_ms. */
MUST_CHECK bool temporal_activity_confirm(struct temporal_activity *activity, const json_t *details,
                                          int64_t timeout_ms);

/* Any thread. */
enum temporal_cancel_reason temporal_activity_cancel_reason(const struct temporal_activity *activity);
bool temporal_activity_is_cancelled(const struct temporal_activity *activity);

/* Sleeps. false: cancelled, at once or meanwhile. */
MUST_CHECK bool temporal_activity_wait(struct temporal_activity *activity, int64_t duration_ms);

/* Calls wake(user) once when the attempt is cancelled (at once if it is already), on another thread: to end a wait
 * of the activity's own. It only signals or posts. NULL ends it; after that call wake does not run any more. */
void temporal_activity_on_cancel(struct temporal_activity *activity, void (*wake)(void *user), void *user);

/* ---- How it ends other than with a result: each returns NULL, for `return temporal_activity_fail(...)` ---- */

/* A failure that the retry policy may retry. type: what a policy's non_retryable_error_types names. */
json_t *temporal_activity_fail(struct temporal_activity *activity, const char *type, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* A failure that no retry can mend: the activity ends with it. */
json_t *temporal_activity_fail_for_good(struct temporal_activity *activity, const char *type, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* As told; has_cause means nothing here. */
json_t *temporal_activity_fail_with(struct temporal_activity *activity, const struct temporal_fail_options *options);

/* Accepts a cancellation, with details for the workflow (NULL: none; the reference goes to the SDK). With
 * TEMPORAL_CANCEL_REQUESTED the activity ends as Canceled; every other reason ends as it says above. */
json_t *temporal_activity_accept_cancel(struct temporal_activity *activity, json_t *details);

/* ---- Logs: activity_type, activity_id, workflow_id, run_id and attempt are on every line ---- */

/* Adds a field to all later lines of this attempt. Both texts are copied. */
void temporal_activity_log_bind(struct temporal_activity *activity, const char *key, const char *value);
/* message is a constant sentence; fields (may be NULL) is a JSON object whose reference is taken. */
void temporal_activity_log(struct temporal_activity *activity, enum temporal_log_level level, const char *message,
                           json_t *fields);

#endif
