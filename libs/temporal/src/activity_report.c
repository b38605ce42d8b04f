/* How an attempt ends: as completed, failed or canceled, told to the server until it listens or the attempt's own time
 * is over. What the server no longer wants is dropped, with a line and a count. */
#include <stdlib.h>

#include "activity_attempt.h"
#include "base/clock.h"
#include "base/memory.h"
#include "payload.h"
#include "proto_time.h"

#define REPORT_MIN_MS 10000                  /* told at least so long, also when the attempt's time is nearly over */
#define REPORT_WITHOUT_DEADLINE_MS 3600000
#define FAILURE_MESSAGE_MAX 20000            /* bytes; the rest is cut */

enum report_kind { REPORT_COMPLETED, REPORT_FAILED, REPORT_CANCELED, REPORT_NONE };

struct lost_reason {
    const char *type;
    const char *message;
};

/* What a cancellation for that reason is reported as; NULL type: not as a failure. */
static struct lost_reason reason_failure(enum temporal_cancel_reason reason)
{
    switch (reason) {
    case TEMPORAL_CANCEL_WORKER_SHUTDOWN:
        return (struct lost_reason){"WorkerShutdown", "the worker was stopped before the activity ended"};
    case TEMPORAL_CANCEL_PAUSED:
        return (struct lost_reason){"ActivityPaused", "the activity was paused"};
    case TEMPORAL_CANCEL_RESET:
        return (struct lost_reason){"ActivityReset", "the activity was reset"};
    case TEMPORAL_CANCEL_NONE:
        return (struct lost_reason){"NoResult", "the activity's function returned neither a result nor a failure"};
    case TEMPORAL_CANCEL_REQUESTED:
    case TEMPORAL_CANCEL_TIMED_OUT:
    case TEMPORAL_CANCEL_GONE:
        break;
    }
    return (struct lost_reason){NULL, NULL};
}

/* Fills in the failure where the outcome has none of its own. */
static enum report_kind decide(struct temporal_activity *activity, enum temporal_cancel_reason reason)
{
    struct attempt_outcome *outcome = &activity->outcome;
    if (reason == TEMPORAL_CANCEL_TIMED_OUT || reason == TEMPORAL_CANCEL_GONE) {
        return REPORT_NONE;
    }
    if (outcome->result) {
        return REPORT_COMPLETED;
    }
    if (outcome->has_failed) {
        return REPORT_FAILED;
    }
    if (reason == TEMPORAL_CANCEL_REQUESTED) {
        return REPORT_CANCELED;
    }
    const struct lost_reason lost = reason_failure(reason);
    (void)temporal_activity_fail(activity, lost.type, "%s", lost.message);
    return REPORT_FAILED;
}

static void finish(struct temporal_activity *activity)
{
    activity->hooks.reported(activity->hooks.user, activity);
}

static void log_outcome(struct temporal_activity *activity, enum log_level level, const char *message,
                        const char *error_text, const char *failure_type)
{
    if (!log_is_enabled(level)) {
        return;
    }
    struct log_field fields[ATTEMPT_LOG_FIELDS + 2];
    size_t count = attempt_log_fields(activity, fields);
    fields[count++] = (struct log_field)LOG_STRING("error", error_text);
    fields[count++] = (struct log_field)LOG_STRING("failure_type", failure_type);
    log_write(level, message, fields, count);
}

static void drop(struct temporal_activity *activity, const char *why)
{
    log_outcome(activity, LOG_LEVEL_ERROR, "activity outcome dropped: the server was not told", why, NULL);
    metric_counter_add(activity->context->metrics.activity_report_dropped, 1);
    finish(activity);
}

static void send(struct temporal_activity *activity, enum report_kind kind);

static void report_done(void *user, struct service_call_result *result)
{
    struct temporal_activity *activity = user;
    bool is_refused = result->status == STATUS_TOO_LARGE || result->status == STATUS_INVALID_ARGUMENT;
    pthread_mutex_lock(&activity->lock);
    struct service_call *call = activity->report_call;
    activity->report_call = NULL;
    bool is_abandoned = activity->is_abandoned;
    pthread_mutex_unlock(&activity->lock);
    activity->context->calls.release(call);
    if (result->status == STATUS_OK) {
        finish(activity);
    } else if (result->status == STATUS_NOT_FOUND) {
        log_outcome(activity, LOG_LEVEL_INFO, "activity outcome not wanted any more", result->error->text, NULL);
        finish(activity);
    } else if (is_refused && !activity->is_second_report && !is_abandoned) {
        activity->is_second_report = true;
        (void)temporal_activity_fail_for_good(activity, "OutcomeRefused", "the activity's outcome was refused: %s",
                                              result->error->text);
        send(activity, REPORT_FAILED);
    } else {
        drop(activity, result->error->text);
    }
}

