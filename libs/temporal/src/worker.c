/* The worker as a whole: start, the staged stop (temporal/worker.h). Everything here but the functions that say "any
 * thread" runs on the thread that called temporal_worker_run. */
#include "temporal/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "activity_worker.h"
#include "base/backoff.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/thread.h"
#include "connection.h"
#include "coroutine.h"
#include "worker_context.h"
#include "worker_options.h"
#include "worker_workflows.h"

#define DESCRIBE_TIMEOUT_MS 10000
#define SHUTDOWN_CALL_TIMEOUT_MS 3000
#define DRAIN_MS 5000           /* a server that said it would end our polls gets so long */
#define REPORT_AFTER_GRACE_MS 10000 /* then nothing waits for the server any more */

enum phase {
    PHASE_NEW,
    PHASE_GREETING, /* asks the server who it is, as often as it takes */
    PHASE_WORKING,
    PHASE_STOPPING,
    PHASE_ENDED
};

struct temporal_worker {
    struct worker_context context;
    struct activity_worker *activities;
    struct worker_workflows *workflows;
    int64_t grace_ms;
    _Atomic bool stop_was_asked;
    void (*reachable)(void *user, bool is_reachable, const char *reason);
    void *reachable_user;

    enum phase phase;
    bool ends_polls_itself; /* the server answers our polls when we say that we leave */
    struct service_call *describe_call;
    struct service_call *shutdown_call;
    struct backoff backoff;
    struct log_limiter log_limiter;
    struct loop_timer describe_timer;
    struct loop_timer drain_timer;
    struct loop_timer grace_timer;
    struct loop_timer abandon_timer;

    /* Written before the post. */
    struct error describe_error;
    bool describe_ends_polls;

    pthread_mutex_t mutex;
    pthread_cond_t ended; /* has_ended is true */
    bool has_ended;       /* mutex */
};

/* ---- life ---- */

/* Of a number of permits, as many polls as leave the other kind at least one. */
static size_t polls_within(int64_t polls, int64_t slots)
{
    return (size_t)(polls < slots / 2 ? polls : slots / 2);
}

static void progress(void *user);
static void health_changed(void *user);

static void init_context(struct temporal_worker *worker, struct temporal_connection *connection,
                         const struct temporal_worker_options *options)
{
    struct worker_context *context = &worker->context;
    char uuid[RANDOM_UUID_SIZE];
    random_uuid(uuid);
    context->loop = temporal_connection_loop(connection);
    context->calls = worker_calls_of_connection(connection);
    context->codec = connection_codec(connection);
    context->namespace_name = memory_copy_string(temporal_connection_namespace(connection));
    context->identity =
        memory_copy_string(options->identity ? options->identity : temporal_connection_identity(connection));
    context->task_queue = memory_copy_string(options->task_queue);
    context->instance_key = memory_copy_string(uuid);
    if (options->workflow_cache > 0) {
        context->sticky_queue = memory_format("%.200s-%s", context->identity, uuid);
    }
    context->progress = progress;
    context->health_changed = health_changed;
    context->progress_user = worker;
    context->tracing = options->tracing;
    worker_metrics_init(&context->metrics, options->metrics, context->namespace_name, context->task_queue);
}

