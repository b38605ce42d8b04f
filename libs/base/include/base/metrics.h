/* Counters, gauges and histograms, exposed as OpenMetrics text. One registry per process, handed around explicitly.
 * Creating is for start-up or first use (takes the registry's lock); changing a metric is lock-free, any thread.
 * Families and label values are bounded: METRICS_SERIES_MAX series per family, further label sets share one series
 * whose label values are "other". Names: ferry_<noun>_<unit>, without the _total of counters (added in the text). */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define METRICS_SERIES_MAX 500
#define METRICS_LABELS_MAX 6

struct metrics;
struct metric_counter;
struct metric_gauge;
struct metric_histogram;

struct metric_label {
    const char *name;
    const char *value;
};

struct metrics *metrics_new(void);
void metrics_destroy(struct metrics *metrics);

/* The same name and labels give the same metric again. labels ends at the first entry with name NULL, or is NULL.
 * The pointers live as long as the registry. */
struct metric_counter *metrics_counter(struct metrics *metrics, const char *name, const char *help,
                                       const struct metric_label *labels);
struct metric_gauge *metrics_gauge(struct metrics *metrics, const char *name, const char *help,
                                   const struct metric_label *labels);
/* bounds: ascending upper bounds in the metric's unit (seconds for *_seconds), +Inf is added. */
struct metric_histogram *metrics_histogram(struct metrics *metrics, const char *name, const char *help,
                                           const double *bounds, size_t bound_count,
                                           const struct metric_label *labels);

#define METRIC_LABELS(...) ((const struct metric_label[]){__VA_ARGS__, {NULL, NULL}})

extern const double metrics_latency_bounds[]; /* 1 ms .. 60 s, in seconds */
extern const size_t metrics_latency_bound_count;

void metric_counter_add(struct metric_counter *counter, uint64_t amount);
uint64_t metric_counter_value(const struct metric_counter *counter);
void metric_gauge_set(struct metric_gauge *gauge, int64_t value);
void metric_gauge_add(struct metric_gauge *gauge, int64_t amount);
void metric_histogram_observe(struct metric_histogram *histogram, double value);

/* Called before each exposition, for gauges that are computed on demand. Any number; order of registration. */
void metrics_on_collect(struct metrics *metrics, void (*collect)(void *user), void *user);

#define METRICS_TEXT_MAX ((size_t)8 << 20)
#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
/* Ends with "# EOF". */
void metrics_write(struct metrics *metrics, struct buffer *out);
/* Sums expositions of several processes, series by series (gauges too, but the largest of those that end in _seconds:
 * ages and times). Each text as metrics_write made it. */
void metrics_merge(const char *const *texts, size_t count, struct buffer *out);

#endif
