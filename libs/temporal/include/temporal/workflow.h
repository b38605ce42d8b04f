/* Workflow code: straight-line C that Temporal can stop, move to another machine and continue.
 *
 *   static json_t *greet(struct temporal_workflow *workflow, const json_t *name)
 *   {
 *       return temporal_workflow_execute_activity(workflow, "composeGreeting", json_incref((json_t *)name),
 *           &(struct temporal_activity_options){.start_to_close_ms = 10000});
 *   }
 *
 * A workflow function runs on a stack of its own and is re-run from its beginning whenever its state was lost, so it
 * must be deterministic: time, random numbers and UUIDs from here, no I/O, no threads, no static variables.
 *
 * Failures. A call that fails returns NULL (or false, or -1) and the workflow *keeps* the failure. `return NULL` then
 * fails the workflow with what is kept, so the failure path is one line; a later failure replaces the kept one;
 * success leaves it alone. To go on after a failure simply go on. To undo work between failure and return, put the
 * undoing between temporal_workflow_cleanup_begin() and _end(): what fails in there cannot replace the failure that led
 * there, and cancellation does not reach in (docs/adr/0008).
 *
 * Memory. Everything that jansson allocates while a workflow function runs, and what temporal_workflow_alloc() gives,
 * belongs to the run: it is released with the run wherever that is stopped. Freeing earlier keeps a long run small and
 * is never required for correctness. Plain malloc() leaks when a run is evicted (docs/adr/0009).
 *
 * Threads. Every function here is for the workflow's own function only, on its own stack. */
#ifndef TEMPORAL_WORKFLOW_H
#define TEMPORAL_WORKFLOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "temporal/payload.h"

struct temporal_workflow; /* one run, while its function executes; borrowed */

/* input: the first argument, NULL if there is none or it is not JSON (see temporal_workflow_input_payload()).
 * Borrowed. Returns the result (the reference is given to the caller), or NULL to fail with the kept failure. */
typedef json_t *temporal_workflow_fn(struct temporal_workflow *workflow, const json_t *input);

/* What a worker registers. The strings must outlive the worker. */
struct temporal_workflow_definition {
    const char *name;
    temporal_workflow_fn *function;
    size_t stack_bytes; /* 0: 1 MiB, of which only what is touched costs memory. Guard pages lie below */
};

/* ---- what the run is ---- */

struct temporal_workflow_info {
    const char *namespace_name;
    const char *workflow_id;
    const char *run_id;
    const char *first_run_id; /* of the chain that retries and continue-as-new make */
    const char *workflow_type;
    const char *task_queue;
    int32_t attempt; /* from 1 */
    int64_t start_time_ms; /* of this run, since 1970 */
    int64_t history_length; /* events up to the workflow task being worked on */
    bool is_continue_as_new_suggested;
};
/* The strings live as long as the run. */
const struct temporal_workflow_info *temporal_workflow_info(const struct temporal_workflow *workflow);

/* Deterministic. Time stands still while the function runs, and moves on at waits. */
int64_t temporal_workflow_now_ms(const struct temporal_workflow *workflow);
uint64_t temporal_workflow_random(struct temporal_workflow *workflow);
uint64_t temporal_workflow_random_below(struct temporal_workflow *workflow, uint64_t limit); /* 0 .. limit - 1 */
#define TEMPORAL_UUID_SIZE 37
void temporal_workflow_uuid(struct temporal_workflow *workflow, char out[TEMPORAL_UUID_SIZE]); /* version 4 */

/* For metrics and the like; never decide anything by it. */
bool temporal_workflow_is_replaying(const struct temporal_workflow *workflow);

enum temporal_log_level { TEMPORAL_LOG_DEBUG, TEMPORAL_LOG_INFO, TEMPORAL_LOG_WARN, TEMPORAL_LOG_ERROR };
/* A line with the run's identity; silent in replay. message is a constant sentence; fields (may be NULL) is a JSON
 * object whose reference is taken. */
void temporal_workflow_log(struct temporal_workflow *workflow, enum temporal_log_level level, const char *message,
                           json_t *fields);

/* Zeroed memory of the run. Freeing is optional; NULL is fine. */
void *temporal_workflow_alloc(struct temporal_workflow *workflow, size_t size);
void temporal_workflow_free(struct temporal_workflow *workflow, void *memory);

