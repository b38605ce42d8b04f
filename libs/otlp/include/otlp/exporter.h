/* Sends spans to an OpenTelemetry collector: OTLP over HTTP in its JSON form, in batches, from a thread of its own
 * ("traces"). Who ends a span never waits for it: what does not fit the queue is dropped and counted.
 *
 * A batch goes out when it is full or OTEL_BSP_SCHEDULE_DELAY after the one before. Answers 429, 502, 503 and 504 and
 * broken connections are tried again, after Retry-After or with growing pauses, until OTEL_BSP_EXPORT_TIMEOUT; then,
 * or with any other answer, its spans are dropped and counted. One request is under way at a time.
 *
 * Metrics: ferry_trace_spans_exported; ferry_trace_spans_dropped{reason}: queue_full, refused (by the collector),
 * unavailable (it did not answer in time), shutdown; ferry_trace_export_failures, of requests;
 * ferry_trace_queue_spans. */
#ifndef OTLP_EXPORTER_H
#define OTLP_EXPORTER_H

#include "base/error.h"
#include "base/metrics.h"
#include "otlp/settings.h"
#include "trace/tracer.h"

struct otlp_exporter;

/* settings and metrics outlive the exporter; settings->url is not NULL. INVALID_ARGUMENT: the certificates cannot
 * be used. INTERNAL: no thread. */
MUST_CHECK enum status otlp_exporter_start(const struct otlp_settings *settings, struct metrics *metrics,
                                           struct otlp_exporter **out_exporter, struct error *error);
const struct tracer *otlp_exporter_tracer(const struct otlp_exporter *exporter);
/* After the last span was ended: sends what waits, each batch once, until deadline_ms (clock_monotonic_ms); what is
 * left then is dropped and counted. NULL is fine. */
void otlp_exporter_stop(struct otlp_exporter *exporter, int64_t deadline_ms);

#endif
