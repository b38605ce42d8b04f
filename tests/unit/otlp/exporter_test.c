/* The exporter against our own HTTP server as a collector, which answers as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/server.h"
#include "otlp/exporter.h"

#define PATIENCE_MS 30000

struct collector {
    struct http_server *server;
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    const int *answers; /* statuses of the first requests; then 200 */
    size_t answer_count;
    bool is_holding;              /* answers nothing until it is told to go on */
    struct http_exchange *held;
    size_t requests;
    size_t spans;     /* in requests that were answered 200 */
    char *key;        /* the last request's header api-key */
    const char *body; /* of a 200 */
};

static struct collector s_collector;

static size_t count_spans(const char *body)
{
    size_t count = 0;
    for (const char *at = strstr(body, "\"spanId\""); at != NULL; at = strstr(at + 1, "\"spanId\"")) {
        count++;
    }
    return count;
}

static void on_traces(struct http_exchange *exchange, void *user)
{
    struct collector *collector = user;
    static const struct http_header soon = {"Retry-After", "0"};
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    (void)pthread_mutex_lock(&collector->mutex);
    int status = collector->requests < collector->answer_count ? collector->answers[collector->requests] : 200;
    collector->requests++;
    collector->spans += status == 200 ? count_spans(body) : 0;
    free(collector->key);
    collector->key = memory_copy_string(http_exchange_header(exchange, "api-key"));
    const char *answer = collector->body;
    bool is_holding = collector->is_holding;
    collector->held = is_holding ? exchange : NULL;
    (void)pthread_cond_broadcast(&collector->changed);
    (void)pthread_mutex_unlock(&collector->mutex);
    if (!is_holding) {
        http_exchange_reply(exchange, status, "application/json", &soon, 1, answer,
                            answer != NULL ? strlen(answer) : 0);
    }
}

static int start(void **state)
{
    static const struct http_route routes[] = {
        {.method = "POST", .path = "/v1/traces", .handler = on_traces, .user = &s_collector}};
    const struct http_server_options options = {
        .listen = "127.0.0.1:0", .routes = routes, .route_count = 1, .max_body_bytes = (size_t)8 << 20};
    struct error error = {0};
    (void)state;
    s_collector = (struct collector){.mutex = PTHREAD_MUTEX_INITIALIZER};
    thread_condition_init(&s_collector.changed);
    return http_server_start(&options, &s_collector.server, &error) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    http_server_destroy(s_collector.server);
    (void)pthread_cond_destroy(&s_collector.changed);
    free(s_collector.key);
    return 0;
}

static void wait_for_requests(size_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    (void)pthread_mutex_lock(&s_collector.mutex);
    bool in_time = true;
    while (s_collector.requests < count && in_time) {
        in_time = thread_condition_wait(&s_collector.changed, &s_collector.mutex, deadline_ms);
    }
    (void)pthread_mutex_unlock(&s_collector.mutex);
    assert_true(in_time);
}

struct test {
    struct otlp_settings settings;
    struct metrics *metrics;
    struct otlp_exporter *exporter;
};

static char s_url[64];
static const char *s_export_timeout; /* NULL: the default */

static const char *get(const char *name)
{
    if (strcmp(name, "OTEL_EXPORTER_OTLP_ENDPOINT") == 0) {
        return s_url;
    }
    if (strcmp(name, "OTEL_BSP_EXPORT_TIMEOUT") == 0) {
        return s_export_timeout;
    }
    return strcmp(name, "OTEL_EXPORTER_OTLP_HEADERS") == 0 ? "api-key=secret" : NULL;
}

/* delay_ms: between batches; a long one leaves only full batches and the end. */
static void begin(struct test *test, int port, int64_t delay_ms, size_t queue, size_t batch)
{
    struct error error = {0};
    (void)snprintf(s_url, sizeof s_url, "http://127.0.0.1:%d", port);
    otlp_settings_read(get, "ferry-test", &test->settings);
    test->settings.delay_ms = delay_ms;
    test->settings.queue_max = queue;
    test->settings.batch_max = batch;
    test->metrics = metrics_new();
    assert_int_equal(otlp_exporter_start(&test->settings, test->metrics, &test->exporter, &error), STATUS_OK);
}

static void record(const struct test *test, size_t count)
{
    const struct tracer *tracer = otlp_exporter_tracer(test->exporter);
    for (size_t i = 0; i < count; i++) {
        tracer_end(tracer, tracer_begin(tracer, NULL, TRACE_KIND_SERVER, "x"));
    }
}

static void finish(struct test *test, int64_t patience_ms)
{
    otlp_exporter_stop(test->exporter, clock_monotonic_ms() + patience_ms);
    test->exporter = NULL;
}

static void end(struct test *test)
{
    metrics_destroy(test->metrics);
    otlp_settings_deinit(&test->settings);
}

static uint64_t exported(const struct test *test)
{
    return metric_counter_value(metrics_counter(test->metrics, "ferry_trace_spans_exported", "", NULL));
}

static uint64_t dropped(const struct test *test, const char *reason)
{
    return metric_counter_value(
        metrics_counter(test->metrics, "ferry_trace_spans_dropped", "", METRIC_LABELS({"reason", reason})));
}

static void what_waits_at_the_end_is_sent(void **state)
{
    struct test test;
    (void)state;
    begin(&test, http_server_port(s_collector.server), PATIENCE_MS, 100, 10);
    record(&test, 3);
    finish(&test, PATIENCE_MS);
    assert_int_equal(s_collector.spans, 3);
    assert_int_equal(exported(&test), 3);
    assert_string_equal(s_collector.key, "secret");
    end(&test);
}

