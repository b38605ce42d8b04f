/* See worker_metrics.h. */
#include "worker_metrics.h"

#define WORKFLOW_WORKER "WorkflowWorker"
#define ACTIVITY_WORKER "ActivityWorker"

static struct metric_counter *counter(const struct worker_metrics *metrics, const char *name, const char *help)
{
    return metrics_counter(metrics->registry, name, help,
                           METRIC_LABELS({"namespace", metrics->namespace_name},
                                         {"task_queue", metrics->task_queue}));
}

static struct metric_gauge *gauge(const struct worker_metrics *metrics, const char *name, const char *help)
{
    return metrics_gauge(metrics->registry, name, help,
                         METRIC_LABELS({"namespace", metrics->namespace_name}, {"task_queue", metrics->task_queue}));
}

static struct metric_histogram *latency(const struct worker_metrics *metrics, const char *name, const char *help)
{
    return metrics_histogram(metrics->registry, name, help, metrics_latency_bounds, metrics_latency_bound_count,
                             METRIC_LABELS({"namespace", metrics->namespace_name},
                                           {"task_queue", metrics->task_queue}));
}

static struct metric_gauge *gauge_of(const struct worker_metrics *metrics, const char *name, const char *help,
                                     const char *label, const char *value)
{
    return metrics_gauge(metrics->registry, name, help,
                         METRIC_LABELS({"namespace", metrics->namespace_name}, {"task_queue", metrics->task_queue},
                                       {label, value}));
}

/* The other SDKs' words for the reason. */
static struct metric_counter *task_failures(const struct worker_metrics *metrics, const char *reason)
{
    return metrics_counter(metrics->registry, "temporal_workflow_task_execution_failed",
                           "Workflow tasks that failed, by the reason",
                           METRIC_LABELS({"namespace", metrics->namespace_name}, {"task_queue", metrics->task_queue},
                                         {"failure_reason", reason}));
}

static void init_workflow_side(struct worker_metrics *metrics)
{
    metrics->workflow_task_queue_poll_succeed =
        counter(metrics, "temporal_workflow_task_queue_poll_succeed", "Workflow task polls that brought a task");
    metrics->workflow_task_queue_poll_empty =
        counter(metrics, "temporal_workflow_task_queue_poll_empty", "Workflow task polls that brought nothing");
    metrics->workflow_task_execution_failed = task_failures(metrics, "WorkflowError");
    metrics->workflow_task_non_determinism = task_failures(metrics, "NonDeterminismError");
    metrics->workflow_task_dropped = counter(metrics, "temporal_workflow_task_dropped",
                                             "Answers to workflow tasks that the server did not take");
    metrics->workflow_task_schedule_to_start_latency =
        latency(metrics, "temporal_workflow_task_schedule_to_start_latency_seconds",
                "From scheduling a workflow task to handing it out");
    metrics->workflow_task_execution_latency = latency(
        metrics, "temporal_workflow_task_execution_latency_seconds", "Working on a workflow task, without waits");
    metrics->workflow_task_replay_latency = latency(metrics, "temporal_workflow_task_replay_latency_seconds",
                                                    "Working on a workflow task that replays from the start");
    metrics->sticky_cache_hit = counter(metrics, "temporal_sticky_cache_hit", "Workflow tasks whose run was cached");
    metrics->sticky_cache_miss = counter(metrics, "temporal_sticky_cache_miss",
                                         "Workflow tasks that needed the history because their run was not cached");
    metrics->sticky_cache_total_forced_eviction =
        counter(metrics, "temporal_sticky_cache_total_forced_eviction", "Runs pushed out of the cache");
    metrics->sticky_cache_size = gauge(metrics, "temporal_sticky_cache_size", "Runs in the cache");
    metrics->sticky_cache_bytes = gauge(metrics, "temporal_sticky_cache_bytes", "Memory of the runs in the cache");
}

