/* What an activity's function can ask and do (temporal/activity.h), and the life of an attempt around it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity_attempt.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "payload.h"
#include "proto_time.h"

#define ENCODING_SIZE 64
#define LOG_FIELDS_MAX 32

/* ---- life ---- */

static int64_t earlier(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

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
        deadline_ms = earlier(deadline_ms, now_ms + (rest_ms > 0 ? rest_ms : 0));
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

static void outcome_clear_failure(struct attempt_outcome *outcome)
{
    free(outcome->failure_type);
    free(outcome->failure_message);
    json_decref(outcome->failure_details);
    outcome->has_failed = false;
    outcome->failure_type = NULL;
    outcome->failure_message = NULL;
    outcome->failure_details = NULL;
    outcome->is_non_retryable = false;
    outcome->next_retry_delay_ms = 0;
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
    outcome_clear_failure(&activity->outcome);
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

/* ---- cancellation ---- */

static bool overrules(enum temporal_cancel_reason reason)
{
    return reason == TEMPORAL_CANCEL_TIMED_OUT || reason == TEMPORAL_CANCEL_GONE;
}

void attempt_cancel(struct temporal_activity *activity, enum temporal_cancel_reason reason)
{
    pthread_mutex_lock(&activity->lock);
    bool is_first = activity->cancel_reason == TEMPORAL_CANCEL_NONE;
    if (!activity->has_ended && (is_first || (overrules(reason) && !overrules(activity->cancel_reason)))) {
        activity->cancel_reason = reason;
    }
    if (is_first && !activity->has_ended) {
        pthread_cond_broadcast(&activity->wake);
        if (activity->on_cancel) {
            activity->on_cancel(activity->on_cancel_user); /* under the lock: it must not run once it was taken back */
            activity->on_cancel = NULL;
        }
    }
    pthread_mutex_unlock(&activity->lock);
}

enum temporal_cancel_reason temporal_activity_cancel_reason(const struct temporal_activity *activity)
{
    struct temporal_activity *own = (struct temporal_activity *)(uintptr_t)activity; /* for its lock */
    if (clock_monotonic_ms() >= activity->info.deadline_ms) {
        attempt_cancel(own, TEMPORAL_CANCEL_TIMED_OUT);
    }
    pthread_mutex_lock(&own->lock);
    enum temporal_cancel_reason reason = own->cancel_reason;
    pthread_mutex_unlock(&own->lock);
    return reason;
}

bool temporal_activity_is_cancelled(const struct temporal_activity *activity)
{
    return temporal_activity_cancel_reason(activity) != TEMPORAL_CANCEL_NONE;
}

bool temporal_activity_wait(struct temporal_activity *activity, int64_t duration_ms)
{
    int64_t due_ms = clock_monotonic_ms() + (duration_ms > 0 ? duration_ms : 0);
    int64_t wake_ms = earlier(due_ms, activity->info.deadline_ms);
    bool in_time = true;
    pthread_mutex_lock(&activity->lock);
    while (activity->cancel_reason == TEMPORAL_CANCEL_NONE && in_time && duration_ms > 0) {
        in_time = thread_condition_wait(&activity->wake, &activity->lock, wake_ms);
    }
    pthread_mutex_unlock(&activity->lock);
    return !temporal_activity_is_cancelled(activity);
}

void temporal_activity_on_cancel(struct temporal_activity *activity, void (*wake)(void *user), void *user)
{
    pthread_mutex_lock(&activity->lock);
    bool is_cancelled = activity->cancel_reason != TEMPORAL_CANCEL_NONE;
    activity->on_cancel = is_cancelled ? NULL : wake;
    activity->on_cancel_user = user;
    if (is_cancelled && wake) {
        wake(user);
    }
    pthread_mutex_unlock(&activity->lock);
}

/* ---- heartbeats ---- */

static void heartbeat_done(void *user, struct service_call_result *result)
{
    struct temporal_activity *activity = user;
    enum temporal_cancel_reason reason = TEMPORAL_CANCEL_NONE;
    if (result->status == STATUS_OK) {
        const Pb__RecordActivityTaskHeartbeatResponse *reply = (const void *)result->reply;
        reason = reply->cancel_requested  ? TEMPORAL_CANCEL_REQUESTED
                 : reply->activity_reset  ? TEMPORAL_CANCEL_RESET
                 : reply->activity_paused ? TEMPORAL_CANCEL_PAUSED
                                          : TEMPORAL_CANCEL_NONE;
    } else if (result->status == STATUS_NOT_FOUND) {
        reason = TEMPORAL_CANCEL_GONE;
    }
    bool is_refused = result->status == STATUS_INVALID_ARGUMENT || result->status == STATUS_TOO_LARGE;
    bool is_lost = result->status != STATUS_OK && !is_refused && reason == TEMPORAL_CANCEL_NONE;
    /* Before the news that there is an answer: who waits for that looks for both. */
    if (reason != TEMPORAL_CANCEL_NONE) {
        attempt_cancel(activity, reason);
    }
    pthread_mutex_lock(&activity->lock);
    bool has_ended = activity->has_ended;
    heartbeat_answered(&activity->heartbeat, is_lost);
    activity->heartbeat_answers++;
    pthread_cond_broadcast(&activity->wake);
    if (result->status == STATUS_OK && activity->info.heartbeat_ms > 0) {
        activity->heartbeat_deadline_ms = activity->heartbeat_sent_ms + activity->info.heartbeat_ms;
    }
    int64_t due_ms = earlier(heartbeat_due_ms(&activity->heartbeat), activity->heartbeat_deadline_ms);
    pthread_mutex_unlock(&activity->lock);
    if (!has_ended && result->status != STATUS_OK) {
        struct log_field fields[ATTEMPT_LOG_FIELDS + 2];
        size_t count = attempt_log_fields(activity, fields);
        fields[count++] = (struct log_field)LOG_STRING("error", result->error->text);
        fields[count++] = (struct log_field)LOG_STRING("status", status_name(result->status));
        log_write(LOG_LEVEL_WARN, "heartbeat failed", fields, count);
    }
    if (!has_ended && due_ms != INT64_MAX) {
        activity->hooks.schedule(activity->hooks.user, due_ms);
    }
    attempt_release(activity);
}

/* With the lock. */
static void send_heartbeat(struct temporal_activity *activity, int64_t now_ms)
{
    Pb__RecordActivityTaskHeartbeatRequest request;
    pb__record_activity_task_heartbeat_request__init(&request);
    request.task_token = activity->task->task_token;
    request.details = activity->details;
    request.identity = activity->context->identity;
    request.namespace_ = activity->context->namespace_name;
    const struct service_call_options options = {
        .deadline_ms = now_ms + activity->heartbeat.interval_ms,
        .retry = RPC_RETRY_STANDARD,
    };
    activity->heartbeat_sent_ms = now_ms;
    atomic_fetch_add_explicit(&activity->references, 1, memory_order_relaxed);
    worker_calls_send(&activity->context->calls, &service_record_activity_task_heartbeat, &request.base, &options,
                      heartbeat_done, activity);
}

void temporal_activity_heartbeat(struct temporal_activity *activity, const json_t *details)
{
    Pb__Payloads *payloads = details ? payloads_from_json(details) : NULL;
    int64_t now_ms = clock_monotonic_ms();
    pthread_mutex_lock(&activity->lock);
    Pb__Payloads *old = activity->details;
    activity->details = payloads;
    if (!activity->has_ended && heartbeat_record(&activity->heartbeat, now_ms)) {
        send_heartbeat(activity, now_ms);
    }
    int64_t due_ms = heartbeat_due_ms(&activity->heartbeat);
    pthread_mutex_unlock(&activity->lock);
    if (due_ms != INT64_MAX) {
        activity->hooks.schedule(activity->hooks.user, due_ms);
    }
    if (old) {
        pb__payloads__free_unpacked(old, NULL);
    }
}

bool temporal_activity_confirm(struct temporal_activity *activity, const json_t *details, int64_t timeout_ms)
{
    Pb__Payloads *payloads = details ? payloads_from_json(details) : NULL;
    int64_t due_ms = clock_monotonic_ms() + timeout_ms;
    int64_t wake_ms = earlier(due_ms, activity->info.deadline_ms);
    bool in_time = true;
    pthread_mutex_lock(&activity->lock);
    Pb__Payloads *old = activity->details;
    activity->details = payloads;
    activity->heartbeat.is_held = true; /* in case that it cannot be sent below */
    /* One under way may have been answered before the cancellation came. */
    while (activity->heartbeat.is_in_flight && activity->cancel_reason == TEMPORAL_CANCEL_NONE && in_time) {
        in_time = thread_condition_wait(&activity->wake, &activity->lock, wake_ms);
    }
    if (!activity->heartbeat.is_in_flight && activity->cancel_reason == TEMPORAL_CANCEL_NONE) {
        int64_t now_ms = clock_monotonic_ms();
        uint64_t answers = activity->heartbeat_answers;
        heartbeat_force(&activity->heartbeat, now_ms);
        send_heartbeat(activity, now_ms);
        while (activity->heartbeat_answers == answers && activity->cancel_reason == TEMPORAL_CANCEL_NONE && in_time) {
            in_time = thread_condition_wait(&activity->wake, &activity->lock, wake_ms);
        }
    }
    pthread_mutex_unlock(&activity->lock);
    if (old) {
        pb__payloads__free_unpacked(old, NULL);
    }
    return !temporal_activity_is_cancelled(activity);
}

int64_t attempt_check(struct temporal_activity *activity, int64_t now_ms)
{
    pthread_mutex_lock(&activity->lock);
    if (activity->has_ended || overrules(activity->cancel_reason)) {
        pthread_mutex_unlock(&activity->lock);
        return INT64_MAX;
    }
    if (heartbeat_take_due(&activity->heartbeat, now_ms)) {
        send_heartbeat(activity, now_ms);
    }
    int64_t over_ms = earlier(activity->info.deadline_ms, activity->heartbeat_deadline_ms);
    int64_t due_ms = earlier(over_ms, heartbeat_due_ms(&activity->heartbeat));
    pthread_mutex_unlock(&activity->lock);
    if (now_ms >= over_ms) {
        attempt_cancel(activity, TEMPORAL_CANCEL_TIMED_OUT);
        return INT64_MAX;
    }
    return due_ms;
}

/* ---- input ---- */

void *temporal_activity_user(const struct temporal_activity *activity)
{
    return activity->registration->user;
}

const struct temporal_activity_info *temporal_activity_info(const struct temporal_activity *activity)
{
    return &activity->info;
}

const char *temporal_activity_traceparent(const struct temporal_activity *activity)
{
    return activity->tracing.has_context ? activity->tracing.traceparent : NULL;
}

size_t temporal_activity_input_count(const struct temporal_activity *activity)
{
    return activity->task->input ? activity->task->input->n_payloads : 0;
}

bool temporal_activity_input_payload(const struct temporal_activity *activity, size_t index,
                                     struct temporal_payload *out_payload)
{
    if (index >= temporal_activity_input_count(activity)) {
        return false;
    }
    const Pb__Payload *payload = activity->task->input->payloads[index];
    static _Thread_local char s_encoding[ENCODING_SIZE];
    payload_encoding(payload, s_encoding, sizeof s_encoding);
    *out_payload = (struct temporal_payload){
        .encoding = s_encoding, .data = payload->data.data, .length = payload->data.len};
    return true;
}

const json_t *temporal_activity_heartbeat_details(const struct temporal_activity *activity)
{
    struct temporal_activity *own = (struct temporal_activity *)(uintptr_t)activity; /* fills a cache */
    if (!own->earlier_details) {
        own->earlier_details = payloads_to_json(own->task->heartbeat_details, 0);
    }
    return own->earlier_details;
}

/* ---- failure ---- */

json_t *temporal_activity_fail_with(struct temporal_activity *activity, const struct temporal_fail_options *options)
{
    struct attempt_outcome *outcome = &activity->outcome;
    outcome_clear_failure(outcome);
    outcome->has_failed = true;
    outcome->failure_type = memory_copy_string(options->type ? options->type : "");
    outcome->failure_message = memory_copy_string(options->message ? options->message : "");
    outcome->is_non_retryable = options->is_non_retryable;
    outcome->failure_details = options->details;
    outcome->next_retry_delay_ms = options->next_retry_delay_ms;
    return NULL;
}

static char *format_message(const char *format, va_list arguments) PRINTF_LIKE(1, 0);

static char *format_message(const char *format, va_list arguments)
{
    char *message = NULL;
    int length = vasprintf(&message, format, arguments);
    CHECK(length >= 0);
    return message;
}

json_t *temporal_activity_fail(struct temporal_activity *activity, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_message(format, arguments);
    va_end(arguments);
    (void)temporal_activity_fail_with(activity, &(struct temporal_fail_options){.type = type, .message = message});
    free(message);
    return NULL;
}

json_t *temporal_activity_fail_for_good(struct temporal_activity *activity, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_message(format, arguments);
    va_end(arguments);
    (void)temporal_activity_fail_with(
        activity, &(struct temporal_fail_options){.type = type, .message = message, .is_non_retryable = true});
    free(message);
    return NULL;
}

json_t *temporal_activity_accept_cancel(struct temporal_activity *activity, json_t *details)
{
    outcome_clear_failure(&activity->outcome);
    json_decref(activity->outcome.cancel_details);
    activity->outcome.cancel_details = details;
    return NULL;
}

/* ---- logs ---- */

size_t attempt_log_fields(struct temporal_activity *activity, struct log_field *out)
{
    size_t count = 0;
    out[count++] = (struct log_field)LOG_STRING("activity_type", activity->info.activity_type);
    out[count++] = (struct log_field)LOG_STRING("activity_id", activity->info.activity_id);
    out[count++] = (struct log_field)LOG_STRING("workflow_id", activity->info.workflow_id);
    out[count++] = (struct log_field)LOG_STRING("run_id", activity->info.run_id);
    out[count++] = (struct log_field)LOG_INTEGER("attempt", activity->info.attempt);
    if (activity->tracing.has_context) {
        out[count++] = (struct log_field)LOG_STRING("trace_id", activity->tracing.trace_id);
        out[count++] = (struct log_field)LOG_STRING("span_id", activity->tracing.span_id);
    }
    pthread_mutex_lock(&activity->lock);
    for (size_t i = 0; i < activity->bound_count; i++) {
        out[count++] = (struct log_field)LOG_STRING(activity->bound_keys[i], activity->bound_values[i]);
    }
    pthread_mutex_unlock(&activity->lock);
    return count;
}

void temporal_activity_log_bind(struct temporal_activity *activity, const char *key, const char *value)
{
    pthread_mutex_lock(&activity->lock);
    if (activity->bound_count < ATTEMPT_BOUND_MAX) {
        activity->bound_keys[activity->bound_count] = memory_copy_string(key);
        activity->bound_values[activity->bound_count] = memory_copy_string(value);
        activity->bound_count++;
    }
    pthread_mutex_unlock(&activity->lock);
}

/* *out_text: to be freed after the line is written; NULL: nothing to free. */
static struct log_field field_from_json(const char *key, const json_t *value, char **out_text)
{
    *out_text = NULL;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return (struct log_field)LOG_STRING(key, json_string_value(value));
    case JSON_INTEGER:
        return (struct log_field)LOG_INTEGER(key, json_integer_value(value));
    case JSON_REAL:
        return (struct log_field)LOG_DOUBLE(key, json_real_value(value));
    case JSON_TRUE:
    case JSON_FALSE:
        return (struct log_field)LOG_BOOLEAN(key, json_is_true(value));
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    *out_text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return (struct log_field)LOG_RAW_JSON(key, *out_text);
}

void temporal_activity_log(struct temporal_activity *activity, enum temporal_log_level level, const char *message,
                           json_t *fields)
{
    static const enum log_level levels[] = {
        [TEMPORAL_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [TEMPORAL_LOG_INFO] = LOG_LEVEL_INFO,
        [TEMPORAL_LOG_WARN] = LOG_LEVEL_WARN,
        [TEMPORAL_LOG_ERROR] = LOG_LEVEL_ERROR,
    };
    struct log_field line[LOG_FIELDS_MAX];
    char *texts[LOG_FIELDS_MAX];
    size_t text_count = 0;
    if (log_is_enabled(levels[level])) {
        size_t count = attempt_log_fields(activity, line);
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(fields, key, value) {
            if (count == LOG_FIELDS_MAX) {
                break;
            }
            line[count++] = field_from_json(key, value, &texts[text_count++]);
        }
        log_write(levels[level], message, line, count);
    }
    for (size_t i = 0; i < text_count; i++) {
        free(texts[i]);
    }
    json_decref(fields);
}
