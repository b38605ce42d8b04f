/* See worker_options.h. */
#include "worker_options.h"

#include <string.h>

#define TASK_QUEUE_NAME_MAX 1000 /* bytes; the server's own limit */
#define SLOTS_MAX 100000
#define POLLS_MAX 100
#define CACHE_MAX 10000000
#define DAY_MS ((int64_t)86400000)

struct range {
    const char *name;
    int64_t *value;
    int64_t minimum;
    int64_t maximum;
    int64_t otherwise; /* for 0 */
};

static enum status check_ranges(const struct range *ranges, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct range *range = &ranges[i];
        if (*range->value == 0) {
            *range->value = range->otherwise;
        }
        if (*range->value < range->minimum || *range->value > range->maximum) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "worker option %s: %lld is not within %lld to %lld",
                             range->name, (long long)*range->value, (long long)range->minimum,
                             (long long)range->maximum);
        }
    }
    return STATUS_OK;
}

enum status worker_options_complete(struct temporal_worker_options *options, struct error *error)
{
    if (!options->task_queue || *options->task_queue == '\0' || strlen(options->task_queue) > TASK_QUEUE_NAME_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "worker option task_queue: 1 to %d bytes are needed",
                         TASK_QUEUE_NAME_MAX);
    }
    const struct range ranges[] = {
        {"workflow_tasks", &options->workflow_tasks, 2, SLOTS_MAX, 100},
        {"activities", &options->activities, 1, SLOTS_MAX, 100},
        {"workflow_cache", &options->workflow_cache, TEMPORAL_WORKER_CACHE_NONE, CACHE_MAX, 1000},
        {"workflow_polls", &options->workflow_polls, 1, POLLS_MAX, 2},
        {"sticky_polls", &options->sticky_polls, 1, POLLS_MAX, 2},
        {"activity_polls", &options->activity_polls, 1, POLLS_MAX, 4},
        {"sticky_schedule_to_start_ms", &options->sticky_schedule_to_start_ms, 1, DAY_MS, 10000},
        {"grace_ms", &options->grace_ms, TEMPORAL_WORKER_GRACE_NONE, DAY_MS, 10000},
        {"history_events_max", &options->history_events_max, 1, 10000000, 51200},
        {"history_bytes_max", &options->history_bytes_max, 1, (int64_t)1 << 40, (int64_t)64 << 20},
    };
    return check_ranges(ranges, sizeof ranges / sizeof ranges[0], error);
}