static void start_until(struct temporal_activity *activity, const struct service_method *method,
                        const ProtobufCMessage *request, int64_t deadline_ms, service_call_done_fn *done)
{
    const struct service_call_options options = {.deadline_ms = deadline_ms, .retry = RPC_RETRY_STANDARD};
    const struct worker_calls *calls = &activity->context->calls;
    /* The lock makes the done function wait until the handle is in its place. */
    pthread_mutex_lock(&activity->lock);
    calls->start(calls->context, method, request, &options, done, activity, &activity->report_call);
    if (activity->is_abandoned) {
        calls->cancel(activity->report_call);
    }
    pthread_mutex_unlock(&activity->lock);
}

/* With what the three requests have in common. */
static void start(struct temporal_activity *activity, const struct service_method *method,
                  const ProtobufCMessage *request)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t deadline_ms = activity->info.deadline_ms == INT64_MAX ? now_ms + REPORT_WITHOUT_DEADLINE_MS
                                                                  : activity->info.deadline_ms;
    start_until(activity, method, request,
                deadline_ms > now_ms + REPORT_MIN_MS ? deadline_ms : now_ms + REPORT_MIN_MS, report_done);
}

static void send_completed(struct temporal_activity *activity)
{
    Pb__RespondActivityTaskCompletedRequest request;
    pb__respond_activity_task_completed_request__init(&request);
    Pb__Payloads *result = payloads_from_json(activity->outcome.result);
    request.task_token = activity->task->task_token;
    request.result = result;
    request.identity = activity->context->identity;
    request.namespace_ = activity->context->namespace_name;
    start(activity, &service_respond_activity_task_completed, &request.base);
    pb__payloads__free_unpacked(result, NULL);
}

static void send_failed(struct temporal_activity *activity)
{
    const struct attempt_outcome *outcome = &activity->outcome;
    Google__Protobuf__Duration delay;
    Pb__ApplicationFailureInfo info;
    Pb__Failure failure;
    Pb__RespondActivityTaskFailedRequest request;
    Pb__Payloads *details = outcome->failure_details ? payloads_from_json(outcome->failure_details) : NULL;
    pb__application_failure_info__init(&info);
    info.type = outcome->failure_type;
    info.non_retryable = outcome->is_non_retryable;
    info.details = details;
    if (outcome->next_retry_delay_ms > 0) {
        duration_init_ms(&delay, outcome->next_retry_delay_ms);
        info.next_retry_delay = &delay;
    }
    pb__failure__init(&failure);
    failure.message = outcome->failure_message;
    failure.source = WORKER_SDK_NAME;
    failure.failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    failure.application_failure_info = &info;
    pb__respond_activity_task_failed_request__init(&request);
    request.task_token = activity->task->task_token;
    request.failure = &failure;
    request.identity = activity->context->identity;
    request.namespace_ = activity->context->namespace_name;
    /* What the server may not have; nobody adds to the details any more. */
    pthread_mutex_lock(&activity->lock);
    bool is_unsent = activity->heartbeat.is_held || activity->heartbeat.is_in_flight;
    pthread_mutex_unlock(&activity->lock);
    request.last_heartbeat_details = is_unsent ? activity->details : NULL;
    start(activity, &service_respond_activity_task_failed, &request.base);
    if (details) {
        pb__payloads__free_unpacked(details, NULL);
    }
}

static void send_canceled(struct temporal_activity *activity)
{
    Pb__RespondActivityTaskCanceledRequest request;
    pb__respond_activity_task_canceled_request__init(&request);
    Pb__Payloads *details =
        activity->outcome.cancel_details ? payloads_from_json(activity->outcome.cancel_details) : NULL;
    request.task_token = activity->task->task_token;
    request.details = details;
    request.identity = activity->context->identity;
    request.namespace_ = activity->context->namespace_name;
    start(activity, &service_respond_activity_task_canceled, &request.base);
    if (details) {
        pb__payloads__free_unpacked(details, NULL);
    }
}

