/* See activity_worker.h. */
#include "activity_worker.h"

#include <stdlib.h>

#include "activity_attempt.h"
#include "activity_threads.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/thread.h"
#include "codec_message.h"
#include "task_poller.h"

/* Attempts are looked through for heartbeats and timeouts that are due; no more often than this. */
#define CHECK_INTERVAL_MIN_MS 50

struct activity_worker {
    const struct worker_context *context;
    struct worker_slots slots;
    struct task_poller *poller; /* NULL until the start, and for good where no activity is registered */
    struct activity_threads *threads;
    struct map *registrations; /* struct activity_registration by name; unchanged once it runs */
    size_t polls;

    Pb__PollActivityTaskQueueRequest request; /* the same for each poll */
    Pb__TaskQueue queue;
    Pb__WorkerDeploymentOptions deployment;

    pthread_mutex_t lock; /* guards what follows */
    struct list running;  /* struct temporal_activity, until it is reported */
    size_t running_count;
    int64_t check_ms; /* when the timer fires; INT64_MAX: not armed */
    bool is_cancelling;
    bool is_abandoning;
    bool has_polled_out; /* the stopped poller has no poll left */

    struct loop_timer timer; /* loop's thread */
};

/* ---- clocks ---- */

static void check_attempts(void *argument);

static void arm(void *argument)
{
    struct activity_worker *worker = argument;
    pthread_mutex_lock(&worker->lock);
    int64_t due_ms = worker->check_ms;
    pthread_mutex_unlock(&worker->lock);
    if (due_ms == INT64_MAX) {
        loop_timer_stop(worker->context->loop, &worker->timer);
    } else {
        loop_timer_start(worker->context->loop, &worker->timer, due_ms, check_attempts, worker);
    }
}

static void schedule(void *user, int64_t due_ms)
{
    struct activity_worker *worker = user;
    pthread_mutex_lock(&worker->lock);
    bool is_earlier = due_ms < worker->check_ms;
    if (is_earlier) {
        worker->check_ms = due_ms;
    }
    pthread_mutex_unlock(&worker->lock);
    if (is_earlier) {
        loop_post(worker->context->loop, arm, worker);
    }
}

