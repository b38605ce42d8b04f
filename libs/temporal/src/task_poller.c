/* See task_poller.h. */
#include "task_poller.h"

#include <stdlib.h>

#include "base/backoff.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

/* One outstanding poll; the poller's lock guards it. */
struct poll {
    struct task_poller *poller;
    struct list link;      /* in open */
    struct service_call *call; /* NULL: not known yet */
    int64_t started_ms;
    bool is_probe;
    bool is_answered;
};

struct task_poller {
    struct task_poller_options options;
    pthread_mutex_t lock; /* guards all below but the timer */
    struct list open;     /* struct poll, each until nothing of it can run any more */
    size_t open_count;
    size_t waiting_count; /* those of them without an answer */
    bool is_backing_off;
    bool is_stopping;
    bool is_canceling;
    bool is_probing;           /* a probe is outstanding: no other poll is started */
    int errors;                /* in a row, TASK_POLLER_FAILING_AFTER at most */
    struct error last_error;   /* of the newest of them */
    struct backoff backoff;
    int64_t resume_ms; /* when the back-off ends */
    struct log_limiter log_limiter;
    struct loop_timer timer; /* loop's thread */
};

struct task_poller *task_poller_new(const struct task_poller_options *options)
{
    struct task_poller *poller = memory_alloc(sizeof *poller);
    poller->options = *options;
    pthread_mutex_init(&poller->lock, NULL);
    list_init(&poller->open);
    backoff_init(&poller->backoff, TASK_POLLER_BACKOFF_INITIAL_MS, TASK_POLLER_BACKOFF_MAX_MS, 2.0, 0.2);
    return poller;
}

void task_poller_destroy(struct task_poller *poller)
{
    if (!poller) {
        return;
    }
    CHECK(poller->open_count == 0);
    CHECK(!loop_timer_is_running(&poller->timer));
    pthread_mutex_destroy(&poller->lock);
    free(poller);
}

static void backoff_over(void *argument)
{
    struct task_poller *poller = argument;
    pthread_mutex_lock(&poller->lock);
    poller->is_backing_off = false;
    pthread_mutex_unlock(&poller->lock);
    task_poller_fill(poller);
}

static void arm_backoff(void *argument)
{
    struct task_poller *poller = argument;
    pthread_mutex_lock(&poller->lock);
    bool is_stopping = poller->is_stopping;
    int64_t resume_ms = poller->resume_ms;
    pthread_mutex_unlock(&poller->lock);
    if (!is_stopping) {
        loop_timer_start(poller->options.loop, &poller->timer, resume_ms, backoff_over, poller);
    }
}

static void log_failure(struct task_poller *poller, const struct error *error, int64_t wait_ms, int64_t suppressed)
{
    log_event(LOG_LEVEL_WARN, "polling for tasks failed, trying again", LOG_STRING("poller", poller->options.name),
              LOG_STRING("task_queue", poller->options.task_queue), LOG_ERROR(error),
              LOG_INTEGER("retry_in_ms", wait_ms), LOG_INTEGER("suppressed", suppressed));
}

/* The first failure of a series starts one back-off for all polls; further ones that were under way join it. error
 * NULL: an empty answer that came too soon, which is not logged and does not count as an error. */
static void note_failure(struct task_poller *poller, const struct error *error)
{
    bool arm = false;
    bool log = false;
    bool has_changed = false;
    int64_t wait_ms = 0;
    int64_t suppressed = 0;
    pthread_mutex_lock(&poller->lock);
    if (!poller->is_stopping && !poller->is_backing_off) {
        wait_ms = backoff_next_ms(&poller->backoff);
        poller->resume_ms = clock_monotonic_ms() + wait_ms;
        poller->is_backing_off = true;
        arm = true;
        log = error && log_limiter_allows(&poller->log_limiter, TASK_POLLER_LOG_INTERVAL_MS, &suppressed);
    }
    if (arm && error) {
        bool was_failing = poller->errors == TASK_POLLER_FAILING_AFTER;
        poller->errors += was_failing ? 0 : 1;
        has_changed = poller->errors == TASK_POLLER_FAILING_AFTER &&
                      (!was_failing || poller->last_error.status != error->status);
        poller->last_error = *error;
    }
    pthread_mutex_unlock(&poller->lock);
    if (log) {
        log_failure(poller, error, wait_ms, suppressed);
    }
    if (arm) {
        loop_post(poller->options.loop, arm_backoff, poller);
    }
    if (has_changed && poller->options.health_changed) {
        poller->options.health_changed(poller->options.user);
    }
}

static void note_answer(struct task_poller *poller, bool resets_backoff)
{
    pthread_mutex_lock(&poller->lock);
    bool was_failing = poller->errors == TASK_POLLER_FAILING_AFTER;
    poller->errors = 0;
    if (resets_backoff) {
        backoff_reset(&poller->backoff);
    }
    pthread_mutex_unlock(&poller->lock);
    if (was_failing) {
        log_event(LOG_LEVEL_INFO, "polling for tasks works again", LOG_STRING("poller", poller->options.name),
                  LOG_STRING("task_queue", poller->options.task_queue));
        if (poller->options.health_changed) {
            poller->options.health_changed(poller->options.user);
        }
    }
}

/* Ends a poll when both have come by: the answer and the call's handle. The last one of a stopping poller says so;
 * nothing may touch the poller after that. */
