/* The registry of metrics, and the lock-free changes of them. The text is made in metrics_text.c. */
#include "base/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "metrics_registry.h"

#define LABEL_VALUE_MAX ((size_t)200) /* bytes: longer values are cut, for some come from peers */
#define LABELS_TEXT_MAX ((size_t)METRICS_LABELS_MAX * (LABEL_VALUE_MAX * 3 + 100))

const double metrics_latency_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                         0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};
const size_t metrics_latency_bound_count = sizeof metrics_latency_bounds / sizeof metrics_latency_bounds[0];

struct metrics *metrics_new(void)
{
    struct metrics *metrics = memory_alloc(sizeof *metrics);
    CHECK(pthread_mutex_init(&metrics->mutex, NULL) == 0);
    CHECK(pthread_mutex_init(&metrics->collect_mutex, NULL) == 0);
    metrics->families_by_name = map_new();
    return metrics;
}

static void series_destroy(struct metric_series *series)
{
    if (series->histogram != NULL) {
        free(series->histogram->buckets);
        free(series->histogram);
    }
    free(series->counter);
    free(series->gauge);
    free(series->labels);
    free(series);
}

static void family_destroy(struct metric_family *family)
{
    for (size_t i = 0; i < family->series_count; i++) {
        series_destroy(family->series[i]);
    }
    free(family->series);
    map_destroy(family->series_by_labels);
    free(family->bounds);
    free(family->name);
    free(family->help);
    free(family);
}

void metrics_destroy(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    for (size_t i = 0; i < metrics->family_count; i++) {
        family_destroy(metrics->families[i]);
    }
    free(metrics->families);
    map_destroy(metrics->families_by_name);
    free(metrics->collectors);
    CHECK(pthread_mutex_destroy(&metrics->collect_mutex) == 0);
    CHECK(pthread_mutex_destroy(&metrics->mutex) == 0);
    free(metrics);
}

static bool is_valid_name(const char *name)
{
    for (const char *next = name; *next != '\0'; next++) {
        bool is_letter = (*next >= 'a' && *next <= 'z') || (*next >= 'A' && *next <= 'Z') || *next == '_';
        bool is_digit = *next >= '0' && *next <= '9';
        if (!is_letter && !(is_digit && next > name)) {
            return false;
        }
    }
    return name[0] != '\0';
}

/* With the mutex held. */
static struct metric_family *find_family(struct metrics *metrics, enum metric_kind kind, const char *name,
                                         const char *help)
{
    struct metric_family *family = map_get(metrics->families_by_name, name);
    if (family != NULL) {
        CHECK(family->kind == kind);
        return family;
    }
    CHECK(is_valid_name(name));
    family = memory_alloc(sizeof *family);
    family->kind = kind;
    family->name = memory_copy_string(name);
    family->help = memory_copy_string(help);
    family->series_by_labels = map_new();
    metrics->families =
        memory_resize_array(metrics->families, metrics->family_count + 1, sizeof(struct metric_family *));
    metrics->families[metrics->family_count++] = family;
    map_put(metrics->families_by_name, name, family);
    return family;
}

static void append_label_value(struct buffer *out, const char *value)
{
    size_t length = strlen(value);
    length = length <= LABEL_VALUE_MAX ? length : utf8_cut(value, LABEL_VALUE_MAX);
    bool has_room = true;
    for (size_t i = 0; i < length;) {
        size_t size = utf8_sequence(value + i, length - i);
        if (size == 0) {
            has_room = has_room && buffer_append(out, "\xEF\xBF\xBD", 3);
            i++;
            continue;
        }
        if (value[i] == '\n') {
            has_room = has_room && buffer_append(out, "\\n", 2);
        } else if (value[i] == '"' || value[i] == '\\') {
            has_room = has_room && buffer_append(out, "\\", 1) && buffer_append(out, value + i, 1);
        } else {
            has_room = has_room && buffer_append(out, value + i, size);
        }
        i += size;
    }
    CHECK(has_room);
}

/* name="value",... in the order of the names, so that the order of the arguments does not matter.
 * value_instead: in place of every value, or NULL. */
static char *labels_text(const struct metric_label *labels, const char *value_instead)
{
    const struct metric_label *sorted[METRICS_LABELS_MAX];
    size_t count = 0;
    for (; labels != NULL && labels[count].name != NULL; count++) {
        CHECK(count < METRICS_LABELS_MAX && is_valid_name(labels[count].name) && labels[count].value != NULL);
        size_t place = count;
        for (; place > 0 && strcmp(sorted[place - 1]->name, labels[count].name) > 0; place--) {
            sorted[place] = sorted[place - 1];
        }
        sorted[place] = &labels[count];
    }
    struct buffer out;
    buffer_init(&out, LABELS_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(buffer_append_format(&out, "%s%s=\"", i == 0 ? "" : ",", sorted[i]->name));
        append_label_value(&out, value_instead != NULL ? value_instead : sorted[i]->value);
        CHECK(buffer_append(&out, "\"", 1));
    }
    return buffer_take(&out, NULL);
}

