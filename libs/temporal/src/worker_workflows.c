/* See worker_workflows.h. A task's way: deliver (rpc thread) → begin → [fetch the history →] activate → answer →
 * answered → the next task of the run, or the permit goes back. */
#include "worker_workflows.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "codec_message.h"
#include "coroutine.h"
#include "history_fetch.h"
#include "proto_time.h"
#include "run_cache.h"
#include "task_poller.h"
#include "worker_answer.h"
#include "worker_tracing.h"
#include "workflow_run.h"

#define NON_DETERMINISM PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
#define IDLE_STACKS 16 /* unused stacks kept mapped */

struct workflow_registration {
    struct temporal_workflow_definition definition;
    char *name;
    struct workflow_metrics metrics;
};

/* A run that is worked on or kept. */
struct cached_run {
    struct run_cache_entry entry;
    char *run_id;
    struct workflow_run *run;     /* NULL: not built yet */
    struct workflow_work *parked; /* the newest task that came while another was worked on */
};

/* One task, with its permit. Belongs to the loop's thread but for the moments when it is posted. */
struct workflow_work {
    struct worker_workflows *owner;
    struct list link; /* in owner->working */
    Pb__PollWorkflowTaskQueueResponse *task;
    struct cached_run *cached; /* busy with this task; NULL: a lone query, or not begun */
    struct history_fetch *fetch;
    bool is_fetched;
    struct workflow_completion completion;
    struct metric_counter *closing; /* counted once the server took the answer */
    size_t eager_reserved;
    struct service_call *call; /* the answer under way */
    bool is_failure_answer;

    /* Written on the rpc thread before the post. */
    struct error error; /* of the answer */
    Pb__RespondWorkflowTaskCompletedResponse *reply;
};

struct worker_workflows {
    struct worker_workflows_options options;
    const struct worker_context *context;
    struct map *registrations; /* struct workflow_registration by name; unchanged once it runs */
    struct coroutine_pool *stacks;
    struct run_cache *cache;
    struct worker_slots slots;
    struct task_poller *poller;
    struct task_poller *sticky_poller; /* NULL: nothing is cached */
    Pb__PollWorkflowTaskQueueRequest request;
    Pb__PollWorkflowTaskQueueRequest sticky_request;
    Pb__TaskQueue queue;
    Pb__TaskQueue sticky_queue;
    struct list working;          /* struct workflow_work that has begun */
    _Atomic size_t works;         /* from delivery to the end */
    int open_pollers;             /* not yet polled out after the stop */
    bool is_stopping;
    bool is_abandoning;
    struct log_limiter failure_log;
};

static void begin(void *argument);
static void start_work(struct workflow_work *work);
static void finish_work(struct workflow_work *work, bool evict);

/* ---- the cache ---- */

static void note_cache(struct worker_workflows *workflows)
{
    metric_gauge_set(workflows->context->metrics.sticky_cache_size, (int64_t)run_cache_count(workflows->cache));
    metric_gauge_set(workflows->context->metrics.sticky_cache_bytes, (int64_t)run_cache_bytes(workflows->cache));
}

static void free_cached(struct cached_run *cached)
{
    CHECK(!cached->parked);
    workflow_run_destroy(cached->run);
    free(cached->run_id);
    free(cached);
}

static void evict_entry(void *user, struct run_cache_entry *entry)
{
    struct worker_workflows *workflows = user;
    metric_counter_add(workflows->context->metrics.sticky_cache_total_forced_eviction, 1);
    free_cached(LIST_ITEM(entry, struct cached_run, entry));
}

static void drop_run(struct cached_run *cached)
{
    workflow_run_destroy(cached->run);
    cached->run = NULL;
}

/* ---- the end of a task ---- */

