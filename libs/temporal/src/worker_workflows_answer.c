/* Answers to workflow tasks, and what becomes of a run by how the server takes them. */
#include "worker_workflows_internal.h"

#include "worker_answer.h"

#define NON_DETERMINISM PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR

/* ---- what the server said ---- */

static void take_eager(struct workflow_work *work)
{
    struct activity_worker *activities = work->owner->options.activities;
    size_t taken = 0;
    if (work->reply) {
        while (taken < work->eager_reserved && taken < work->reply->n_activity_tasks) {
            activity_worker_take(activities, work->reply->activity_tasks[taken]);
            taken++;
        }
        for (size_t i = taken; i < work->reply->n_activity_tasks; i++) {
            pb__poll_activity_task_queue_response__free_unpacked(work->reply->activity_tasks[i], NULL);
        }
        work->reply->n_activity_tasks = 0;
    }
    if (work->eager_reserved > taken) {
        activity_worker_unreserve(activities, work->eager_reserved - taken);
    }
    work->eager_reserved = 0;
}

/* Loop's thread. */
static void answered(void *argument)
{
    struct workflow_work *work = argument;
    struct worker_workflows *workflows = work->owner;
    workflows->context->calls.release(work->call);
    work->call = NULL;
    bool is_ok = work->error.status == STATUS_OK;
    if (is_ok && work->closing) {
        metric_counter_add(work->closing, 1);
    }
    if (work->error.status == STATUS_TOO_LARGE && !work->is_failure_answer && work->cached) {
        workflow_work_fail(work, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE,
                           work->error.text);
        return;
    }
    if (!is_ok) {
        /* NOT_FOUND: the task timed out or the run was closed; INVALID_ARGUMENT: an event came between, or the server
         * failed the task itself. Either way the next task brings the truth. */
        bool is_expected = work->error.status == STATUS_NOT_FOUND || work->error.status == STATUS_INVALID_ARGUMENT;
        metric_counter_add(workflows->context->metrics.workflow_task_dropped, 1);
        log_event(is_expected ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "answer to a workflow task not taken",
                  LOG_STRING("workflow_id", work->task->workflow_execution->workflow_id),
                  LOG_STRING("run_id", work->task->workflow_execution->run_id), LOG_ERROR(&work->error));
    }
    bool is_discarded = work->reply && work->reply->reset_history_event_id > 0;
    bool evict = !is_ok || work->is_failure_answer || work->completion.has_closed || is_discarded;
    if (!evict && workflow_work_continue(work)) {
        return;
    }
    workflow_work_finish(work, evict);
}

/* rpc thread. */
static void answer_done(void *user, struct service_call_result *result)
{
    struct workflow_work *work = user;
    if (result->status == STATUS_OK) {
        work->error.status = STATUS_OK;
        if (result->reply->descriptor == &pb__respond_workflow_task_completed_response__descriptor) {
            work->reply = (void *)service_call_take_reply(result);
        }
    } else {
        work->error = *result->error;
    }
    if (work->eager_reserved > 0) {
        take_eager(work);
    }
    loop_post(work->owner->context->loop, answered, work);
}

static struct worker_answer_options answer_options(struct workflow_work *work, service_call_done_fn *done)
{
    return (struct worker_answer_options){
        .context = work->owner->context, .task = work->task, .done = done, .user = work, .out_call = &work->call};
}

/* ---- failures ---- */

static void log_task_failure(struct workflow_work *work, const char *message, bool will_tell)
{
    struct worker_workflows *workflows = work->owner;
    int64_t suppressed = 0;
    if (!will_tell && !log_limiter_allows(&workflows->failure_log, TASK_POLLER_LOG_INTERVAL_MS, &suppressed)) {
        return;
    }
    log_event(LOG_LEVEL_ERROR, "workflow task failed",
              LOG_STRING("workflow_type", work->task->workflow_type ? work->task->workflow_type->name : NULL),
              LOG_STRING("workflow_id", work->task->workflow_execution->workflow_id),
              LOG_STRING("run_id", work->task->workflow_execution->run_id),
              LOG_INTEGER("attempt", work->task->attempt), LOG_STRING("error", message),
              LOG_INTEGER("suppressed", suppressed));
}

/* The first attempt's failure is told to the server, which tries again at once. Later ones stay silent: the task's
 * timeout paces them. The run's state is of no use in either case. */
static void fail_task(struct workflow_work *work, Pb__WorkflowTaskFailedCause cause, const Pb__Failure *failure)
{
    struct worker_workflows *workflows = work->owner;
    bool will_tell = work->task->attempt <= 1 && !workflows->is_abandoning;
    metric_counter_add(cause == NON_DETERMINISM ? workflows->context->metrics.workflow_task_non_determinism
                                                : workflows->context->metrics.workflow_task_execution_failed,
                       1);
    log_task_failure(work, failure->message, will_tell);
    if (!will_tell) {
        workflow_work_finish(work, true);
        return;
    }
    work->is_failure_answer = true;
    const struct worker_answer_options options = answer_options(work, answer_done);
    worker_answer_failed(&options, cause, failure);
}

void workflow_work_fail(struct workflow_work *work, Pb__WorkflowTaskFailedCause cause, const char *message)
{
    Pb__ApplicationFailureInfo info;
    Pb__Failure failure;
    pb__application_failure_info__init(&info);
    info.type = "WorkerError";
    pb__failure__init(&failure);
    failure.message = message;
    failure.source = WORKER_SDK_NAME;
    failure.failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    failure.application_failure_info = &info;
    fail_task(work, cause, &failure);
}

/* ---- answers ---- */

void workflow_work_answer(struct workflow_work *work)
{
    struct worker_workflows *workflows = work->owner;
    struct workflow_completion *completion = &work->completion;
    if (workflows->is_abandoning) {
        workflow_work_finish(work, true);
        return;
    }
    if (completion->is_failure) {
        fail_task(work, completion->failure_cause, completion->failure);
        return;
    }
    struct worker_answer_options options = answer_options(work, answer_done);
    bool keeps = workflows->options.cache > 0 && !workflows->is_stopping && !completion->has_closed;
    options.sticky_schedule_to_start_ms = keeps ? workflows->options.sticky_schedule_to_start_ms : 0;
    if (workflows->options.activities && !workflows->is_stopping) {
        work->eager_reserved =
            worker_answer_reserve_eager(workflows->context, workflows->options.activities, completion);
    }
    worker_answer_completed(&options, completion);
}

void workflow_work_answer_query(struct workflow_work *work)
{
    const struct worker_answer_options options = answer_options(work, answer_done);
    worker_answer_query(&options);
}
