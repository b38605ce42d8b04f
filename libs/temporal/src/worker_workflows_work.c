/* Where a workflow task begins and ends, and the runs that are kept from one to the next. */
#include "worker_workflows_internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "proto_time.h"

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

void cached_run_evict(void *user, struct run_cache_entry *entry)
{
    struct worker_workflows *workflows = user;
    metric_counter_add(workflows->context->metrics.sticky_cache_total_forced_eviction, 1);
    free_cached(LIST_ITEM(entry, struct cached_run, entry));
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

void workflow_work_finish(struct workflow_work *work, bool evict)
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
        workflow_work_begin(parked);
    }
}

/* ---- the beginning of a task ---- */

/* Newer tasks of a busy run wait; only the newest counts, since an older one's answer would be refused. */
static void park(struct workflow_work *work, struct cached_run *cached)
{
    struct workflow_work *older = cached->parked;
    cached->parked = work;
    if (older) {
        free_work(older);
    }
}

void workflow_work_begin(void *argument)
{
    struct workflow_work *work = argument;
    struct worker_workflows *workflows = work->owner;
    if (list_is_empty(&work->link)) {
        list_append(&workflows->working, &work->link);
    }
    if (workflows->is_abandoning) {
        workflow_work_finish(work, true);
        return;
    }
    if (work->task->query) {
        workflow_work_answer_query(work);
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
    workflow_work_run(work);
}

struct workflow_work *workflow_work_new(struct worker_workflows *workflows, Pb__PollWorkflowTaskQueueResponse *task)
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

bool workflow_work_continue(struct workflow_work *work)
{
    struct worker_workflows *workflows = work->owner;
    Pb__PollWorkflowTaskQueueResponse *task = work->reply ? work->reply->workflow_task : NULL;
    if (!task || task->task_token.len == 0 || !task->workflow_execution ||
        strcmp(task->workflow_execution->run_id, work->cached->run_id) != 0) {
        return false;
    }
    work->reply->workflow_task = NULL;
    struct workflow_work *next = workflow_work_new(workflows, task);
    list_append(&workflows->working, &next->link);
    next->cached = work->cached;
    work->cached = NULL;
    worker_slots_force(&workflows->slots); /* free_work gives the old task's permit back */
    free_work(work);
    workflow_work_run(next);
    return true;
}
