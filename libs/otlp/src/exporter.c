/* See otlp/exporter.h. */
#include "otlp/exporter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/thread.h"
#include "delivery.h"
#include "encode.h"
#include "http/client.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 30000
#define LOG_INTERVAL_MS 30000

enum drop { DROP_QUEUE_FULL, DROP_REFUSED, DROP_UNAVAILABLE, DROP_SHUTDOWN, DROP_COUNT };

static const char *const s_drop_names[DROP_COUNT] = {
    [DROP_QUEUE_FULL] = "queue_full",
    [DROP_REFUSED] = "refused",
    [DROP_UNAVAILABLE] = "unavailable",
    [DROP_SHUTDOWN] = "shutdown",
};

struct otlp_exporter {
    const struct otlp_settings *settings;
    struct tracer tracer;
    struct metric_counter *exported;
    struct metric_counter *dropped[DROP_COUNT];
    struct metric_counter *failures;
    struct metric_gauge *waiting;
    pthread_t thread;
    struct loop *loop;

    pthread_mutex_t mutex; /* guards the next five */
    struct trace_span **ring; /* queue_max */
    size_t first;
    size_t count;
    bool is_woken;  /* a task for the loop is posted that takes a batch */
    bool is_closed; /* no more spans */

    /* The loop's thread. */
    struct http_client *client;
    struct http_tls *tls;
    struct http_call *call;   /* NULL: none under way */
    struct buffer body;       /* of the batch under way; empty: none */
    size_t body_spans;
    int64_t give_up_ms;       /* of the batch under way */
    bool is_flushing;
    int64_t flush_until_ms;
    struct loop_timer timer;       /* for the next batch, or the next try of this one */
    struct loop_timer flush_timer;
    struct backoff backoff;
    struct log_limiter limiter;
};

/* ---- the queue: any thread ---- */

static void on_batch_due(void *argument);

static void take(void *user, struct trace_span *take_span)
{
    struct otlp_exporter *exporter = user;
    const size_t capacity = exporter->settings->queue_max;
    (void)pthread_mutex_lock(&exporter->mutex);
    bool has_room = !exporter->is_closed && exporter->count < capacity;
    bool wakes = false;
    if (has_room) {
        exporter->ring[(exporter->first + exporter->count++) % capacity] = take_span;
        wakes = exporter->count >= exporter->settings->batch_max && !exporter->is_woken;
        exporter->is_woken = exporter->is_woken || wakes;
        metric_gauge_set(exporter->waiting, (int64_t)exporter->count);
    }
    (void)pthread_mutex_unlock(&exporter->mutex);
    if (!has_room) {
        metric_counter_add(exporter->dropped[DROP_QUEUE_FULL], 1);
        trace_span_destroy(take_span);
    } else if (wakes) {
        loop_post(exporter->loop, on_batch_due, exporter);
    }
}

/* NULL: there is none. */
static struct trace_span *pop(struct otlp_exporter *exporter)
{
    struct trace_span *span = NULL;
    (void)pthread_mutex_lock(&exporter->mutex);
    exporter->is_woken = false;
    if (exporter->count > 0) {
        span = exporter->ring[exporter->first];
        exporter->first = (exporter->first + 1) % exporter->settings->queue_max;
        exporter->count--;
        metric_gauge_set(exporter->waiting, (int64_t)exporter->count);
    }
    (void)pthread_mutex_unlock(&exporter->mutex);
    return span;
}

static size_t waiting(struct otlp_exporter *exporter)
{
    (void)pthread_mutex_lock(&exporter->mutex);
    size_t count = exporter->count;
    (void)pthread_mutex_unlock(&exporter->mutex);
    return count;
}

/* ---- batches: the loop's thread ---- */

static void send_batch(struct otlp_exporter *exporter);

static void log_failure(struct otlp_exporter *exporter, const char *problem, bool is_dropped)
{
    int64_t suppressed = 0;
    if (log_limiter_allows(&exporter->limiter, LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "exporting traces failed", LOG_STRING("error", problem),
                  LOG_INTEGER("spans", exporter->body_spans), LOG_BOOLEAN("dropped", is_dropped),
                  LOG_INTEGER("suppressed", suppressed));
    }
}

static void end_batch(struct otlp_exporter *exporter)
{
    buffer_deinit(&exporter->body);
    exporter->body_spans = 0;
    backoff_reset(&exporter->backoff);
    if (exporter->is_flushing && waiting(exporter) == 0) {
        loop_stop(exporter->loop);
    } else if (exporter->is_flushing || waiting(exporter) >= exporter->settings->batch_max) {
        send_batch(exporter);
    } else {
        loop_timer_start(exporter->loop, &exporter->timer, clock_monotonic_ms() + exporter->settings->delay_ms,
                         on_batch_due, exporter);
    }
}

static void drop_batch(struct otlp_exporter *exporter, enum drop reason, const char *problem)
{
    metric_counter_add(exporter->dropped[reason], exporter->body_spans);
    log_failure(exporter, problem, true);
    end_batch(exporter);
}