static void flushed(void *user, struct service_call_result *result)
{
    struct temporal_activity *activity = user;
    (void)result; /* what the server made of the details changes nothing here */
    pthread_mutex_lock(&activity->lock);
    struct service_call *call = activity->report_call;
    activity->report_call = NULL;
    pthread_mutex_unlock(&activity->lock);
    activity->context->calls.release(call);
    send_canceled(activity);
}

/* The request that says canceled has no place for the heartbeat's details, so what was held back goes before it. */
static void flush_and_send_canceled(struct temporal_activity *activity)
{
    pthread_mutex_lock(&activity->lock);
    bool is_unsent = activity->heartbeat.is_held && activity->details;
    pthread_mutex_unlock(&activity->lock);
    if (!is_unsent) {
        send_canceled(activity);
        return;
    }
    Pb__RecordActivityTaskHeartbeatRequest request;
    attempt_heartbeat_request(activity, &request);
    start_until(activity, &service_record_activity_task_heartbeat, &request.base,
                clock_monotonic_ms() + REPORT_MIN_MS, flushed);
}

static void send(struct temporal_activity *activity, enum report_kind kind)
{
    switch (kind) {
    case REPORT_COMPLETED:
        send_completed(activity);
        break;
    case REPORT_FAILED:
        send_failed(activity);
        break;
    case REPORT_CANCELED:
        flush_and_send_canceled(activity);
        break;
    case REPORT_NONE:
        finish(activity);
        break;
    }
}

static void note(const struct temporal_activity *activity, enum report_kind kind)
{
    if (!activity->registration) {
        return;
    }
    const struct activity_metrics *metrics = &activity->registration->metrics;
    switch (kind) {
    case REPORT_COMPLETED:
        worker_metrics_observe_ms(metrics->succeed_endtoend_latency,
                                  clock_wall_ms() - activity->info.scheduled_wall_ms);
        break;
    case REPORT_FAILED:
        metric_counter_add(metrics->execution_failed, 1);
        break;
    case REPORT_CANCELED:
        metric_counter_add(metrics->execution_cancelled, 1);
        break;
    case REPORT_NONE:
        metric_counter_add(metrics->execution_failed, 1);
        metric_counter_add(activity->context->metrics.activity_report_dropped, 1);
        break;
    }
}

static void trace(struct temporal_activity *activity, enum report_kind kind)
{
    const struct temporal_activity_info *info = &activity->info;
    if (!activity->tracing.is_recorded) {
        return;
    }
    char *name = memory_format("RunActivity:%s", info->activity_type);
    struct temporal_span span = {.name = name,
                                 .kind = TEMPORAL_SPAN_SERVER,
                                 .workflow_id = info->workflow_id,
                                 .run_id = info->run_id,
                                 .activity_id = info->activity_id,
                                 .attempt = info->attempt,
                                 .has_failed = kind == REPORT_FAILED || kind == REPORT_NONE,
                                 .failure_type = kind == REPORT_FAILED ? activity->outcome.failure_type : NULL,
                                 .failure_message = kind == REPORT_FAILED ? activity->outcome.failure_message : NULL};
    if (kind == REPORT_NONE) {
        span.failure_type = "OutcomeDropped";
    }
    tracing_attempt_end(&activity->tracing, activity->context->tracing, &span);
    free(name);
}

void attempt_report(struct temporal_activity *activity)
{
    pthread_mutex_lock(&activity->lock);
    activity->has_ended = true;
    enum temporal_cancel_reason reason = activity->cancel_reason;
    pthread_mutex_unlock(&activity->lock);
    enum report_kind kind = decide(activity, reason);
    if (kind == REPORT_FAILED) {
        log_outcome(activity, LOG_LEVEL_WARN, "activity failed", activity->outcome.failure_message,
                    activity->outcome.failure_type);
    } else if (kind == REPORT_NONE) {
        log_outcome(activity, LOG_LEVEL_WARN, "activity ended after its time, outcome dropped", NULL, NULL);
    }
    note(activity, kind);
    trace(activity, kind);
    send(activity, kind);
}

void attempt_abandon_report(struct temporal_activity *activity)
{
    pthread_mutex_lock(&activity->lock);
    activity->is_abandoned = true;
    if (activity->report_call) {
        activity->context->calls.cancel(activity->report_call);
    }
    pthread_mutex_unlock(&activity->lock);
}
