/* The worker's metrics, under the names that Temporal's SDKs share. Any thread. */
#ifndef TEMPORAL_WORKER_METRICS_H
#define TEMPORAL_WORKER_METRICS_H

#include "base/metrics.h"

struct worker_metrics {
    struct metrics *registry; /* never NULL */
    struct metrics *own;      /* the registry if nobody brought one */
    const char *namespace_name;
    const char *task_queue;

    struct metric_counter *worker_start;
    struct metric_counter *workflow_task_queue_poll_succeed;
    struct metric_counter *workflow_task_queue_poll_empty;
    struct metric_counter *workflow_task_execution_failed;
    struct metric_counter *workflow_task_non_determinism; /* the same family, for code that does not fit its history */
    struct metric_counter *workflow_task_dropped; /* ours: an answer that the server no longer wanted */
    struct metric_histogram *workflow_task_schedule_to_start_latency;
    struct metric_histogram *workflow_task_execution_latency;
    struct metric_histogram *workflow_task_replay_latency; /* of histories that were replayed from the start */
    struct metric_counter *sticky_cache_hit;
    struct metric_counter *sticky_cache_miss;
    struct metric_counter *sticky_cache_total_forced_eviction;
    struct metric_gauge *sticky_cache_size;
    struct metric_gauge *sticky_cache_bytes; /* ours */

    struct metric_counter *activity_poll_no_task;
    struct metric_counter *activity_report_dropped; /* ours: a result that never reached the server */
    struct metric_gauge *workflow_slots_used;
    struct metric_gauge *workflow_slots_available;
    struct metric_gauge *activity_slots_used;
    struct metric_gauge *activity_slots_available;
    struct metric_gauge *workflow_pollers;
    struct metric_gauge *sticky_pollers;
    struct metric_gauge *activity_pollers;
};

/* registry NULL: a private one. The texts are borrowed. */
void worker_metrics_init(struct worker_metrics *metrics, struct metrics *registry, const char *namespace_name,
                         const char *task_queue);
void worker_metrics_deinit(struct worker_metrics *metrics);

/* One for each activity type. */
struct activity_metrics {
    struct metric_counter *task_received;
    struct metric_counter *execution_failed;
    struct metric_counter *execution_cancelled;
    struct metric_histogram *schedule_to_start_latency;
    struct metric_histogram *execution_latency;
    struct metric_histogram *succeed_endtoend_latency;
};
void activity_metrics_init(struct activity_metrics *out, const struct worker_metrics *metrics,
                           const char *activity_type);

/* One for each workflow type. */
struct workflow_metrics {
    struct metric_counter *completed;
    struct metric_counter *failed;
    struct metric_counter *canceled;
    struct metric_counter *continue_as_new;
};
void workflow_metrics_init(struct workflow_metrics *out, const struct worker_metrics *metrics,
                           const char *workflow_type);

void worker_metrics_observe_ms(struct metric_histogram *histogram, int64_t duration_ms); /* below 0 counts as 0 */

#endif
