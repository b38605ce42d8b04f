/* One attempt of an activity, from the task to the server's answer to its outcome: what temporal/activity.h calls
 * struct temporal_activity. Its parts: activity_attempt.c (its life), activity_context.c (what the author's function is
 * given, and how it fails), activity_cancel.c, activity_heartbeat.c, activity_log.c, activity_report.c (how it ends),
 * activity_worker.c (where it comes from, its clocks).
 *
 * Lock order: the worker's before the attempt's. Calls are started with the attempt's lock held, which is safe since a
 * done function never runs inside the start. */
#ifndef TEMPORAL_ACTIVITY_ATTEMPT_H
#define TEMPORAL_ACTIVITY_ATTEMPT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/list.h"
#include "base/log.h"
#include "heartbeat.h"
#include "temporal/activity.h"
#include "worker_context.h"
#include "worker_tracing.h"

#define ATTEMPT_BOUND_MAX 8 /* fields of temporal_activity_log_bind; more are left out */

struct activity_registration {
    char *name;
    temporal_activity_fn *function;
    void *user;
    struct activity_metrics metrics;
};

/* How the function ended, or will: the activity's thread only. */
struct attempt_outcome {
    json_t *result;  /* NULL: none */
    bool has_failed; /* one of the fail functions was called last */
    char *failure_type;
    char *failure_message;
    bool is_non_retryable;
    json_t *failure_details;
    int64_t next_retry_delay_ms;
    json_t *cancel_details;
};

/* What an attempt tells its worker. */
struct attempt_hooks {
    /* Any thread, with no lock: something is due at due_ms. */
    void (*schedule)(void *user, int64_t due_ms);
    /* rpc thread, once: the server knows the outcome, or never will. The attempt may be freed in there. */
    void (*reported)(void *user, struct temporal_activity *activity);
    void *user;
};

struct temporal_activity {
    const struct worker_context *context;
    const struct activity_registration *registration; /* NULL: nobody registered this type */
    struct attempt_hooks hooks;
    struct list item; /* in the threads' hands */
    struct list link; /* in the worker's list of running attempts: the worker's lock */
    _Atomic int references; /* the run, and each heartbeat under way */

    /* Written before it runs. */
    Pb__PollActivityTaskQueueResponse *task; /* owned */
    struct temporal_activity_info info;      /* points into task */
    int64_t received_ms;

    /* The activity's thread; written before its function runs. */
    struct tracing_attempt tracing;

    /* The activity's thread. */
    json_t *input;
    json_t *earlier_details; /* of the attempt before, once it was asked for */
    struct attempt_outcome outcome;

    /* The reporting: one thread after the other. */
    bool is_second_report; /* the first was refused: this one says so */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;  /* cancel_reason was set, or a heartbeat was answered */
    char *bound_keys[ATTEMPT_BOUND_MAX];
    char *bound_values[ATTEMPT_BOUND_MAX];
    size_t bound_count;
    enum temporal_cancel_reason cancel_reason;
    void (*on_cancel)(void *user);
    void *on_cancel_user;
    struct heartbeat heartbeat;
    int64_t heartbeat_sent_ms; /* of the one under way */
    uint64_t heartbeat_answers; /* and failed sends; counted after what they say was acted on */
    int64_t heartbeat_deadline_ms; /* without another heartbeat the server gives the attempt up; INT64_MAX: never */
    Pb__Payloads *details;     /* the newest; NULL: none or nothing said */
    bool has_ended;            /* no more heartbeats */
    bool is_abandoned;         /* the report shall not be tried any longer */
    struct service_call *report_call;
};

struct temporal_activity *attempt_new(const struct worker_context *context,
                                      const struct activity_registration *registration,
                                      const struct attempt_hooks *hooks, Pb__PollActivityTaskQueueResponse *task);
void attempt_release(struct temporal_activity *activity); /* frees with the last reference */

/* Any thread. The first reason stays, but for TIMED_OUT and GONE, which overrule the others. */
void attempt_cancel(struct temporal_activity *activity, enum temporal_cancel_reason reason);
/* TIMED_OUT, GONE: nothing that is said about the attempt any more would be heard. */
bool attempt_reason_is_final(enum temporal_cancel_reason reason);
/* Loop's thread: sends what is due, cancels what is over; when it wants to be called next. */
int64_t attempt_check(struct temporal_activity *activity, int64_t now_ms);

static inline int64_t attempt_earlier(int64_t left_ms, int64_t right_ms)
{
    return left_ms < right_ms ? left_ms : right_ms;
}

/* The activity's thread: what the last fail function said is forgotten. */
void attempt_clear_failure(struct attempt_outcome *outcome);
/* The activity's thread: runs the function and reports. */
void attempt_run(struct temporal_activity *activity);
/* activity_heartbeat.c: the newest details, borrowed from the attempt. With the lock, or once it has ended. */
void attempt_heartbeat_request(const struct temporal_activity *activity,
                               Pb__RecordActivityTaskHeartbeatRequest *out_request);
/* activity_report.c: sends the outcome; hooks.reported follows. */
void attempt_report(struct temporal_activity *activity);
/* Any thread: no more tries. */
void attempt_abandon_report(struct temporal_activity *activity);

/* The fields that every line about an attempt carries; out must have room for ATTEMPT_LOG_FIELDS. */
#define ATTEMPT_LOG_FIELDS (7 + ATTEMPT_BOUND_MAX)
size_t attempt_log_fields(struct temporal_activity *activity, struct log_field *out);

#endif