static void init_gauges(struct worker_metrics *metrics)
{
    static const char *const used = "temporal_worker_task_slots_used";
    static const char *const used_help = "Permits in use, by polls and tasks";
    static const char *const available = "temporal_worker_task_slots_available";
    static const char *const available_help = "Permits that are free";
    static const char *const pollers = "temporal_num_pollers";
    static const char *const pollers_help = "Outstanding polls";
    metrics->workflow_slots_used = gauge_of(metrics, used, used_help, "worker_type", WORKFLOW_WORKER);
    metrics->activity_slots_used = gauge_of(metrics, used, used_help, "worker_type", ACTIVITY_WORKER);
    metrics->workflow_slots_available = gauge_of(metrics, available, available_help, "worker_type", WORKFLOW_WORKER);
    metrics->activity_slots_available = gauge_of(metrics, available, available_help, "worker_type", ACTIVITY_WORKER);
    metrics->workflow_pollers = gauge_of(metrics, pollers, pollers_help, "poller_type", "workflow_task");
    metrics->sticky_pollers = gauge_of(metrics, pollers, pollers_help, "poller_type", "sticky_workflow_task");
    metrics->activity_pollers = gauge_of(metrics, pollers, pollers_help, "poller_type", "activity_task");
}

void worker_metrics_init(struct worker_metrics *metrics, struct metrics *registry, const char *namespace_name,
                         const char *task_queue)
{
    *metrics = (struct worker_metrics){.namespace_name = namespace_name, .task_queue = task_queue};
    if (!registry) {
        metrics->own = metrics_new();
    }
    metrics->registry = registry ? registry : metrics->own;
    metrics->worker_start = counter(metrics, "temporal_worker_start", "Workers started");
    metrics->activity_poll_no_task =
        counter(metrics, "temporal_activity_poll_no_task", "Activity task polls that brought nothing");
    metrics->activity_report_dropped =
        counter(metrics, "temporal_activity_report_dropped", "Outcomes of activities that never reached the server");
    init_workflow_side(metrics);
    init_gauges(metrics);
}

void worker_metrics_deinit(struct worker_metrics *metrics)
{
    metrics_destroy(metrics->own);
    metrics->own = NULL;
}

static struct metric_counter *typed_counter(const struct worker_metrics *metrics, const char *name, const char *help,
                                            const char *label, const char *type)
{
    return metrics_counter(metrics->registry, name, help,
                           METRIC_LABELS({"namespace", metrics->namespace_name}, {"task_queue", metrics->task_queue},
                                         {label, type}));
}

static struct metric_histogram *typed_latency(const struct worker_metrics *metrics, const char *name,
                                              const char *help, const char *type)
{
    return metrics_histogram(metrics->registry, name, help, metrics_latency_bounds, metrics_latency_bound_count,
                             METRIC_LABELS({"namespace", metrics->namespace_name},
                                           {"task_queue", metrics->task_queue}, {"activity_type", type}));
}

void activity_metrics_init(struct activity_metrics *out, const struct worker_metrics *metrics,
                           const char *activity_type)
{
    static const char *const label = "activity_type";
    out->task_received = typed_counter(metrics, "temporal_activity_task_received", "Activity tasks taken", label,
                                       activity_type);
    out->execution_failed = typed_counter(metrics, "temporal_activity_execution_failed",
                                          "Attempts that ended with a failure", label, activity_type);
    out->execution_cancelled = typed_counter(metrics, "temporal_activity_execution_cancelled",
                                             "Attempts that ended as canceled", label, activity_type);
    out->schedule_to_start_latency = typed_latency(metrics, "temporal_activity_schedule_to_start_latency_seconds",
                                                   "From scheduling an attempt to handing it out", activity_type);
    out->execution_latency = typed_latency(metrics, "temporal_activity_execution_latency_seconds",
                                           "Time in the activity's function", activity_type);
    out->succeed_endtoend_latency =
        typed_latency(metrics, "temporal_activity_succeed_endtoend_latency_seconds",
                      "From scheduling the first attempt to the result", activity_type);
}

void workflow_metrics_init(struct workflow_metrics *out, const struct worker_metrics *metrics,
                           const char *workflow_type)
{
    static const char *const label = "workflow_type";
    out->completed =
        typed_counter(metrics, "temporal_workflow_completed", "Workflows completed", label, workflow_type);
    out->failed = typed_counter(metrics, "temporal_workflow_failed", "Workflows failed", label, workflow_type);
    out->canceled = typed_counter(metrics, "temporal_workflow_canceled", "Workflows canceled", label, workflow_type);
    out->continue_as_new = typed_counter(metrics, "temporal_workflow_continue_as_new",
                                         "Workflows continued as new", label, workflow_type);
}

void worker_metrics_observe_ms(struct metric_histogram *histogram, int64_t duration_ms)
{
    metric_histogram_observe(histogram, duration_ms > 0 ? (double)duration_ms / 1000.0 : 0.0);
}