/* ---- payloads as they came ---- */

size_t temporal_workflow_input_count(const struct temporal_workflow *workflow);
/* false: there is no such argument. The bytes live as long as the run. */
bool temporal_workflow_input_payload(struct temporal_workflow *workflow, size_t index,
                                     struct temporal_payload *out_payload);
/* An entry of the memo that the run was started with, likewise. false: there is no such entry. */
bool temporal_workflow_memo_payload(struct temporal_workflow *workflow, const char *key,
                                    struct temporal_payload *out_payload);

/* ---- activities, timers and futures ---- */

/* Zero members mean the server's defaults. */
struct temporal_retry_options {
    int64_t initial_interval_ms;  /* 0: 1 s */
    int64_t maximum_interval_ms;  /* 0: 100 times the initial interval */
    double backoff_coefficient;   /* 0: 2.0 */
    int32_t maximum_attempts;     /* 0: no limit; 1: no retry */
    const char *const *non_retryable_types; /* NULL-terminated list of failure types; NULL: none */
};

/* What becomes of an activity when its wait is cancelled. */
enum temporal_cancellation {
    TEMPORAL_CANCELLATION_TRY,     /* ask it to stop; do not wait for it */
    TEMPORAL_CANCELLATION_WAIT,    /* ask it to stop; wait for how it ends, which may be success */
    TEMPORAL_CANCELLATION_ABANDON  /* let it run; do not wait for it */
};

/* One of start_to_close_ms and schedule_to_close_ms is needed. */
struct temporal_activity_options {
    int64_t start_to_close_ms;    /* one attempt */
    int64_t schedule_to_close_ms; /* all attempts and the waits between them */
    int64_t schedule_to_start_ms; /* waiting for a worker */
    int64_t heartbeat_ms;
    struct temporal_retry_options retry;
    enum temporal_cancellation cancellation;
    const char *task_queue;  /* NULL: the workflow's own */
    const char *activity_id; /* NULL: the next number */
};

/* Runs an activity and waits for it. Takes input (NULL fails with type "InvalidArgument", so that json_pack() can be
 * written in place). Returns the result as a new reference; NULL: the failure is kept. */
json_t *temporal_workflow_execute_activity(struct temporal_workflow *workflow, const char *type, json_t *input,
                                           const struct temporal_activity_options *options);
/* The same without touching the bytes. input (may be NULL: no argument) is borrowed; *out_result lives until the run
 * ends. false: the failure is kept. */
bool temporal_workflow_execute_activity_raw(struct temporal_workflow *workflow, const char *type,
                                            const struct temporal_payload *input,
                                            const struct temporal_activity_options *options,
                                            struct temporal_payload *out_result);

/* false: cancelled, which is kept as the failure. */
bool temporal_workflow_sleep(struct temporal_workflow *workflow, int64_t milliseconds);

/* Something that will be there later. Owned by the run. */
struct temporal_future;

/* Never NULL: what cannot be started is a future that has failed. */
struct temporal_future *temporal_workflow_start_activity(struct temporal_workflow *workflow, const char *type,
                                                         json_t *input,
                                                         const struct temporal_activity_options *options);
struct temporal_future *temporal_workflow_start_activity_raw(struct temporal_workflow *workflow, const char *type,
                                                             const struct temporal_payload *input,
                                                             const struct temporal_activity_options *options);
struct temporal_future *temporal_workflow_start_timer(struct temporal_workflow *workflow, int64_t milliseconds);
/* Becomes ready with the next signal of that name, and takes it; released without having been waited for, it puts the
 * signal back. */
struct temporal_future *temporal_workflow_start_signal_receive(struct temporal_workflow *workflow, const char *name);

bool temporal_future_is_ready(const struct temporal_future *future);
/* Waits. The result as a new reference (JSON null for a timer); NULL: failed, the failure is kept. May be called
 * again. */
json_t *temporal_future_wait(struct temporal_workflow *workflow, struct temporal_future *future);
bool temporal_future_wait_raw(struct temporal_workflow *workflow, struct temporal_future *future,
                              struct temporal_payload *out_result);
/* Cancels by the activity's cancellation option; nothing happens to what is ready. */
void temporal_future_cancel(struct temporal_workflow *workflow, struct temporal_future *future);
/* Optional, for loops with very many futures: the future must not be used again. What it stands for goes on. */
void temporal_future_release(struct temporal_workflow *workflow, struct temporal_future *future);