enum status temporal_worker_new(struct temporal_connection *connection,
                                const struct temporal_worker_options *options, struct temporal_worker **out_worker,
                                struct error *error)
{
    struct temporal_worker_options complete = *options;
    enum status status = worker_options_complete(&complete, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct temporal_worker *worker = memory_alloc(sizeof *worker);
    CHECK(pthread_mutex_init(&worker->mutex, NULL) == 0);
    thread_condition_init(&worker->ended);
    init_context(worker, connection, &complete);
    worker->grace_ms = complete.grace_ms == TEMPORAL_WORKER_GRACE_NONE ? 0 : complete.grace_ms;
    worker->activities = activity_worker_new(&(struct activity_worker_options){
        .context = &worker->context,
        .slots = (size_t)complete.activities,
        .polls = (size_t)complete.activity_polls,
        .stack_bytes = complete.activity_stack_bytes > 0 ? complete.activity_stack_bytes : (size_t)1 << 20,
    });
    worker->workflows = worker_workflows_new(&(struct worker_workflows_options){
        .context = &worker->context,
        .activities = complete.no_eager_activities ? NULL : worker->activities,
        .slots = (size_t)complete.workflow_tasks,
        .polls = polls_within(complete.workflow_polls, complete.workflow_tasks),
        .sticky_polls = polls_within(complete.sticky_polls, complete.workflow_tasks),
        .cache = complete.workflow_cache > 0 ? (size_t)complete.workflow_cache : 0,
        .sticky_schedule_to_start_ms = complete.sticky_schedule_to_start_ms,
        .history_events_max = complete.history_events_max,
        .history_bytes_max = complete.history_bytes_max,
    });
    backoff_init(&worker->backoff, 200, 10000, 2.0, 0.2);
    *out_worker = worker;
    return STATUS_OK;
}

void temporal_worker_register_workflow(struct temporal_worker *worker, const char *name,
                                       temporal_workflow_fn *function)
{
    temporal_worker_register_workflow_definition(
        worker, &(struct temporal_workflow_definition){.name = name, .function = function});
}

void temporal_worker_register_workflow_definition(struct temporal_worker *worker,
                                                  const struct temporal_workflow_definition *definition)
{
    CHECK(worker->phase == PHASE_NEW);
    worker_workflows_register(worker->workflows, definition);
}

void temporal_worker_register_activity(struct temporal_worker *worker, const char *name,
                                       temporal_activity_fn *activity, void *user)
{
    CHECK(worker->phase == PHASE_NEW);
    activity_worker_register(worker->activities, name, activity, user);
}

void temporal_worker_on_reachable(struct temporal_worker *worker,
                                  void (*changed)(void *user, bool is_reachable, const char *reason), void *user)
{
    CHECK(worker->phase == PHASE_NEW);
    worker->reachable = changed;
    worker->reachable_user = user;
}

/* ---- is the server there? ---- */

static void tell_reachable(struct temporal_worker *worker, bool is_reachable, const char *reason)
{
    if (worker->reachable) {
        worker->reachable(worker->reachable_user, is_reachable, reason);
    }
}

/* Loop's thread. */
static void check_health(void *argument)
{
    struct temporal_worker *worker = argument;
    struct error error = {0};
    if (worker->phase != PHASE_WORKING) {
        return;
    }
    bool is_failing =
        worker_workflows_failure(worker->workflows, &error) || activity_worker_failure(worker->activities, &error);
    tell_reachable(worker, !is_failing, is_failing ? error.text : NULL);
}

static void health_changed(void *user)
{
    struct temporal_worker *worker = user;
    loop_post(worker->context.loop, check_health, worker);
}

/* ---- the end ---- */

static void check_ended(void *argument)
{
    struct temporal_worker *worker = argument;
    if (worker->phase == PHASE_STOPPING && !worker->describe_call && !worker->shutdown_call &&
        worker_workflows_is_idle(worker->workflows) && activity_worker_is_idle(worker->activities)) {
        loop_timer_stop(worker->context.loop, &worker->drain_timer);
        loop_timer_stop(worker->context.loop, &worker->grace_timer);
        loop_timer_stop(worker->context.loop, &worker->abandon_timer);
        pthread_mutex_lock(&worker->mutex);
        worker->phase = PHASE_ENDED;
        worker->has_ended = true;
        pthread_cond_signal(&worker->ended);
        pthread_mutex_unlock(&worker->mutex);
    }
}

static void progress(void *user)
{
    struct temporal_worker *worker = user;
    loop_post(worker->context.loop, check_ended, worker);
}

static void drain_is_over(void *argument)
{
    struct temporal_worker *worker = argument;
    worker_workflows_cancel_polls(worker->workflows);
    activity_worker_cancel_polls(worker->activities);
}

static void give_up(void *argument)
{
    struct temporal_worker *worker = argument;
    worker_workflows_abandon(worker->workflows);
    activity_worker_abandon_reports(worker->activities);
}

static void grace_is_over(void *argument)
{
    struct temporal_worker *worker = argument;
    size_t running = activity_worker_running(worker->activities);
    if (running > 0) {
        log_event(LOG_LEVEL_WARN, "grace period is over, cancelling activities", LOG_INTEGER("activities", running));
    }
    activity_worker_cancel_all(worker->activities);
    loop_timer_start(worker->context.loop, &worker->abandon_timer, clock_monotonic_ms() + REPORT_AFTER_GRACE_MS,
                     give_up, worker);
}

static void shutdown_answered(void *argument)
{
    struct temporal_worker *worker = argument;
    worker->context.calls.release(worker->shutdown_call);
    worker->shutdown_call = NULL;
    check_ended(worker);
}

static void shutdown_done(void *user, struct service_call_result *result)
{
    struct temporal_worker *worker = user;
    (void)result; /* a courtesy: the server finds out by itself otherwise */
    loop_post(worker->context.loop, shutdown_answered, worker);
}

static void say_goodbye(struct temporal_worker *worker)
{
    const struct worker_context *context = &worker->context;
    Pb__TaskQueueType types[2];
    size_t count = 0;
    if (worker_workflows_has_any(worker->workflows)) {
        types[count++] = PB__TASK_QUEUE_TYPE__TASK_QUEUE_TYPE_WORKFLOW;
    }
    if (activity_worker_has_any(worker->activities)) {
        types[count++] = PB__TASK_QUEUE_TYPE__TASK_QUEUE_TYPE_ACTIVITY;
    }
    Pb__ShutdownWorkerRequest request;
    pb__shutdown_worker_request__init(&request);
    request.namespace_ = context->namespace_name;
    request.sticky_task_queue = context->sticky_queue ? context->sticky_queue : "";
    request.identity = context->identity;
    request.reason = "graceful shutdown";
    request.worker_instance_key = context->instance_key;
    request.task_queue = context->task_queue;
    request.n_task_queue_types = count;
    request.task_queue_types = types;
    const struct service_call_options options = {.deadline_ms = clock_monotonic_ms() + SHUTDOWN_CALL_TIMEOUT_MS};
    context->calls.start(context->calls.context, &service_shutdown_worker, &request.base, &options, shutdown_done,
                         worker, &worker->shutdown_call);
}

static void stop_working(struct temporal_worker *worker)
{
    bool drain = worker->ends_polls_itself;
    say_goodbye(worker);
    worker_workflows_stop(worker->workflows, drain);
    activity_worker_stop(worker->activities, drain);
    int64_t now_ms = clock_monotonic_ms();
    if (drain) {
        loop_timer_start(worker->context.loop, &worker->drain_timer, now_ms + DRAIN_MS, drain_is_over, worker);
    }
    loop_timer_start(worker->context.loop, &worker->grace_timer, now_ms + worker->grace_ms, grace_is_over, worker);
}

static void begin_stop(void *argument)
{
    struct temporal_worker *worker = argument;
    if (worker->phase == PHASE_GREETING) {
        loop_timer_stop(worker->context.loop, &worker->describe_timer);
        if (worker->describe_call) {
            worker->context.calls.cancel(worker->describe_call);
        }
        worker->phase = PHASE_STOPPING;
        activity_worker_stop(worker->activities, false);
    } else if (worker->phase == PHASE_WORKING) {
        log_event(LOG_LEVEL_INFO, "worker stopping", LOG_STRING("task_queue", worker->context.task_queue),
                  LOG_INTEGER("activities", activity_worker_running(worker->activities)));
        worker->phase = PHASE_STOPPING;
        stop_working(worker);
    }
    check_ended(worker);
}

void temporal_worker_stop(struct temporal_worker *worker)
{
    if (!atomic_exchange(&worker->stop_was_asked, true)) {
        loop_post(worker->context.loop, begin_stop, worker);
    }
}

/* ---- the beginning ---- */

static void describe(void *argument);

static void start_working(struct temporal_worker *worker)
{
    const struct worker_context *context = &worker->context;
    worker->phase = PHASE_WORKING;
    worker->ends_polls_itself = worker->describe_ends_polls;
    metric_counter_add(context->metrics.worker_start, 1);
    log_event(LOG_LEVEL_INFO, "worker polling", LOG_STRING("namespace", context->namespace_name),
              LOG_STRING("task_queue", context->task_queue), LOG_STRING("identity", context->identity));
    worker_workflows_start(worker->workflows);
    activity_worker_start(worker->activities);
    tell_reachable(worker, true, NULL);
}

static const char *greeting_failure(enum status status)
{
    if (status == STATUS_NOT_FOUND) {
        return "Temporal does not know the namespace, trying again";
    }
    if (status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED) {
        return "Temporal does not answer, trying again";
    }
    return "Temporal does not let the worker in, trying again";
}

static void described(void *argument)
{
    struct temporal_worker *worker = argument;
    const struct error *error = &worker->describe_error;
    worker->context.calls.release(worker->describe_call);
    worker->describe_call = NULL;
    if (worker->phase != PHASE_GREETING) {
        check_ended(worker);
        return;
    }
    if (error->status == STATUS_OK || error->status == STATUS_UNIMPLEMENTED ||
        error->status == STATUS_PERMISSION_DENIED) {
        start_working(worker); /* a key may be allowed to poll and not to describe */
        return;
    }
    int64_t wait_ms = backoff_next_ms(&worker->backoff);
    int64_t suppressed = 0;
    tell_reachable(worker, false, error->text);
    if (log_limiter_allows(&worker->log_limiter, 30000, &suppressed)) {
        log_event(LOG_LEVEL_WARN, greeting_failure(error->status),
                  LOG_STRING("namespace", worker->context.namespace_name), LOG_ERROR(error),
                  LOG_INTEGER("retry_in_ms", wait_ms), LOG_INTEGER("suppressed", suppressed));
    }
    loop_timer_start(worker->context.loop, &worker->describe_timer, clock_monotonic_ms() + wait_ms, describe, worker);
}

static void describe_done(void *user, struct service_call_result *result)
{
    struct temporal_worker *worker = user;
    const struct error none = {0};
    worker->describe_error = result->status == STATUS_OK ? none : *result->error;
    if (result->status == STATUS_OK) {
        const Pb__DescribeNamespaceResponse *reply = (const void *)result->reply;
        const Pb__NamespaceInfo *info = reply->namespace_info;
        worker->describe_ends_polls =
            info && info->capabilities && info->capabilities->worker_poll_complete_on_shutdown;
    }
    loop_post(worker->context.loop, described, worker);
}

static void describe(void *argument)
{
    struct temporal_worker *worker = argument;
    const struct worker_context *context = &worker->context;
    Pb__DescribeNamespaceRequest request;
    pb__describe_namespace_request__init(&request);
    request.namespace_ = context->namespace_name;
    const struct service_call_options options = {.deadline_ms = clock_monotonic_ms() + DESCRIBE_TIMEOUT_MS};
    context->calls.start(context->calls.context, &service_describe_namespace, &request.base, &options, describe_done,
                         worker, &worker->describe_call);
}

static void begin(void *argument)
{
    struct temporal_worker *worker = argument;
    coroutine_watch_overflow();
    worker->phase = PHASE_GREETING;
    describe(worker);
    if (atomic_load(&worker->stop_was_asked)) {
        begin_stop(worker);
    }
}

static void pass(void *argument)
{
    (void)argument;
}

enum status temporal_worker_run(struct temporal_worker *worker, struct error *error)
{
    CHECK(worker->phase == PHASE_NEW);
    if (!worker_workflows_has_any(worker->workflows) && !activity_worker_has_any(worker->activities)) {
        return error_set(error, STATUS_FAILED_PRECONDITION, "the worker has neither workflows nor activities");
    }
    loop_post(worker->context.loop, begin, worker);
    pthread_mutex_lock(&worker->mutex);
    while (!worker->has_ended) {
        (void)thread_condition_wait(&worker->ended, &worker->mutex, INT64_MAX);
    }
    pthread_mutex_unlock(&worker->mutex);
    return STATUS_OK;
}

/* Loop's thread: the parts' timers are stopped there. */
static void destroy_parts(void *argument)
{
    struct temporal_worker *worker = argument;
    loop_timer_stop(worker->context.loop, &worker->describe_timer);
    worker_workflows_destroy(worker->workflows);
    activity_worker_destroy(worker->activities);
}

void temporal_worker_destroy(struct temporal_worker *worker)
{
    if (!worker) {
        return;
    }
    struct worker_context *context = &worker->context;
    CHECK(worker->phase == PHASE_NEW || worker->phase == PHASE_ENDED);
    loop_post_and_wait(context->loop, destroy_parts, worker);
    loop_post_and_wait(context->loop, pass, NULL); /* what the parts' last threads have posted has run */
    (void)pthread_cond_destroy(&worker->ended);
    (void)pthread_mutex_destroy(&worker->mutex);
    worker_metrics_deinit(&context->metrics);
    free(context->namespace_name);
    free(context->identity);
    free(context->task_queue);
    free(context->sticky_queue);
    free(context->instance_key);
    free(worker);
}

void temporal_worker_count(const struct temporal_worker *worker, struct temporal_worker_counts *out_counts)
{
    *out_counts = (struct temporal_worker_counts){
        .workflow_tasks = worker_workflows_tasks(worker->workflows),
        .activities = activity_worker_running(worker->activities),
        .cached_runs = worker_workflows_cached(worker->workflows),
        .cached_bytes = worker_workflows_cached_bytes(worker->workflows),
    };
}
