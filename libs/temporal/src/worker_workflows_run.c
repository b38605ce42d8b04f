/* A workflow task's history, and the workflow that runs on it. */
#include "worker_workflows_internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "codec_message.h"
#include "worker_answer.h"
#include "worker_tracing.h"

#define UNHANDLED_FAILURE PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE

/* ---- running the workflow ---- */

static struct workflow_registration *registration_of(const struct workflow_work *work)
{
    return work->task->workflow_type ? map_get(work->owner->registrations, work->task->workflow_type->name) : NULL;
}

static void drop_run(struct cached_run *cached)
{
    workflow_run_destroy(cached->run);
    cached->run = NULL;
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
        workflow_work_answer(work);
        return;
    }
    drop_run(work->cached);
    if (status == STATUS_FAILED_PRECONDITION && !work->is_fetched) {
        fetch_from(work, true);
        return;
    }
    workflow_work_fail(work, UNHANDLED_FAILURE, error.text);
}

/* ---- histories ---- */

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
        workflow_work_finish(work, true); /* the run is gone, or we are */
    } else {
        workflow_work_fail(work, UNHANDLED_FAILURE, error->text);
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
    workflow_work_fail(work, UNHANDLED_FAILURE, error.text);
    return false;
}

void workflow_work_run(struct workflow_work *work)
{
    const struct worker_metrics *metrics = &work->owner->context->metrics;
    const Pb__History *history = work->task->history;
    size_t count = history ? history->n_events : 0;
    int64_t first_id = count > 0 ? history->events[0]->event_id : 0;
    bool has_more = work->task->next_page_token.len > 0;
    if (!registration_of(work)) {
        char *message = memory_format("this worker knows no workflow named \"%s\"",
                                      work->task->workflow_type ? work->task->workflow_type->name : "");
        workflow_work_fail(work, UNHANDLED_FAILURE, message);
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
