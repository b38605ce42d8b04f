/* Workflow tasks for the workflow half of a worker: the test plays the server, and its thread is the loop's. */
#ifndef SUPPORT_TASKS_H
#define SUPPORT_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support_history_builder.h"
#include "support_worker_calls.h"
#include "worker_workflows.h"

#define TASK_CAUSE(name) PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_##name
#define TASKS_OTHER_RUN_ID "0a1b2c3d-0000-4000-8000-000000000002"
#define TASKS_POLLS 2 /* one on each queue */

#define RESPOND_COMPLETED (&service_respond_workflow_task_completed)
#define RESPOND_FAILED (&service_respond_workflow_task_failed)

struct tasks_fixture {
    struct fake_calls fake;
    struct worker_context context;
    struct worker_workflows *workflows;
    int progress;
};

/* ---- the worker ---- */

/* Runs the activity "charge"; its result is the workflow's. */
json_t *tasks_charges(struct temporal_workflow *workflow, const json_t *input);

/* Polls for tasks of the workflow "wf", which is the function; keeps as many runs as cache says. */
void tasks_begin(struct tasks_fixture *fixture, temporal_workflow_fn *function, size_t cache);
/* Stops, ends the polls, checks that the worker is idle, frees all. */
void tasks_end(struct tasks_fixture *fixture);
/* The parts of that, for tests of the stop. */
void tasks_end_polls(struct tasks_fixture *fixture);
void tasks_free(struct tasks_fixture *fixture);

/* Runs what was posted; nothing of this waits for a clock. */
void tasks_settle(struct tasks_fixture *fixture);
/* The oldest call of that method that was not answered, once all is settled; NULL: none. */
struct fake_call *tasks_waiting(struct tasks_fixture *fixture, const struct service_method *method);
/* The same; there must be one. */
struct fake_call *tasks_expect(struct tasks_fixture *fixture, const struct service_method *method);

/* ---- histories ---- */

/* 1 STARTED, 2 and 3 the first task. */
void tasks_begin_history(struct history_builder *history);
/* 4 COMPLETED, 5 to 7 the activity, 8 and 9 the second task. */
void tasks_go_on(struct history_builder *history);

/* ---- tasks ---- */

struct test_task {
    const char *run_id;
    const char *token;
    const char *type;
    size_t from, to; /* events of the history that the poll brings */
    int64_t previous_started;
    int attempt;
    bool is_query;
};

/* Defaults: HISTORY_RUN_ID, "wf", attempt 1, all events up to the task's own. */
Pb__PollWorkflowTaskQueueResponse *tasks_make(const struct history_builder *history, struct test_task task);
/* Answers a poll with it. */
void tasks_give(struct tasks_fixture *fixture, const struct history_builder *history, struct test_task task);
/* Answers a fetch with the events up to `to`. */
void tasks_give_history(struct tasks_fixture *fixture, const struct history_builder *history, size_t to);

/* ---- answers ---- */

const Pb__RespondWorkflowTaskCompletedRequest *tasks_expect_completed(struct tasks_fixture *fixture);
const Pb__RespondWorkflowTaskFailedRequest *tasks_expect_failed(struct tasks_fixture *fixture);
ProtobufCMessage *tasks_empty_reply(const struct service_method *method); /* the caller's */
void tasks_take_answer(struct tasks_fixture *fixture, const struct service_method *method);
void tasks_refuse_answer(struct tasks_fixture *fixture, const struct service_method *method, enum status status,
                         enum rpc_code code);

/* ---- what is true of them ---- */

void tasks_assert_schedules(const Pb__RespondWorkflowTaskCompletedRequest *request, const char *type);
void tasks_assert_closes(const Pb__RespondWorkflowTaskCompletedRequest *request);
void tasks_assert_token(ProtobufCBinaryData token, const char *text);
/* As /metrics shows it: the one sample of that name whose labels end so. */
int64_t tasks_gauge(struct tasks_fixture *fixture, const char *name, const char *labels_end);
int64_t tasks_permits_used(struct tasks_fixture *fixture);
/* Permits: only the polls have one. */
void tasks_assert_nothing_in_work(struct tasks_fixture *fixture);

#endif