static void on_retry_due(void *argument)
{
    struct otlp_exporter *exporter = argument;
    send_batch(exporter);
}

static void try_later(struct otlp_exporter *exporter, int64_t retry_after_ms, const char *problem)
{
    int64_t delay_ms = backoff_next_ms(&exporter->backoff);
    int64_t due_ms = clock_monotonic_ms() + (retry_after_ms > 0 ? retry_after_ms : delay_ms);
    if (exporter->is_flushing) {
        drop_batch(exporter, DROP_SHUTDOWN, problem);
    } else if (due_ms >= exporter->give_up_ms) {
        drop_batch(exporter, DROP_UNAVAILABLE, problem);
    } else {
        log_failure(exporter, problem, false);
        loop_timer_start(exporter->loop, &exporter->timer, due_ms, on_retry_due, exporter);
    }
}

static void delivered(struct otlp_exporter *exporter, const struct http_response *response)
{
    size_t rejected = otlp_decode_rejected(response->body, response->body_length);
    if (rejected > exporter->body_spans) {
        rejected = exporter->body_spans;
    }
    metric_counter_add(exporter->exported, exporter->body_spans - rejected);
    if (rejected > 0) {
        metric_counter_add(exporter->dropped[DROP_REFUSED], rejected);
        log_failure(exporter, "the collector has taken a part of the spans only", true);
    }
    end_batch(exporter);
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct otlp_exporter *exporter = user;
    char problem[ERROR_TEXT_SIZE];
    int status = response != NULL ? response->status : 0;
    enum delivery delivery = delivery_of_status(status);
    exporter->call = NULL;
    if (response != NULL && delivery == DELIVERY_DONE) {
        delivered(exporter, response);
        return;
    }
    metric_counter_add(exporter->failures, 1);
    if (response != NULL) {
        (void)snprintf(problem, sizeof problem, "the collector answers HTTP %d", status);
    } else {
        (void)snprintf(problem, sizeof problem, "%s", error->text);
    }
    if (delivery == DELIVERY_REFUSED || (error != NULL && error->status == STATUS_INVALID_ARGUMENT)) {
        drop_batch(exporter, DROP_REFUSED, problem);
    } else {
        const char *header = response != NULL ? http_response_header(response, "retry-after") : NULL;
        try_later(exporter, delivery_retry_after_ms(header), problem);
    }
}

/* false: nothing waits. */
static bool fill_batch(struct otlp_exporter *exporter)
{
    struct trace_span *span = pop(exporter);
    if (span == NULL) {
        return false;
    }
    buffer_init(&exporter->body, OTLP_BODY_MAX);
    otlp_encode_begin(&exporter->body, &exporter->settings->resource);
    while (span != NULL) {
        otlp_encode_span(&exporter->body, span, exporter->body_spans == 0);
        exporter->body_spans++;
        trace_span_destroy(span);
        bool is_full =
            exporter->body_spans >= exporter->settings->batch_max || exporter->body.length >= OTLP_BODY_FULL;
        span = is_full ? NULL : pop(exporter);
    }
    otlp_encode_end(&exporter->body);
    exporter->give_up_ms = clock_monotonic_ms() + exporter->settings->export_timeout_ms;
    return true;
}

/* The batch under way, or the next one. */
static void send_batch(struct otlp_exporter *exporter)
{
    struct http_header headers[OTLP_PAIRS_MAX + 1];
    size_t header_count = 0;
    int64_t now_ms = clock_monotonic_ms();
    if (exporter->call != NULL) {
        return;
    }
    loop_timer_stop(exporter->loop, &exporter->timer);
    if (exporter->body_spans == 0 && !fill_batch(exporter)) {
        end_batch(exporter);
        return;
    }
    headers[header_count++] = (struct http_header){"Content-Type", "application/json"};
    for (size_t i = 0; i < exporter->settings->headers.count; i++) {
        const struct otlp_pair *pair = &exporter->settings->headers.list[i];
        headers[header_count++] = (struct http_header){pair->name, pair->value};
    }
    int64_t deadline_ms = now_ms + exporter->settings->timeout_ms;
    if (exporter->is_flushing && exporter->flush_until_ms < deadline_ms) {
        deadline_ms = exporter->flush_until_ms;
    }
    const struct http_request request = {
        .method = "POST",
        .url = exporter->settings->url,
        .headers = headers,
        .header_count = header_count,
        .body = exporter->body.data,
        .body_length = exporter->body.length,
        .deadline_ms = deadline_ms,
        .max_response_bytes = ANSWER_MAX,
        .tls = exporter->tls,
    };
    exporter->call = http_client_send(exporter->client, &request, on_answer, exporter);
}

/* The delay is over, or the queue has a batch. */
static void on_batch_due(void *argument)
{
    struct otlp_exporter *exporter = argument;
    if (exporter->body_spans == 0) { /* else one is under way, or waits for its next try */
        send_batch(exporter);
    }
}

/* ---- the end ---- */

static void on_flush_over(void *argument)
{
    struct otlp_exporter *exporter = argument;
    loop_stop(exporter->loop);
}

