/* Metrics as OpenMetrics text. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/metrics.h"
#include "metrics_registry.h"

static const char s_end[] = "# EOF\n";

/* A number as OpenMetrics likes it: 1.0, 0.0025. */
static void format_number(double number, char *out, size_t size)
{
    int length = snprintf(out, size, "%.15g", number);
    CHECK(length > 0 && (size_t)length + 2 < size);
    if (strpbrk(out, ".eni") == NULL) {
        memcpy(out + length, ".0", 3);
    }
}

static bool append_help(struct buffer *out, const char *help)
{
    bool has_room = true;
    for (const char *next = help; *next != '\0' && has_room; next++) {
        if (*next == '\n') {
            has_room = buffer_append(out, "\\n", 2);
        } else if (*next == '\\' || *next == '"') {
            has_room = buffer_append(out, "\\", 1) && buffer_append(out, next, 1);
        } else {
            has_room = buffer_append(out, next, 1);
        }
    }
    return has_room;
}

/* name_suffix{labels,more}␠ */
static bool append_series_name(struct buffer *out, const char *name, const char *suffix, const char *labels,
                               const char *more)
{
    bool has_labels = labels[0] != '\0';
    bool has_more = more[0] != '\0';
    if (!has_labels && !has_more) {
        return buffer_append_format(out, "%s%s ", name, suffix);
    }
    return buffer_append_format(out, "%s%s{", name, suffix) && buffer_append_string(out, labels) &&
           buffer_append_format(out, "%s%s} ", has_labels && has_more ? "," : "", more);
}

static bool append_histogram(struct buffer *out, const char *name, const struct metric_series *series)
{
    const struct metric_histogram *histogram = series->histogram;
    uint64_t cumulated = 0;
    for (size_t i = 0; i <= histogram->bound_count; i++) {
        char bound[40] = "+Inf";
        char more[56];
        if (i < histogram->bound_count) {
            format_number(histogram->bounds[i], bound, sizeof bound);
        }
        (void)snprintf(more, sizeof more, "le=\"%s\"", bound);
        cumulated += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        if (!append_series_name(out, name, "_bucket", series->labels, more) ||
            !buffer_append_format(out, "%llu\n", (unsigned long long)cumulated)) {
            return false;
        }
    }
    char sum[40];
    format_number(atomic_load_explicit(&histogram->sum, memory_order_relaxed), sum, sizeof sum);
    return append_series_name(out, name, "_sum", series->labels, "") && buffer_append_format(out, "%s\n", sum) &&
           append_series_name(out, name, "_count", series->labels, "") &&
           buffer_append_format(out, "%llu\n", (unsigned long long)cumulated);
}

static bool append_series(struct buffer *out, const struct metric_family *family, const struct metric_series *series)
{
    switch (family->kind) {
    case METRIC_KIND_COUNTER:
        return append_series_name(out, family->name, "_total", series->labels, "") &&
               buffer_append_format(out, "%llu\n", (unsigned long long)metric_counter_value(series->counter));
    case METRIC_KIND_GAUGE:
        return append_series_name(out, family->name, "", series->labels, "") &&
               buffer_append_format(out, "%lld\n",
                                    (long long)atomic_load_explicit(&series->gauge->value, memory_order_relaxed));
    case METRIC_KIND_HISTOGRAM:
        return append_histogram(out, family->name, series);
    }
    return true;
}

static bool append_family(struct buffer *out, const struct metric_family *family)
{
    static const char *const kind_names[] = {"counter", "gauge", "histogram"};
    if (!buffer_append_format(out, "# TYPE %s %s\n# HELP %s ", family->name, kind_names[family->kind], family->name) ||
        !append_help(out, family->help) || !buffer_append(out, "\n", 1)) {
        return false;
    }
    for (size_t i = 0; i < family->series_count; i++) {
        if (!append_series(out, family, family->series[i])) {
            return false;
        }
    }
    return true;
}

static void run_collectors(struct metrics *metrics)
{
    for (size_t i = 0;; i++) {
        pthread_mutex_lock(&metrics->mutex);
        bool is_end = i >= metrics->collector_count;
        struct metric_collector collector = {0};
        if (!is_end) {
            collector = metrics->collectors[i];
        }
        pthread_mutex_unlock(&metrics->mutex);
        if (is_end) {
            break;
        }
        collector.collect(collector.user);
    }
}

void metrics_write(struct metrics *metrics, struct buffer *out)
{
    size_t maximum = out->maximum;
    size_t end_size = sizeof s_end - 1;
    if (maximum - out->length < end_size) {
        return;
    }
    pthread_mutex_lock(&metrics->collect_mutex);
    run_collectors(metrics);
    pthread_mutex_lock(&metrics->mutex);
    out->maximum = maximum - end_size; /* the end always has room: without it a reader takes the text for cut */
    for (size_t i = 0; i < metrics->family_count; i++) {
        size_t before = out->length;
        if (!append_family(out, metrics->families[i])) {
            out->length = before; /* families are left out whole, never cut */
        }
    }
    out->maximum = maximum;
    pthread_mutex_unlock(&metrics->mutex);
    pthread_mutex_unlock(&metrics->collect_mutex);
    CHECK(buffer_append(out, s_end, end_size));
}
