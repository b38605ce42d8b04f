/* The metrics of one queue. Low cardinality: queue names and words of ours. */
#ifndef POLLER_CONSUMER_METRICS_H
#define POLLER_CONSUMER_METRICS_H

#include "base/metrics.h"
#include "verdict.h"

#define CONSUMER_OUTCOMES ((size_t)EVENT_UNKNOWN + 1)

struct consumer_metrics {
    struct metrics *metrics;
    const char *queue; /* the consumer's */
    struct metric_counter *receives;
    struct metric_counter *receives_empty;
    struct metric_counter *receives_failed;
    struct metric_counter *received;
    struct metric_counter *received_again;
    struct metric_counter *damaged;
    struct metric_histogram *age_seconds;
    struct metric_histogram *receive_count;
    struct metric_histogram *forward_seconds;
    struct metric_counter *forwards_failed;
    struct metric_counter *outcomes[CONSUMER_OUTCOMES];
    struct metric_counter *deleted;
    struct metric_counter *already_gone;
    struct metric_counter *renewed;
    struct metric_counter *renewals_failed;
    struct metric_counter *renewals_refused;
    struct metric_counter *lapsed;
    struct metric_gauge *held;
    struct metric_gauge *forwarding;
    struct metric_gauge *running;
    struct metric_gauge *resting;
    struct metric_gauge *dead_lettering;
    struct metric_gauge *settling;
    struct metric_gauge *bytes;
    struct metric_gauge *oldest_seconds;
    struct metric_gauge *paused;
    struct metric_counter *attempts;
};

void consumer_metrics_init(struct consumer_metrics *out, struct metrics *metrics, const char *queue);
/* What may be in hand at once. */
void consumer_metrics_limits(const struct consumer_metrics *metrics, int64_t messages, int64_t bytes);
void consumer_metrics_returned(const struct consumer_metrics *metrics, const char *reason); /* a constant reason */
/* Reasons, actions and classes are words of ours or of the gateway's. */
void consumer_metrics_rejected(const struct consumer_metrics *metrics, const char *class);
void consumer_metrics_unmatched(const struct consumer_metrics *metrics, const char *action);
void consumer_metrics_dead_letter(const struct consumer_metrics *metrics, const char *reason);
void consumer_metrics_dead_letter_failed(const struct consumer_metrics *metrics, const char *class);
void consumer_metrics_order(const struct consumer_metrics *metrics, const char *order);
struct metric_gauge *consumer_metrics_circuit(const struct consumer_metrics *metrics, const char *route);

#endif