static void flush(void *argument)
{
    struct otlp_exporter *exporter = argument;
    exporter->is_flushing = true;
    loop_timer_start(exporter->loop, &exporter->flush_timer, exporter->flush_until_ms, on_flush_over, exporter);
    send_batch(exporter);
}

/* The thread is gone. */
static void drop_rest(struct otlp_exporter *exporter)
{
    size_t count = exporter->body_spans;
    for (struct trace_span *span = pop(exporter); span != NULL; span = pop(exporter)) {
        trace_span_destroy(span);
        count++;
    }
    if (count > 0) {
        metric_counter_add(exporter->dropped[DROP_SHUTDOWN], count);
        log_event(LOG_LEVEL_WARN, "spans were left when the service ended", LOG_INTEGER("spans", count));
    }
}

void otlp_exporter_stop(struct otlp_exporter *exporter, int64_t deadline_ms)
{
    if (exporter == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&exporter->mutex);
    exporter->is_closed = true;
    (void)pthread_mutex_unlock(&exporter->mutex);
    exporter->flush_until_ms = deadline_ms; /* seen by the task, which the post orders behind it */
    loop_post(exporter->loop, flush, exporter);
    thread_join(exporter->thread);
    drop_rest(exporter);
    buffer_deinit(&exporter->body);
    loop_destroy(exporter->loop);
    http_tls_destroy(exporter->tls);
    (void)pthread_mutex_destroy(&exporter->mutex);
    free(exporter->ring);
    free(exporter);
}

/* ---- the beginning ---- */

static void run(void *argument)
{
    struct otlp_exporter *exporter = argument;
    loop_timer_start(exporter->loop, &exporter->timer, clock_monotonic_ms() + exporter->settings->delay_ms,
                     on_batch_due, exporter);
    loop_run(exporter->loop);
    loop_timer_stop(exporter->loop, &exporter->timer);
    loop_timer_stop(exporter->loop, &exporter->flush_timer);
    if (exporter->call != NULL) {
        http_call_cancel(exporter->call);
    }
    http_client_destroy(exporter->client);
}

static void make_metrics(struct otlp_exporter *exporter, struct metrics *metrics)
{
    exporter->exported =
        metrics_counter(metrics, "ferry_trace_spans_exported", "Spans that the collector has taken.", NULL);
    for (int i = 0; i < DROP_COUNT; i++) {
        exporter->dropped[i] =
            metrics_counter(metrics, "ferry_trace_spans_dropped", "Spans that have reached no collector.",
                            METRIC_LABELS({"reason", s_drop_names[i]}));
    }
    exporter->failures =
        metrics_counter(metrics, "ferry_trace_export_failures", "Requests to the collector that have failed.", NULL);
    exporter->waiting = metrics_gauge(metrics, "ferry_trace_queue_spans", "Spans that wait to be sent.", NULL);
}

static enum status read_certificates(const struct otlp_settings *settings, struct http_tls **out_tls,
                                     struct error *error)
{
    const struct http_tls_files files = {
        .certificate = settings->client_certificate, .key = settings->client_key, .ca = settings->ca};
    if (files.certificate == NULL && files.ca == NULL) {
        return STATUS_OK;
    }
    return http_tls_new(&files, out_tls, error);
}

static void unmake(struct otlp_exporter *exporter)
{
    http_client_destroy(exporter->client);
    loop_destroy(exporter->loop);
    http_tls_destroy(exporter->tls);
    (void)pthread_mutex_destroy(&exporter->mutex);
    free(exporter->ring);
    free(exporter);
}

enum status otlp_exporter_start(const struct otlp_settings *settings, struct metrics *metrics,
                                struct otlp_exporter **out_exporter, struct error *error)
{
    const struct http_client_options options = {.max_connections_per_host = 2};
    struct otlp_exporter *exporter = memory_alloc(sizeof *exporter);
    exporter->settings = settings;
    exporter->tracer = (struct tracer){.sampler = settings->sampler, .take = take, .user = exporter};
    exporter->ring = memory_alloc_array(settings->queue_max, sizeof(struct trace_span *));
    exporter->loop = loop_new();
    (void)pthread_mutex_init(&exporter->mutex, NULL);
    backoff_init(&exporter->backoff, RETRY_FIRST_MS, RETRY_MAX_MS, 2.0, 0.2);
    enum status status = read_certificates(settings, &exporter->tls, error);
    if (status == STATUS_OK) {
        status = http_client_new(exporter->loop, &options, &exporter->client, error);
    }
    if (status != STATUS_OK) {
        goto failed;
    }
    make_metrics(exporter, metrics);
    status = thread_start(&exporter->thread, "traces", 0, run, exporter, error);
    if (status != STATUS_OK) {
        goto failed;
    }
    *out_exporter = exporter;
    return STATUS_OK;
failed:
    unmake(exporter);
    return status;
}

const struct tracer *otlp_exporter_tracer(const struct otlp_exporter *exporter)
{
    return exporter != NULL ? &exporter->tracer : NULL;
}