static void check_attempts(void *argument)
{
    struct activity_worker *worker = argument;
    int64_t now_ms = clock_monotonic_ms();
    int64_t next_ms = INT64_MAX;
    pthread_mutex_lock(&worker->lock);
    for (struct list *link = worker->running.next; link != &worker->running; link = link->next) {
        int64_t due_ms = attempt_check(LIST_ITEM(link, struct temporal_activity, link), now_ms);
        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    if (next_ms < now_ms + CHECK_INTERVAL_MIN_MS) {
        next_ms = now_ms + CHECK_INTERVAL_MIN_MS;
    }
    worker->check_ms = next_ms;
    pthread_mutex_unlock(&worker->lock);
    arm(worker);
}

/* ---- one attempt ---- */

static void reported(void *user, struct temporal_activity *activity)
{
    struct activity_worker *worker = user;
    const struct worker_context *context = worker->context;
    worker_slots_release(&worker->slots);
    if (worker->poller) {
        task_poller_fill(worker->poller);
    }
    /* From the moment that nothing runs any more the worker may be destroyed: nothing is touched behind it. The
     * progress call posts to the loop, which ends only after the worker has seen that it is idle. */
    pthread_mutex_lock(&worker->lock);
    list_remove(&activity->link);
    bool is_last = worker->running_count == 1;
    if (is_last) {
        context->progress(context->progress_user);
    }
    worker->running_count--;
    pthread_mutex_unlock(&worker->lock);
    attempt_release(activity);
}

static void run_attempt(void *user, struct list *item)
{
    (void)user;
    attempt_run(LIST_ITEM(item, struct temporal_activity, item));
}

void activity_worker_take(struct activity_worker *worker, Pb__PollActivityTaskQueueResponse *task)
{
    const struct attempt_hooks hooks = {.schedule = schedule, .reported = reported, .user = worker};
    const char *type = task->activity_type ? task->activity_type->name : "";
    const struct activity_registration *registration = map_get(worker->registrations, type);
    struct error undecoded = {0};
    enum status decoded = codec_decode_message(worker->context->codec, &task->base, &undecoded);
    struct temporal_activity *activity = attempt_new(worker->context, registration, &hooks, task);
    struct error error = {0};
    if (registration) {
        metric_counter_add(registration->metrics.task_received, 1);
    }
    pthread_mutex_lock(&worker->lock);
    list_append(&worker->running, &activity->link);
    worker->running_count++;
    bool is_cancelling = worker->is_cancelling;
    bool is_abandoning = worker->is_abandoning;
    pthread_mutex_unlock(&worker->lock);
    if (is_cancelling) {
        attempt_cancel(activity, TEMPORAL_CANCEL_WORKER_SHUTDOWN);
    }
    if (is_abandoning) {
        attempt_abandon_report(activity);
    }
    int64_t due_ms = activity->heartbeat_deadline_ms < activity->info.deadline_ms ? activity->heartbeat_deadline_ms
                                                                                  : activity->info.deadline_ms;
    if (due_ms != INT64_MAX) {
        schedule(worker, due_ms);
    }
    if (decoded != STATUS_OK) {
        (void)temporal_activity_fail(activity, "PayloadCodec", CODEC_REFUSES "%s", undecoded.text);
        attempt_report(activity);
        return;
    }
    if (activity_threads_submit(worker->threads, &activity->item, &error) != STATUS_OK) {
        (void)temporal_activity_fail(activity, "NoThread", "the worker could not start a thread: %s", error.text);
        attempt_report(activity);
    }
}

static enum task_poll_result deliver(void *user, struct service_call_result *result)
{
    struct activity_worker *worker = user;
    const Pb__PollActivityTaskQueueResponse *task = (const void *)result->reply;
    if (task->task_token.len == 0) {
        metric_counter_add(worker->context->metrics.activity_poll_no_task, 1);
        return TASK_POLL_EMPTY;
    }
    activity_worker_take(worker, (Pb__PollActivityTaskQueueResponse *)(void *)service_call_take_reply(result));
    return TASK_POLL_TASK;
}

/* ---- life ---- */

struct activity_worker *activity_worker_new(const struct activity_worker_options *options)
{
    struct activity_worker *worker = memory_alloc(sizeof *worker);
    worker->context = options->context;
    worker->polls = options->polls;
    worker_slots_init(&worker->slots, options->slots, options->context->metrics.activity_slots_used,
                      options->context->metrics.activity_slots_available);
    worker->threads = activity_threads_new(
        &(struct activity_threads_options){.stack_bytes = options->stack_bytes, .run = run_attempt, .user = worker});
    worker->registrations = map_new();
    pthread_mutex_init(&worker->lock, NULL);
    list_init(&worker->running);
    worker->check_ms = INT64_MAX;
    return worker;
}

void activity_worker_destroy(struct activity_worker *worker)
{
    if (!worker) {
        return;
    }
    activity_threads_destroy(worker->threads);
    CHECK(worker->running_count == 0);
    loop_timer_stop(worker->context->loop, &worker->timer);
    task_poller_destroy(worker->poller);
    size_t position = 0;
    const char *name = NULL;
    void *value = NULL;
    while (map_next(worker->registrations, &position, &name, &value)) {
        struct activity_registration *registration = value;
        free(registration->name);
        free(registration);
    }
    map_destroy(worker->registrations);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

void activity_worker_register(struct activity_worker *worker, const char *name, temporal_activity_fn *function,
                              void *user)
{
    CHECK(!worker->poller);
    struct activity_registration *registration = memory_alloc(sizeof *registration);
    registration->name = memory_copy_string(name);
    registration->function = function;
    registration->user = user;
    activity_metrics_init(&registration->metrics, &worker->context->metrics, registration->name);
    void *previous = map_put(worker->registrations, registration->name, registration);
    CHECK(!previous);
}

bool activity_worker_has_any(const struct activity_worker *worker)
{
    return map_count(worker->registrations) > 0;
}

bool activity_worker_has(const struct activity_worker *worker, const char *name)
{
    return map_get(worker->registrations, name) != NULL;
}

static void polled_out(void *user)
{
    struct activity_worker *worker = user;
    const struct worker_context *context = worker->context;
    pthread_mutex_lock(&worker->lock);
    worker->has_polled_out = true;
    context->progress(context->progress_user); /* under the lock: see reported() */
    pthread_mutex_unlock(&worker->lock);
}

static void health_changed(void *user)
{
    const struct worker_context *context = ((struct activity_worker *)user)->context;
    if (context->health_changed) {
        context->health_changed(context->progress_user);
    }
}

static void fill_request(struct activity_worker *worker)
{
    const struct worker_context *context = worker->context;
    pb__task_queue__init(&worker->queue);
    worker->queue.name = context->task_queue;
    worker->queue.kind = PB__TASK_QUEUE_KIND__TASK_QUEUE_KIND_NORMAL;
    pb__poll_activity_task_queue_request__init(&worker->request);
    worker->request.namespace_ = context->namespace_name;
    worker->request.task_queue = &worker->queue;
    worker->request.identity = context->identity;
    worker->request.worker_instance_key = context->instance_key;
}

void activity_worker_start(struct activity_worker *worker)
{
    if (!activity_worker_has_any(worker)) {
        return;
    }
    fill_request(worker);
    worker->poller = task_poller_new(&(struct task_poller_options){
        .name = "activity",
        .task_queue = worker->context->task_queue,
        .method = &service_poll_activity_task_queue,
        .request = &worker->request.base,
        .polls = worker->polls,
        .slots = &worker->slots,
        .loop = worker->context->loop,
        .calls = &worker->context->calls,
        .gauge = worker->context->metrics.activity_pollers,
        .deliver = deliver,
        .health_changed = health_changed,
        .stopped = polled_out,
        .user = worker,
    });
    task_poller_fill(worker->poller);
}

void activity_worker_stop(struct activity_worker *worker, bool drain)
{
    if (worker->poller) {
        task_poller_stop(worker->poller, drain);
    } else {
        polled_out(worker);
    }
}

void activity_worker_cancel_polls(struct activity_worker *worker)
{
    if (worker->poller) {
        task_poller_cancel(worker->poller);
    }
}

void activity_worker_cancel_all(struct activity_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->is_cancelling = true;
    for (struct list *link = worker->running.next; link != &worker->running; link = link->next) {
        attempt_cancel(LIST_ITEM(link, struct temporal_activity, link), TEMPORAL_CANCEL_WORKER_SHUTDOWN);
    }
    pthread_mutex_unlock(&worker->lock);
}

void activity_worker_abandon_reports(struct activity_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->is_abandoning = true;
    for (struct list *link = worker->running.next; link != &worker->running; link = link->next) {
        attempt_abandon_report(LIST_ITEM(link, struct temporal_activity, link));
    }
    pthread_mutex_unlock(&worker->lock);
}

bool activity_worker_is_idle(struct activity_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool is_idle = worker->has_polled_out && worker->running_count == 0;
    pthread_mutex_unlock(&worker->lock);
    return is_idle;
}

bool activity_worker_failure(struct activity_worker *worker, struct error *out_error)
{
    return worker->poller && task_poller_failure(worker->poller, out_error);
}

size_t activity_worker_reserve(struct activity_worker *worker, size_t count)
{
    size_t taken = 0;
    while (taken < count && worker_slots_take(&worker->slots)) {
        taken++;
    }
    return taken;
}

void activity_worker_unreserve(struct activity_worker *worker, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        worker_slots_release(&worker->slots);
    }
    if (count > 0 && worker->poller) {
        task_poller_fill(worker->poller);
    }
}

size_t activity_worker_running(struct activity_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    size_t count = worker->running_count;
    pthread_mutex_unlock(&worker->lock);
    return count;
}