/* Waits until one is ready, by success or failure, and returns its index: the one that became ready first. */
size_t temporal_workflow_wait_any(struct temporal_workflow *workflow, struct temporal_future *const *futures,
                                  size_t count);
/* Waits until all have succeeded. false: one has failed (its failure is kept); the others go on. */
bool temporal_workflow_wait_all(struct temporal_workflow *workflow, struct temporal_future *const *futures,
                                size_t count);

/* ---- signals: kept in order of arrival until they are asked for ---- */

/* Waits for the next signal of that name; its first argument as a new reference (JSON null if it has none). NULL: the
 * workflow was cancelled, or the argument is not JSON; the failure is kept. */
json_t *temporal_workflow_signal_receive(struct temporal_workflow *workflow, const char *name);
size_t temporal_workflow_signal_count(const struct temporal_workflow *workflow, const char *name); /* waiting now */

/* ---- cancellation ---- */

/* Once the workflow was asked to cancel, its waits end as cancelled, and so do new ones, outside clean-up sections.
 * A workflow may ignore that; one that then returns NULL keeping a cancellation ends as canceled. */
bool temporal_workflow_is_cancel_requested(const struct temporal_workflow *workflow);

/* A clean-up section: cancellation does not reach in, and a failure kept at _begin() is kept again at _end(),
 * whatever happens inside. They nest; sections left open end with the function. */
void temporal_workflow_cleanup_begin(struct temporal_workflow *workflow);
void temporal_workflow_cleanup_end(struct temporal_workflow *workflow);

/* ---- failures ---- */

/* Keeps an application failure of that type and returns NULL, to be written `return temporal_workflow_fail(…);`. */
json_t *temporal_workflow_fail(struct temporal_workflow *workflow, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct temporal_fail_options {
    const char *type;
    const char *message;
    bool is_non_retryable;       /* the workflow's own retry policy does not try again */
    json_t *details;             /* taken; may be NULL */
    int64_t next_retry_delay_ms; /* 0: by the retry policy */
    bool has_cause;              /* the failure kept so far becomes the cause */
};
json_t *temporal_workflow_fail_with(struct temporal_workflow *workflow, const struct temporal_fail_options *options);

/* What the kept failure is about: the first in its chain of causes that is not just an envelope saying that an
 * activity failed. */
enum temporal_failure_kind {
    TEMPORAL_FAILURE_NONE, /* nothing is kept */
    TEMPORAL_FAILURE_APPLICATION,
    TEMPORAL_FAILURE_CANCELED,
    TEMPORAL_FAILURE_TIMEOUT,
    TEMPORAL_FAILURE_TERMINATED,
    TEMPORAL_FAILURE_SERVER,
    TEMPORAL_FAILURE_OTHER
};
enum temporal_timeout_kind {
    TEMPORAL_TIMEOUT_NONE,
    TEMPORAL_TIMEOUT_START_TO_CLOSE,
    TEMPORAL_TIMEOUT_SCHEDULE_TO_START,
    TEMPORAL_TIMEOUT_SCHEDULE_TO_CLOSE,
    TEMPORAL_TIMEOUT_HEARTBEAT
};
enum temporal_failure_kind temporal_workflow_failure_kind(const struct temporal_workflow *workflow);
const char *temporal_workflow_failure_type(const struct temporal_workflow *workflow);    /* "" if it has none */
const char *temporal_workflow_failure_message(const struct temporal_workflow *workflow); /* "" if nothing is kept */
enum temporal_timeout_kind temporal_workflow_failure_timeout(const struct temporal_workflow *workflow);
bool temporal_workflow_failure_is_non_retryable(const struct temporal_workflow *workflow);
/* New reference; NULL: there is no such detail or it is not JSON. */
json_t *temporal_workflow_failure_detail(const struct temporal_workflow *workflow, size_t index);

/* Puts the kept failure aside, and back. A failure put aside belongs to the run. */
struct temporal_kept_failure;
struct temporal_kept_failure *temporal_workflow_failure_take(struct temporal_workflow *workflow); /* NULL: none kept */
json_t *temporal_workflow_failure_restore(struct temporal_workflow *workflow, struct temporal_kept_failure *failure);
void temporal_workflow_failure_clear(struct temporal_workflow *workflow);

#endif
