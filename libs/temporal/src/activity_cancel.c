/* The cancellation of an attempt, and how its function notices. */
#include "activity_attempt.h"

#include "base/clock.h"
#include "base/thread.h"

bool attempt_reason_is_final(enum temporal_cancel_reason reason)
{
    return reason == TEMPORAL_CANCEL_TIMED_OUT || reason == TEMPORAL_CANCEL_GONE;
}

void attempt_cancel(struct temporal_activity *activity, enum temporal_cancel_reason reason)
{
    pthread_mutex_lock(&activity->lock);
    bool is_first = activity->cancel_reason == TEMPORAL_CANCEL_NONE;
    bool is_overruled = attempt_reason_is_final(reason) && !attempt_reason_is_final(activity->cancel_reason);
    if (!activity->has_ended && (is_first || is_overruled)) {
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
    int64_t wake_ms = attempt_earlier(due_ms, activity->info.deadline_ms);
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
