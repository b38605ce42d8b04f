/* One workflow run in the cache: fed with workflow tasks, it answers with commands. Pure: no I/O, no clock, no threads.
 *
 * Thread: a run is touched by one thread at a time. It need not be the same one each time: a run may move between
 * threads from task to task (hand it over with a lock or queue). Different runs are independent; the stacks are shared
 * and take care of themselves.
 *
 * After STATUS_OK with a task failure, and after any other status, the run's state is unusable: destroy it. */
#ifndef TEMPORAL_WORKFLOW_RUN_H
#define TEMPORAL_WORKFLOW_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/command/v1/message.pb-c.h>
#include <temporal/api/failure/v1/message.pb-c.h>
#include <temporal/api/history/v1/message.pb-c.h>

#include "base/attributes.h"
#include "base/error.h"
#include "temporal/workflow.h"

struct coroutine_pool; /* coroutine.h: the stacks of a worker; any thread */
struct workflow_run;

/* Strings are copied. */
struct workflow_run_options {
    const struct temporal_workflow_definition *definition; /* outlives the run */
    struct coroutine_pool *stacks;                         /* outlives the run */
    const char *namespace_name;
    const char *workflow_id;
    const char *run_id;
    const char *task_queue; /* the worker's; activities without a task queue of their own go there */
    size_t memory_bytes_max; /* of the workflow code's values; 0: 64 MiB. Beyond it the workflow task fails */
};

/* Never NULL. Nothing runs before the first task. */
struct workflow_run *workflow_run_new(const struct workflow_run_options *options);
/* Evicts: at any suspension point. Everything that the workflow function holds is released, nothing of its code runs.
 * NULL is fine. */
void workflow_run_destroy(struct workflow_run *run);

/* One workflow task as polled, with all its pages of history. Borrowed for the call only. */
struct workflow_task {
    Pb__HistoryEvent *const *events; /* contiguous ids; from 1, or from workflow_run_last_event_id() + 1. Earlier ones,
                                      * already handled, are skipped */
    size_t event_count;
    int64_t previous_started_event_id; /* as in the poll's response: up to there it is a replay */
    int64_t started_event_id;
    int32_t attempt;
};

/* The answer to one task. */
struct workflow_completion {
    bool is_failure; /* RespondWorkflowTaskFailed, with failure_cause and failure; else commands */

    Pb__Command **commands; /* owned; for RespondWorkflowTaskCompleted, in this order. NULL if there are none */
    size_t command_count;
    bool has_closed; /* a terminal command is among them: once the server took it, destroy the run */
    uint32_t *language_flags; /* owned; sdk_metadata.lang_used_flags to be sent, none yet */
    size_t language_flag_count;

    Pb__WorkflowTaskFailedCause failure_cause;
    Pb__Failure *failure; /* owned */
};
/* Frees what it owns; the completion is empty afterwards. To move parts out set their pointers to NULL before.
 * Commands moved out go with pb__command__free_unpacked(command, NULL), the failure likewise. */
void workflow_completion_deinit(struct workflow_completion *completion);

/* Runs the workflow code as far as the task's events allow.
 *   STATUS_OK                   *out_completion is filled: answer the task with it.
 *   STATUS_FAILED_PRECONDITION  the events do not continue what the run has seen (stale or fresh run, partial
 *                               history): destroy the run, fetch the history from its start, take a new run.
 *   STATUS_RESOURCE_EXHAUSTED   no stack could be mapped: destroy the run, fail the task: another worker may take it.
 * Never crashes on any history. */
MUST_CHECK enum status workflow_run_handle_task(struct workflow_run *run, const struct workflow_task *task,
                                                struct workflow_completion *out_completion, struct error *error);

/* Of the last workflow task that was handled: 0 before the first. A cached run fits a partial history exactly if the
 * poll's first event is workflow_run_last_event_id() + 1 (the same number). */
int64_t workflow_run_last_started_event_id(const struct workflow_run *run);
int64_t workflow_run_last_event_id(const struct workflow_run *run);

/* The header "_tracer-data" of the run's start; NULL: none. Borrowed from the run. */
const Pb__Payload *workflow_run_trace_header(const struct workflow_run *run);

/* Values of the code, the engine's own bookkeeping and resident stack pages. Cheap but for one mincore(). */
size_t workflow_run_memory_bytes(const struct workflow_run *run);
/* Deepest use of the stack so far, in pages' bytes. */
size_t workflow_run_stack_bytes(const struct workflow_run *run);

/* Queries (later) get workflow_run_handle_query(run, type, arguments, …) here: between tasks, without commands. */

#endif