static void close_poll(struct poll *poll, struct service_call *call, bool is_answered)
{
    struct task_poller *poller = poll->poller;
    const struct worker_calls *calls = poller->options.calls;
    pthread_mutex_lock(&poller->lock);
    if (call) {
        poll->call = call;
    }
    poll->is_answered = poll->is_answered || is_answered;
    bool is_closed = poll->call && poll->is_answered;
    if (is_closed) {
        list_remove(&poll->link);
        poller->open_count--;
    } else if (call && poller->is_canceling) {
        calls->cancel(call); /* under the lock: the answer may come, and free the poll, right after */
    }
    bool is_last = is_closed && poller->is_stopping && poller->open_count == 0;
    pthread_mutex_unlock(&poller->lock);
    if (is_closed) {
        calls->release(poll->call);
        free(poll);
    }
    if (is_last) {
        poller->options.stopped(poller->options.user);
    }
}

/* true: a task came. */
static bool handle_result(struct poll *poll, struct service_call_result *result)
{
    struct task_poller *poller = poll->poller;
    bool came_soon = clock_monotonic_ms() - poll->started_ms < TASK_POLLER_EMPTY_MIN_MS;
    if (result->code == RPC_DEADLINE_EXCEEDED && !came_soon && !poll->is_probe) {
        return false; /* as if the server had said that there is nothing */
    }
    if (result->status != STATUS_OK) {
        note_failure(poller, result->error);
        return false;
    }
    bool has_task = poller->options.deliver(poller->options.user, result) == TASK_POLL_TASK;
    note_answer(poller, has_task || !came_soon);
    if (!has_task && came_soon) {
        note_failure(poller, NULL);
    }
    return has_task;
}

static void poll_done(void *user, struct service_call_result *result)
{
    struct poll *poll = user;
    struct task_poller *poller = poll->poller;
    if (!handle_result(poll, result)) {
        worker_slots_release(poller->options.slots);
    }
    pthread_mutex_lock(&poller->lock);
    poller->waiting_count--;
    poller->is_probing = poller->is_probing && !poll->is_probe;
    if (poller->options.gauge) {
        metric_gauge_add(poller->options.gauge, -1);
    }
    pthread_mutex_unlock(&poller->lock);
    task_poller_fill(poller);
    close_poll(poll, NULL, true);
}

static void start_poll(struct task_poller *poller, struct poll *poll)
{
    struct service_call *call = NULL;
    const struct service_call_options options = {
        .deadline_ms = poll->started_ms + (poll->is_probe ? TASK_POLLER_PROBE_MS : WORKER_POLL_TIMEOUT_MS),
        .retry = RPC_RETRY_NONE,
        .keeps_encoded = true, /* who takes the task decodes it, and answers where that fails */
    };
    const struct worker_calls *calls = poller->options.calls;
    calls->start(calls->context, poller->options.method, poller->options.request, &options, poll_done, poll, &call);
    close_poll(poll, call, false);
}

void task_poller_fill(struct task_poller *poller)
{
    for (;;) {
        struct poll *poll = NULL;
        pthread_mutex_lock(&poller->lock);
        bool has_room = !poller->is_stopping && !poller->is_backing_off && !poller->is_probing &&
                        poller->waiting_count < poller->options.polls;
        if (has_room && worker_slots_take(poller->options.slots)) {
            poll = memory_alloc(sizeof *poll);
            poll->poller = poller;
            poll->started_ms = clock_monotonic_ms();
            poll->is_probe = poller->errors > 0;
            poller->is_probing = poll->is_probe;
            list_append(&poller->open, &poll->link);
            poller->open_count++;
            poller->waiting_count++;
            if (poller->options.gauge) {
                metric_gauge_add(poller->options.gauge, 1);
            }
        }
        pthread_mutex_unlock(&poller->lock);
        if (!poll) {
            return;
        }
        start_poll(poller, poll);
    }
}

/* With the lock. */
static void cancel_open(struct task_poller *poller)
{
    poller->is_canceling = true;
    for (struct list *link = poller->open.next; link != &poller->open; link = link->next) {
        struct poll *poll = LIST_ITEM(link, struct poll, link);
        if (poll->call) {
            poller->options.calls->cancel(poll->call);
        }
    }
}

void task_poller_stop(struct task_poller *poller, bool drain)
{
    loop_timer_stop(poller->options.loop, &poller->timer);
    pthread_mutex_lock(&poller->lock);
    CHECK(!poller->is_stopping);
    poller->is_stopping = true;
    bool is_idle = poller->open_count == 0;
    if (!drain) {
        cancel_open(poller);
    }
    pthread_mutex_unlock(&poller->lock);
    if (is_idle) {
        poller->options.stopped(poller->options.user);
    }
}

void task_poller_cancel(struct task_poller *poller)
{
    pthread_mutex_lock(&poller->lock);
    cancel_open(poller);
    pthread_mutex_unlock(&poller->lock);
}

bool task_poller_failure(struct task_poller *poller, struct error *out_error)
{
    pthread_mutex_lock(&poller->lock);
    bool is_failing = poller->errors == TASK_POLLER_FAILING_AFTER;
    if (is_failing) {
        *out_error = poller->last_error;
    }
    pthread_mutex_unlock(&poller->lock);
    return is_failing;
}