static void a_full_batch_goes_at_once_and_others_after_the_delay(void **state)
{
    struct test test;
    (void)state;
    begin(&test, http_server_port(s_collector.server), PATIENCE_MS, 100, 5);
    record(&test, 5);
    wait_for_requests(1);
    finish(&test, PATIENCE_MS);
    assert_int_equal(s_collector.spans, 5);
    end(&test);
    begin(&test, http_server_port(s_collector.server), 1, 100, 5);
    record(&test, 1);
    wait_for_requests(2);
    finish(&test, PATIENCE_MS);
    assert_int_equal(s_collector.spans, 6);
    end(&test);
}

static void a_collector_that_has_no_time_is_asked_again(void **state)
{
    static const int answers[] = {503, 429, 504, 502};
    struct test test;
    (void)state;
    s_collector.answers = answers;
    s_collector.answer_count = 1;
    begin(&test, http_server_port(s_collector.server), 1, 100, 5);
    record(&test, 2);
    wait_for_requests(2);
    finish(&test, PATIENCE_MS);
    assert_int_equal(s_collector.spans, 2);
    assert_int_equal(exported(&test), 2);
    end(&test);
}

static void what_it_refuses_is_dropped_and_counted(void **state)
{
    static const int answers[] = {400};
    struct test test;
    (void)state;
    s_collector.answers = answers;
    s_collector.answer_count = 1;
    s_collector.body = "{\"partialSuccess\":{\"rejectedSpans\":\"1\"}}";
    begin(&test, http_server_port(s_collector.server), 1, 100, 5);
    record(&test, 4);
    wait_for_requests(1);
    record(&test, 3);
    finish(&test, PATIENCE_MS);
    assert_true(s_collector.requests >= 2);
    assert_int_equal(exported(&test) + dropped(&test, "refused"), 7);
    assert_true(dropped(&test, "refused") >= 2);
    end(&test);
}

static void a_slow_collector_costs_spans_and_never_time(void **state)
{
    struct test test;
    (void)state;
    s_collector.is_holding = true;
    begin(&test, http_server_port(s_collector.server), PATIENCE_MS, 6, 2);
    record(&test, 2);
    wait_for_requests(1);
    record(&test, 10); /* returns, though nobody takes them */
    assert_int_equal(dropped(&test, "queue_full"), 4);
    (void)pthread_mutex_lock(&s_collector.mutex);
    s_collector.is_holding = false;
    (void)pthread_mutex_unlock(&s_collector.mutex);
    http_exchange_reply(s_collector.held, 200, NULL, NULL, 0, NULL, 0);
    finish(&test, PATIENCE_MS);
    assert_int_equal(exported(&test), 8);
    end(&test);
}

static void one_that_is_silent_does_not_hold_the_end_up(void **state)
{
    struct test test;
    (void)state;
    s_collector.is_holding = true;
    begin(&test, http_server_port(s_collector.server), PATIENCE_MS, 100, 2);
    record(&test, 3);
    wait_for_requests(1);
    finish(&test, 1);
    assert_int_equal(dropped(&test, "shutdown"), 3);
    assert_int_equal(exported(&test), 0);
    http_exchange_reply(s_collector.held, 200, NULL, NULL, 0, NULL, 0);
    end(&test);
}

static void one_that_is_not_there_is_given_up(void **state)
{
    struct test test;
    (void)state;
    begin(&test, 1, PATIENCE_MS, 100, 5); /* nobody listens there */
    record(&test, 7);
    finish(&test, PATIENCE_MS);
    assert_int_equal(dropped(&test, "shutdown"), 7);
    end(&test);
    s_export_timeout = "1"; /* no time for another try */
    begin(&test, 1, 1, 100, 1);
    s_export_timeout = NULL;
    record(&test, 1);
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (dropped(&test, "unavailable") == 0 && clock_monotonic_ms() < deadline_ms) {
        (void)sched_yield();
    }
    assert_int_equal(dropped(&test, "unavailable"), 1);
    finish(&test, PATIENCE_MS);
    end(&test);
}

static void certificates_that_cannot_be_used_are_named(void **state)
{
    struct test test;
    struct error error = {0};
    char path[] = "/nonexistent/ca.pem";
    (void)state;
    (void)snprintf(s_url, sizeof s_url, "https://127.0.0.1:1");
    otlp_settings_read(get, "ferry-test", &test.settings);
    test.settings.ca = memory_copy_string(path);
    test.metrics = metrics_new();
    enum status status = otlp_exporter_start(&test.settings, test.metrics, &test.exporter, &error);
    assert_int_equal(status, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, path));
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_at_the_end_is_sent, start, stop),
        cmocka_unit_test_setup_teardown(a_full_batch_goes_at_once_and_others_after_the_delay, start, stop),
        cmocka_unit_test_setup_teardown(a_collector_that_has_no_time_is_asked_again, start, stop),
        cmocka_unit_test_setup_teardown(what_it_refuses_is_dropped_and_counted, start, stop),
        cmocka_unit_test_setup_teardown(a_slow_collector_costs_spans_and_never_time, start, stop),
        cmocka_unit_test_setup_teardown(one_that_is_silent_does_not_hold_the_end_up, start, stop),
        cmocka_unit_test_setup_teardown(one_that_is_not_there_is_given_up, start, stop),
        cmocka_unit_test(certificates_that_cannot_be_used_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
