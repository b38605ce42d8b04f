/* See worker_workflows.h. */
#include "worker_workflows_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

#define IDLE_STACKS 16 /* unused stacks kept mapped */

/* ---- life ---- */

struct worker_workflows *worker_workflows_new(const struct worker_workflows_options *options)
{
    struct worker_workflows *workflows = memory_alloc(sizeof *workflows);
    workflows->options = *options;
    workflows->context = options->context;
    workflows->registrations = map_new();
    workflows->stacks = coroutine_pool_new(IDLE_STACKS);
    workflows->cache = run_cache_new(options->cache, cached_run_evict, workflows);
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

/* ---- polls ---- */

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
    loop_post(workflows->context->loop, workflow_work_begin, workflow_work_new(workflows, task));
    return TASK_POLL_TASK;
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

/* ---- the stop ---- */

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

/* ---- what is seen from outside ---- */

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
