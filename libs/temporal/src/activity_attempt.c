/* The life of an attempt: from its task to its report. See activity_attempt.h. */
#include "activity_attempt.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "payload.h"
#include "proto_time.h"

/* On our clock. Time that passed between the first scheduling and this start is the server's to tell. */
static int64_t deadline_of(const struct temporal_activity_info *info, int64_t now_ms)
{
    int64_t deadline_ms = INT64_MAX;
    if (info->start_to_close_ms > 0) {
        deadline_ms = now_ms + info->start_to_close_ms;
    }
    if (info->schedule_to_close_ms > 0) {
        int64_t waited_ms = info->started_wall_ms - info->scheduled_wall_ms;
        int64_t rest_ms = info->schedule_to_close_ms - (waited_ms > 0 ? waited_ms : 0);
        deadline_ms = attempt_earlier(deadline_ms, now_ms + (rest_ms > 0 ? rest_ms : 0));
    }
    return deadline_ms;
}

static void fill_info(struct temporal_activity *activity)
{
    const Pb__PollActivityTaskQueueResponse *task = activity->task;
    struct temporal_activity_info *info = &activity->info;
    info->namespace_name = *task->workflow_namespace ? task->workflow_namespace : activity->context->namespace_name;
    info->task_queue = activity->context->task_queue;
    info->activity_type = task->activity_type ? task->activity_type->name : "";
    info->activity_id = task->activity_id;
    info->workflow_type = task->workflow_type ? task->workflow_type->name : "";
    info->workflow_id = task->workflow_execution ? task->workflow_execution->workflow_id : "";
    info->run_id = task->workflow_execution ? task->workflow_execution->run_id : "";
    info->attempt = task->attempt;
    info->scheduled_wall_ms = timestamp_to_ms(task->scheduled_time);
    info->attempt_scheduled_wall_ms = timestamp_to_ms(task->current_attempt_scheduled_time);
    info->started_wall_ms = timestamp_to_ms(task->started_time);
    info->schedule_to_close_ms = duration_to_ms(task->schedule_to_close_timeout);
    info->start_to_close_ms = duration_to_ms(task->start_to_close_timeout);
    info->heartbeat_ms = duration_to_ms(task->heartbeat_timeout);
    info->deadline_ms = deadline_of(info, activity->received_ms);
}

struct temporal_activity *attempt_new(const struct worker_context *context,
                                      const struct activity_registration *registration,
                                      const struct attempt_hooks *hooks, Pb__PollActivityTaskQueueResponse *task)
{
    struct temporal_activity *activity = memory_alloc(sizeof *activity);
    activity->context = context;
    activity->registration = registration;
    activity->hooks = *hooks;
    activity->task = task;
    activity->received_ms = clock_monotonic_ms();
    list_init(&activity->item);
    list_init(&activity->link);
    atomic_init(&activity->references, 1);
    fill_info(activity);
    pthread_mutex_init(&activity->lock, NULL);
    thread_condition_init(&activity->wake);
    heartbeat_init(&activity->heartbeat, activity->info.heartbeat_ms);
    activity->heartbeat_deadline_ms =
        activity->info.heartbeat_ms > 0 ? activity->received_ms + activity->info.heartbeat_ms : INT64_MAX;
    return activity;
}

void attempt_release(struct temporal_activity *activity)
{
    if (atomic_fetch_sub_explicit(&activity->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    pb__poll_activity_task_queue_response__free_unpacked(activity->task, NULL);
    json_decref(activity->input);
    json_decref(activity->earlier_details);
    json_decref(activity->outcome.result);
    json_decref(activity->outcome.cancel_details);
    attempt_clear_failure(&activity->outcome);
    for (size_t i = 0; i < activity->bound_count; i++) {
        free(activity->bound_keys[i]);
        free(activity->bound_values[i]);
    }
    if (activity->details) {
        pb__payloads__free_unpacked(activity->details, NULL);
    }
    pthread_cond_destroy(&activity->wake);
    pthread_mutex_destroy(&activity->lock);
    free(activity);
}

void attempt_run(struct temporal_activity *activity)
{
    const struct activity_registration *registration = activity->registration;
    struct attempt_outcome *outcome = &activity->outcome;
    if (!registration) {
        (void)temporal_activity_fail(activity, "ActivityNotRegistered",
                                     "this worker knows no activity named \"%s\"", activity->info.activity_type);
        attempt_report(activity);
        return;
    }
    worker_metrics_observe_ms(registration->metrics.schedule_to_start_latency,
                              activity->info.started_wall_ms - activity->info.attempt_scheduled_wall_ms);
    int64_t start_us = clock_monotonic_us();
    tracing_attempt_init(&activity->tracing, activity->context->tracing, activity->task->header);
    activity->input = payloads_to_json(activity->task->input, 0);
    json_t *result = registration->function(activity, activity->input);
    worker_metrics_observe_ms(registration->metrics.execution_latency, (clock_monotonic_us() - start_us) / 1000);
    outcome->result = result;
    temporal_activity_on_cancel(activity, NULL, NULL);
    attempt_report(activity);
}
