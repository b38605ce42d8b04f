/* What a process says of itself, by the names that every Prometheus knows: version, start, memory, open files. */
#ifndef SERVICE_PROCESS_METRICS_H
#define SERVICE_PROCESS_METRICS_H

#include "base/metrics.h"

struct process_metrics {
    struct metric_gauge *resident_bytes;
    struct metric_gauge *open_files;
    struct metric_gauge *files_limit;
};

/* The gauges are brought up to date before each exposition; out lives as long as the registry. */
void process_metrics_init(struct process_metrics *out, struct metrics *metrics, const char *service);

#endif
