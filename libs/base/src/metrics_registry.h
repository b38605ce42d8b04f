/* What the registry holds: shared by the registry and the writer of its text. Private to base. */
#ifndef BASE_SRC_METRICS_REGISTRY_H
#define BASE_SRC_METRICS_REGISTRY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/metrics.h"

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

struct metric_counter {
    _Atomic uint64_t value;
};

struct metric_gauge {
    _Atomic int64_t value;
};

struct metric_histogram {
    const double *bounds; /* the family's */
    size_t bound_count;
    _Atomic uint64_t *buckets; /* bound_count + 1, not cumulative: their sum is the count */
    _Atomic double sum;
};

struct metric_series {
    char *labels; /* name="value",... as it stands in the text; "" for none */
    struct metric_counter *counter; /* one of these three */
    struct metric_gauge *gauge;
    struct metric_histogram *histogram;
};

struct metric_family {
    enum metric_kind kind;
    char *name;
    char *help;
    double *bounds; /* histograms only */
    size_t bound_count;
    struct map *series_by_labels;
    struct metric_series **series; /* owned */
    size_t series_count;
};

struct metric_collector {
    void (*collect)(void *user);
    void *user;
};

/* Any thread. Families and series are only ever added. */
struct metrics {
    pthread_mutex_t mutex; /* guards everything below it, but not the numbers in the metrics */
    struct map *families_by_name;
    struct metric_family **families; /* owned, in the order of their creation */
    size_t family_count;
    struct metric_collector *collectors;
    size_t collector_count;
    pthread_mutex_t collect_mutex; /* one exposition at a time; taken before mutex */
};

#endif