static struct metric_series *series_new(const struct metric_family *family, char *take_labels)
{
    struct metric_series *series = memory_alloc(sizeof *series);
    series->labels = take_labels;
    switch (family->kind) {
    case METRIC_KIND_COUNTER:
        series->counter = memory_alloc(sizeof *series->counter);
        break;
    case METRIC_KIND_GAUGE:
        series->gauge = memory_alloc(sizeof *series->gauge);
        break;
    case METRIC_KIND_HISTOGRAM:
        series->histogram = memory_alloc(sizeof *series->histogram);
        series->histogram->bounds = family->bounds;
        series->histogram->bound_count = family->bound_count;
        series->histogram->buckets = memory_alloc_array(family->bound_count + 1, sizeof(_Atomic uint64_t));
        break;
    }
    return series;
}

/* With the mutex held. */
static struct metric_series *find_series(struct metric_family *family, const struct metric_label *labels)
{
    char *text = labels_text(labels, NULL);
    struct metric_series *series = map_get(family->series_by_labels, text);
    if (series == NULL && family->series_count >= METRICS_SERIES_MAX) {
        free(text);
        text = labels_text(labels, "other");
        series = map_get(family->series_by_labels, text);
    }
    if (series != NULL) {
        free(text);
        return series;
    }
    series = series_new(family, text);
    family->series = memory_resize_array(family->series, family->series_count + 1, sizeof(struct metric_series *));
    family->series[family->series_count++] = series;
    map_put(family->series_by_labels, series->labels, series);
    return series;
}

struct metric_counter *metrics_counter(struct metrics *metrics, const char *name, const char *help,
                                       const struct metric_label *labels)
{
    pthread_mutex_lock(&metrics->mutex);
    struct metric_family *family = find_family(metrics, METRIC_KIND_COUNTER, name, help);
    struct metric_counter *counter = find_series(family, labels)->counter;
    pthread_mutex_unlock(&metrics->mutex);
    return counter;
}

struct metric_gauge *metrics_gauge(struct metrics *metrics, const char *name, const char *help,
                                   const struct metric_label *labels)
{
    pthread_mutex_lock(&metrics->mutex);
    struct metric_family *family = find_family(metrics, METRIC_KIND_GAUGE, name, help);
    struct metric_gauge *gauge = find_series(family, labels)->gauge;
    pthread_mutex_unlock(&metrics->mutex);
    return gauge;
}

struct metric_histogram *metrics_histogram(struct metrics *metrics, const char *name, const char *help,
                                           const double *bounds, size_t bound_count,
                                           const struct metric_label *labels)
{
    CHECK(bounds != NULL && bound_count > 0);
    for (size_t i = 1; i < bound_count; i++) {
        CHECK(bounds[i - 1] < bounds[i]);
    }
    pthread_mutex_lock(&metrics->mutex);
    struct metric_family *family = find_family(metrics, METRIC_KIND_HISTOGRAM, name, help);
    if (family->bounds == NULL) {
        family->bounds = memory_copy(bounds, bound_count * sizeof *bounds);
        family->bound_count = bound_count;
    }
    CHECK(family->bound_count == bound_count);
    struct metric_histogram *histogram = find_series(family, labels)->histogram;
    pthread_mutex_unlock(&metrics->mutex);
    return histogram;
}

void metric_counter_add(struct metric_counter *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(&counter->value, amount, memory_order_relaxed);
}

uint64_t metric_counter_value(const struct metric_counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

void metric_gauge_set(struct metric_gauge *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}

void metric_gauge_add(struct metric_gauge *gauge, int64_t amount)
{
    atomic_fetch_add_explicit(&gauge->value, amount, memory_order_relaxed);
}

void metric_histogram_observe(struct metric_histogram *histogram, double value)
{
    size_t bucket = 0;
    while (bucket < histogram->bound_count && !(value <= histogram->bounds[bucket])) {
        bucket++;
    }
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    double sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&histogram->sum, &sum, sum + value, memory_order_relaxed,
                                                  memory_order_relaxed)) {
        ;
    }
}

void metrics_on_collect(struct metrics *metrics, void (*collect)(void *user), void *user)
{
    pthread_mutex_lock(&metrics->mutex);
    metrics->collectors = memory_resize_array(metrics->collectors, metrics->collector_count + 1,
                                              sizeof *metrics->collectors);
    metrics->collectors[metrics->collector_count++] = (struct metric_collector){.collect = collect, .user = user};
    pthread_mutex_unlock(&metrics->mutex);
}