static void free_work(struct workflow_work *work)
{
    struct worker_workflows *workflows = work->owner;
    const struct worker_context *context = workflows->context;
    list_remove(&work->link);
    history_fetch_destroy(work->fetch);
    workflow_completion_deinit(&work->completion);
    if (work->reply) {
        pb__respond_workflow_task_completed_response__free_unpacked(work->reply, NULL);
    }
    pb__poll_workflow_task_queue_response__free_unpacked(work->task, NULL);
    free(work);
    worker_slots_release(&workflows->slots);
    atomic_fetch_sub_explicit(&workflows->works, 1, memory_order_acq_rel);
    if (workflows->sticky_poller) {
        task_poller_fill(workflows->sticky_poller);
    }
    task_poller_fill(workflows->poller);
    if (workflows->is_stopping) {
        context->progress(context->progress_user);
    }
}

/* Lets go of the run, and goes on with what was parked behind this task. */
static void finish_work(struct workflow_work *work, bool evict)
{
    struct worker_workflows *workflows = work->owner;
    struct cached_run *cached = work->cached;
    struct workflow_work *parked = NULL;
    if (cached) {
        parked = cached->parked;
        cached->parked = NULL;
        if (evict || !cached->run) {
            run_cache_remove(workflows->cache, &cached->entry);
            free_cached(cached);
        } else {
            run_cache_release(workflows->cache, &cached->entry, workflow_run_memory_bytes(cached->run));
        }
        note_cache(workflows);
    }
    free_work(work);
    if (parked) {
        begin(parked);
    }
}

/* ---- answers ---- */

static struct worker_answer_options answer_options(struct workflow_work *work, service_call_done_fn *done)
{
    return (struct worker_answer_options){
        .context = work->owner->context, .task = work->task, .done = done, .user = work, .out_call = &work->call};
}

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
static void fail_task(struct workflow_work *work, Pb__WorkflowTaskFailedCause cause, const Pb__Failure *failure);

static void fail_task_with(struct workflow_work *work, Pb__WorkflowTaskFailedCause cause, const char *message)
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

static bool continue_with_reply(struct workflow_work *work);

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
        fail_task_with(work, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE,
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
    if (!evict && continue_with_reply(work)) {
        return;
    }
    finish_work(work, evict);
}

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

static void fail_task(struct workflow_work *work, Pb__WorkflowTaskFailedCause cause, const Pb__Failure *failure)
{
    struct worker_workflows *workflows = work->owner;
    bool will_tell = work->task->attempt <= 1 && !workflows->is_abandoning;
    metric_counter_add(cause == NON_DETERMINISM ? workflows->context->metrics.workflow_task_non_determinism
                                                : workflows->context->metrics.workflow_task_execution_failed,
                       1);
    log_task_failure(work, failure->message, will_tell);
    if (!will_tell) {
        finish_work(work, true);
        return;
    }
    work->is_failure_answer = true;
    const struct worker_answer_options options = answer_options(work, answer_done);
    worker_answer_failed(&options, cause, failure);
}

