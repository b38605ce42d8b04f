/* An attempt's heartbeats: sent, answered, due. When one may be sent is heartbeat.h's. */
#include "activity_attempt.h"

#include "base/clock.h"
#include "base/thread.h"
#include "payload.h"

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
    int64_t due_ms = attempt_earlier(heartbeat_due_ms(&activity->heartbeat), activity->heartbeat_deadline_ms);
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

void attempt_heartbeat_request(const struct temporal_activity *activity,
                               Pb__RecordActivityTaskHeartbeatRequest *out_request)
{
    pb__record_activity_task_heartbeat_request__init(out_request);
    out_request->task_token = activity->task->task_token;
    out_request->details = activity->details;
    out_request->identity = activity->context->identity;
    out_request->namespace_ = activity->context->namespace_name;
}

/* With the lock. */
static void send_heartbeat(struct temporal_activity *activity, int64_t now_ms)
{
    Pb__RecordActivityTaskHeartbeatRequest request;
    attempt_heartbeat_request(activity, &request);
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
    int64_t wake_ms = attempt_earlier(due_ms, activity->info.deadline_ms);
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
    if (activity->has_ended || attempt_reason_is_final(activity->cancel_reason)) {
        pthread_mutex_unlock(&activity->lock);
        return INT64_MAX;
    }
    if (heartbeat_take_due(&activity->heartbeat, now_ms)) {
        send_heartbeat(activity, now_ms);
    }
    int64_t over_ms = attempt_earlier(activity->info.deadline_ms, activity->heartbeat_deadline_ms);
    int64_t due_ms = attempt_earlier(over_ms, heartbeat_due_ms(&activity->heartbeat));
    pthread_mutex_unlock(&activity->lock);
    if (now_ms >= over_ms) {
        attempt_cancel(activity, TEMPORAL_CANCEL_TIMED_OUT);
        return INT64_MAX;
    }
    return due_ms;
}