static void answer(struct workflow_work *work)
{
    struct worker_workflows *workflows = work->owner;
    struct workflow_completion *completion = &work->completion;
    if (workflows->is_abandoning) {
        finish_work(work, true);
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

/* ---- running the workflow ---- */

static struct workflow_registration *registration_of(const struct workflow_work *work)
{
    return work->task->workflow_type ? map_get(work->owner->registrations, work->task->workflow_type->name) : NULL;
}

static void build_run(struct workflow_work *work, const struct workflow_registration *registration)
{
    struct worker_workflows *workflows = work->owner;
    work->cached->run = workflow_run_new(&(struct workflow_run_options){
        .definition = &registration->definition,
        .stacks = workflows->stacks,
        .namespace_name = workflows->context->namespace_name,
        .workflow_id = work->task->workflow_execution->workflow_id,
        .run_id = work->cached->run_id,
        .task_queue = workflows->context->task_queue,
    });
}

/* The answer's commands, which are new to the server: not what replay has issued again. */
static void trace(struct workflow_work *work)
{
    const struct tracing_run run = {
        .header = workflow_run_trace_header(work->cached->run),
        .workflow_type = work->task->workflow_type->name,
        .workflow_id = work->task->workflow_execution->workflow_id,
        .run_id = work->cached->run_id,
        .is_first_task = work->task->previous_started_event_id == 0,
    };
    tracing_run_commands(work->owner->context->tracing, &run, work->completion.commands,
                         work->completion.command_count);
}

static void fetch_from(struct workflow_work *work, bool from_start);

static void activate(struct workflow_work *work, Pb__HistoryEvent *const *events, size_t count)
{
    struct worker_workflows *workflows = work->owner;
    const struct worker_metrics *metrics = &workflows->context->metrics;
    struct workflow_registration *registration = registration_of(work);
    struct error error = {0};
    int64_t start_us = clock_monotonic_us();
    bool is_replay = !work->cached->run && work->task->previous_started_event_id > 0;
    if (!work->cached->run) {
        build_run(work, registration);
    }
    const struct workflow_task task = {
        .events = events,
        .event_count = count,
        .previous_started_event_id = work->task->previous_started_event_id,
        .started_event_id = work->task->started_event_id,
        .attempt = work->task->attempt,
    };
    enum status status = workflow_run_handle_task(work->cached->run, &task, &work->completion, &error);
    int64_t duration_ms = (clock_monotonic_us() - start_us) / 1000;
    worker_metrics_observe_ms(
        is_replay ? metrics->workflow_task_replay_latency : metrics->workflow_task_execution_latency, duration_ms);
    if (status == STATUS_OK) {
        work->closing = work->completion.is_failure
                            ? NULL
                            : worker_answer_closing_counter(&registration->metrics, &work->completion);
        if (!work->completion.is_failure) {
            trace(work);
        }
        answer(work);
        return;
    }
    drop_run(work->cached);
    if (status == STATUS_FAILED_PRECONDITION && !work->is_fetched) {
        fetch_from(work, true);
        return;
    }
    fail_task_with(work, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
                   error.text);
}

static void fetched(void *argument)
{
    struct workflow_work *work = argument;
    const struct error *error = NULL;
    enum status status = history_fetch_status(work->fetch, &error);
    size_t count = 0;
    Pb__HistoryEvent *const *events = history_fetch_events(work->fetch, &count);
    if (status == STATUS_OK) {
        activate(work, events, count);
    } else if (status == STATUS_NOT_FOUND || status == STATUS_CANCELED) {
        finish_work(work, true); /* the run is gone, or we are */
    } else {
        fail_task_with(
            work, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
            error->text);
    }
}

/* rpc thread. */
static void fetch_done(void *user, struct history_fetch *fetch)
{
    struct workflow_work *work = user;
    (void)fetch;
    loop_post(work->owner->context->loop, fetched, work);
}

static void fetch_from(struct workflow_work *work, bool from_start)
{
    struct worker_workflows *workflows = work->owner;
    const struct history_fetch_options options = {
        .calls = &workflows->context->calls,
        .codec = workflows->context->codec,
        .namespace_name = workflows->context->namespace_name,
        .events_max = workflows->options.history_events_max,
        .bytes_max = workflows->options.history_bytes_max,
    };
    if (from_start) {
        drop_run(work->cached); /* what is cached is stale, if anything is */
    }
    work->is_fetched = from_start;
    history_fetch_destroy(work->fetch);
    work->fetch = history_fetch_start(&options, work->task, from_start, fetch_done, work);
}

/* What came with the task itself; history_fetch does so with what it brings. false: the task was failed. */
static bool decode_history(struct workflow_work *work)
{
    struct error error = {0};
    if (work->task->history == NULL ||
        codec_decode_message(work->owner->context->codec, &work->task->history->base, &error) == STATUS_OK) {
        return true;
    }
    error_prefix(&error, CODEC_REFUSES);
    fail_task_with(work, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
                   error.text);
    return false;
}

/* With the run held. */
static void start_work(struct workflow_work *work)
{
    const struct worker_metrics *metrics = &work->owner->context->metrics;
    const Pb__History *history = work->task->history;
    size_t count = history ? history->n_events : 0;
    int64_t first_id = count > 0 ? history->events[0]->event_id : 0;
    bool has_more = work->task->next_page_token.len > 0;
    if (!registration_of(work)) {
        char *message = memory_format("this worker knows no workflow named \"%s\"",
                                      work->task->workflow_type ? work->task->workflow_type->name : "");
        fail_task_with(
            work, PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
            message);
        free(message);
        return;
    }
    if (!decode_history(work)) {
        return;
    }
    bool is_whole = first_id == 1;
    bool continues = work->cached->run && first_id == workflow_run_last_event_id(work->cached->run) + 1;
    if (!is_whole) {
        metric_counter_add(continues ? metrics->sticky_cache_hit : metrics->sticky_cache_miss, 1);
    }
    if (is_whole && !continues) {
        drop_run(work->cached);
    }
    if (!is_whole && !continues) {
        fetch_from(work, true);
    } else if (has_more) {
        fetch_from(work, false);
    } else {
        activate(work, history ? history->events : NULL, count);
    }
}

/* ---- the beginning of a task ---- */

static void answer_query(struct workflow_work *work)
{
    const struct worker_answer_options options = answer_options(work, answer_done);
    worker_answer_query(&options);
}

/* Newer tasks of a busy run wait; only the newest counts, since an older one's answer would be refused. */
static void park(struct workflow_work *work, struct cached_run *cached)
{
    struct workflow_work *older = cached->parked;
    cached->parked = work;
    if (older) {
        free_work(older);
    }
}

/* Loop's thread. */
static void begin(void *argument)
{
    struct workflow_work *work = argument;
    struct worker_workflows *workflows = work->owner;
    if (list_is_empty(&work->link)) {
        list_append(&workflows->working, &work->link);
    }
    if (workflows->is_abandoning) {
        finish_work(work, true);
        return;
    }
    if (work->task->query) {
        answer_query(work);
        return;
    }
    const char *run_id = work->task->workflow_execution->run_id;
    struct run_cache_entry *entry = run_cache_get(workflows->cache, run_id);
    struct cached_run *cached = entry ? LIST_ITEM(entry, struct cached_run, entry) : NULL;
    if (cached && entry->is_busy) {
        park(work, cached);
        return;
    }
    if (cached) {
        run_cache_hold(workflows->cache, entry);
    } else {
        cached = memory_alloc(sizeof *cached);
        cached->run_id = memory_copy_string(run_id);
        run_cache_add(workflows->cache, &cached->entry, cached->run_id);
    }
    work->cached = cached;
    start_work(work);
}

static struct workflow_work *work_new(struct worker_workflows *workflows, Pb__PollWorkflowTaskQueueResponse *task)
{
    struct workflow_work *work = memory_alloc(sizeof *work);
    work->owner = workflows;
    work->task = task;
    list_init(&work->link);
    atomic_fetch_add_explicit(&workflows->works, 1, memory_order_acq_rel);
    worker_metrics_observe_ms(workflows->context->metrics.workflow_task_schedule_to_start_latency,
                              timestamp_to_ms(task->started_time) - timestamp_to_ms(task->scheduled_time));
    return work;
}

/* The answer's reply brought the run's next task: it takes over the run and a permit of its own. false: it did not. */
static bool continue_with_reply(struct workflow_work *work)
{
    struct worker_workflows *workflows = work->owner;
    Pb__PollWorkflowTaskQueueResponse *task = work->reply ? work->reply->workflow_task : NULL;
    if (!task || task->task_token.len == 0 || !task->workflow_execution ||
        strcmp(task->workflow_execution->run_id, work->cached->run_id) != 0) {
        return false;
    }
    work->reply->workflow_task = NULL;
    struct workflow_work *next = work_new(workflows, task);
    list_append(&workflows->working, &next->link);
    next->cached = work->cached;
    work->cached = NULL;
    worker_slots_force(&workflows->slots); /* free_work gives the old task's permit back */
    free_work(work);
    start_work(next);
    return true;
}

static enum task_poll_result deliver(void *user, struct service_call_result *result)
{
    struct worker_workflows *workflows = user;
    const struct worker_metrics *metrics = &workflows->context->metrics;
    const Pb__PollWorkflowTaskQueueResponse *reply = (const void *)result->reply;
    if (reply->task_token.len == 0) {
        metric_counter_add(metrics->workflow_task_queue_poll_empty, 1);
        return TASK_POLL_EMPTY;
    }
    metric_counter_add(metrics->workflow_task_queue_poll_succeed, 1);
    if (!reply->workflow_execution) {
        return TASK_POLL_EMPTY; /* nothing that could be answered */
    }
    Pb__PollWorkflowTaskQueueResponse *task = (void *)service_call_take_reply(result);
    loop_post(workflows->context->loop, begin, work_new(workflows, task));
    return TASK_POLL_TASK;
}

/* ---- life ---- */

struct worker_workflows *worker_workflows_new(const struct worker_workflows_options *options)
{
    struct worker_workflows *workflows = memory_alloc(sizeof *workflows);
    workflows->options = *options;
    workflows->context = options->context;
    workflows->registrations = map_new();
    workflows->stacks = coroutine_pool_new(IDLE_STACKS);
    workflows->cache = run_cache_new(options->cache, evict_entry, workflows);
    const struct worker_metrics *metrics = &options->context->metrics;
    worker_slots_init(&workflows->slots, options->slots, metrics->workflow_slots_used,
                      metrics->workflow_slots_available);
    list_init(&workflows->working);
    return workflows;
}

void worker_workflows_destroy(struct worker_workflows *workflows)
{
    if (!workflows) {
        return;
    }
    CHECK(atomic_load(&workflows->works) == 0);
    run_cache_destroy(workflows->cache);
    coroutine_pool_destroy(workflows->stacks);
    task_poller_destroy(workflows->poller);
    task_poller_destroy(workflows->sticky_poller);
    size_t position = 0;
    const char *name = NULL;
    void *value = NULL;
    while (map_next(workflows->registrations, &position, &name, &value)) {
        struct workflow_registration *registration = value;
        free(registration->name);
        free(registration);
    }
    map_destroy(workflows->registrations);
    free(workflows);
}

void worker_workflows_register(struct worker_workflows *workflows,
                               const struct temporal_workflow_definition *definition)
{
    CHECK(!workflows->poller);
    struct workflow_registration *registration = memory_alloc(sizeof *registration);
    registration->name = memory_copy_string(definition->name);
    registration->definition = *definition;
    registration->definition.name = registration->name;
    workflow_metrics_init(&registration->metrics, &workflows->context->metrics, registration->name);
    void *previous = map_put(workflows->registrations, registration->name, registration);
    CHECK(!previous);
}

bool worker_workflows_has_any(const struct worker_workflows *workflows)
{
    return map_count(workflows->registrations) > 0;
}

static void count_polled_out(void *argument)
{
    struct worker_workflows *workflows = argument;
    workflows->open_pollers--;
    workflows->context->progress(workflows->context->progress_user);
}

static void polled_out(void *user)
{
    struct worker_workflows *workflows = user;
    /* Counted on the loop's thread, so that the loop cannot end before this thread is out of here. */
    loop_post(workflows->context->loop, count_polled_out, workflows);
}

static void health_changed(void *user)
{
    const struct worker_context *context = ((struct worker_workflows *)user)->context;
    if (context->health_changed) {
        context->health_changed(context->progress_user);
    }
}

static void fill_request(const struct worker_context *context, Pb__PollWorkflowTaskQueueRequest *request,
                         Pb__TaskQueue *queue)
{
    pb__poll_workflow_task_queue_request__init(request);
    request->namespace_ = context->namespace_name;
    request->task_queue = queue;
    request->identity = context->identity;
    request->worker_instance_key = context->instance_key;
}

static struct task_poller *new_poller(struct worker_workflows *workflows, const char *name, const char *task_queue,
                                      const Pb__PollWorkflowTaskQueueRequest *request, size_t polls,
                                      struct metric_gauge *gauge)
{
    return task_poller_new(&(struct task_poller_options){
        .gauge = gauge,
        .name = name,
        .task_queue = task_queue,
        .method = &service_poll_workflow_task_queue,
        .request = &request->base,
        .polls = polls,
        .slots = &workflows->slots,
        .loop = workflows->context->loop,
        .calls = &workflows->context->calls,
        .deliver = deliver,
        .health_changed = health_changed,
        .stopped = polled_out,
        .user = workflows,
    });
}

void worker_workflows_start(struct worker_workflows *workflows)
{
    const struct worker_context *context = workflows->context;
    if (!worker_workflows_has_any(workflows)) {
        return;
    }
    pb__task_queue__init(&workflows->queue);
    workflows->queue.name = context->task_queue;
    workflows->queue.kind = PB__TASK_QUEUE_KIND__TASK_QUEUE_KIND_NORMAL;
    fill_request(context, &workflows->request, &workflows->queue);
    workflows->poller =
        new_poller(workflows, "workflow", context->task_queue, &workflows->request, workflows->options.polls,
                   context->metrics.workflow_pollers);
    workflows->open_pollers = 1;
    if (workflows->options.cache > 0) {
        pb__task_queue__init(&workflows->sticky_queue);
        workflows->sticky_queue.name = context->sticky_queue;
        workflows->sticky_queue.kind = PB__TASK_QUEUE_KIND__TASK_QUEUE_KIND_STICKY;
        workflows->sticky_queue.normal_name = context->task_queue;
        fill_request(context, &workflows->sticky_request, &workflows->sticky_queue);
        workflows->sticky_poller = new_poller(workflows, "sticky workflow", context->sticky_queue,
                                              &workflows->sticky_request, workflows->options.sticky_polls,
                                              context->metrics.sticky_pollers);
        workflows->open_pollers = 2;
        task_poller_fill(workflows->sticky_poller);
    }
    task_poller_fill(workflows->poller);
}

void worker_workflows_stop(struct worker_workflows *workflows, bool drain)
{
    workflows->is_stopping = true;
    if (workflows->sticky_poller) {
        task_poller_stop(workflows->sticky_poller, drain);
    }
    if (workflows->poller) {
        task_poller_stop(workflows->poller, drain);
    }
}

void worker_workflows_cancel_polls(struct worker_workflows *workflows)
{
    if (workflows->sticky_poller) {
        task_poller_cancel(workflows->sticky_poller);
    }
    if (workflows->poller) {
        task_poller_cancel(workflows->poller);
    }
}

void worker_workflows_abandon(struct worker_workflows *workflows)
{
    workflows->is_abandoning = true;
    for (struct list *link = workflows->working.next; link != &workflows->working; link = link->next) {
        struct workflow_work *work = LIST_ITEM(link, struct workflow_work, link);
        if (work->call) {
            workflows->context->calls.cancel(work->call);
        }
        if (work->fetch) {
            history_fetch_cancel(work->fetch);
        }
    }
}

bool worker_workflows_is_idle(const struct worker_workflows *workflows)
{
    return workflows->open_pollers == 0 && atomic_load_explicit(&workflows->works, memory_order_acquire) == 0;
}

bool worker_workflows_failure(const struct worker_workflows *workflows, struct error *out_error)
{
    return (workflows->poller && task_poller_failure(workflows->poller, out_error)) ||
           (workflows->sticky_poller && task_poller_failure(workflows->sticky_poller, out_error));
}

size_t worker_workflows_tasks(const struct worker_workflows *workflows)
{
    return atomic_load_explicit(&workflows->works, memory_order_relaxed);
}

size_t worker_workflows_cached(const struct worker_workflows *workflows)
{
    return run_cache_count(workflows->cache);
}

size_t worker_workflows_cached_bytes(const struct worker_workflows *workflows)
{
    return run_cache_bytes(workflows->cache);
}
