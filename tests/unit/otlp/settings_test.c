/* Tests of otlp/settings.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "otlp/settings.h"

static const char *const *s_variables; /* names and values, until NULL */

static const char *get(const char *name)
{
    for (const char *const *at = s_variables; *at != NULL; at += 2) {
        if (strcmp(at[0], name) == 0) {
            return at[1];
        }
    }
    return NULL;
}

#define READ(settings, ...)                                         \
    do {                                                            \
        static const char *const variables_[] = {__VA_ARGS__, NULL}; \
        s_variables = variables_;                                   \
        otlp_settings_read(get, "ferry-test", (settings));          \
    } while (0)

static const char *value_of(const struct otlp_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->list[i].name, name) == 0) {
            return pairs->list[i].value;
        }
    }
    return NULL;
}

static void without_an_endpoint_tracing_is_off(void **state)
{
    struct otlp_settings settings;
    (void)state;
    READ(&settings, "OTEL_SERVICE_NAME", "x", "OTEL_EXPORTER_OTLP_ENDPOINT", "");
    assert_null(settings.url);
    otlp_settings_deinit(&settings);
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_SDK_DISABLED", "TRUE");
    assert_null(settings.url);
    otlp_settings_deinit(&settings);
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_TRACES_EXPORTER", "none");
    assert_null(settings.url);
    assert_int_equal(settings.warning_count, 0);
    otlp_settings_deinit(&settings);
}

static void the_path_of_traces_is_added_to_the_endpoint_of_all_signals(void **state)
{
    struct otlp_settings settings;
    (void)state;
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/base//");
    assert_string_equal(settings.url, "http://c:4318/base/v1/traces");
    otlp_settings_deinit(&settings);
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
         "https://t/as-it-is");
    assert_string_equal(settings.url, "https://t/as-it-is");
    otlp_settings_deinit(&settings);
    READ(&settings, "OTEL_TRACES_EXPORTER", "console, otlp");
    assert_string_equal(settings.url, "http://localhost:4318/v1/traces");
    otlp_settings_deinit(&settings);
}

static void the_defaults_are_those_of_the_specification(void **state)
{
    struct otlp_settings settings;
    (void)state;
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
    assert_int_equal(settings.timeout_ms, 10000);
    assert_int_equal(settings.delay_ms, 5000);
    assert_int_equal(settings.export_timeout_ms, 30000);
    assert_int_equal(settings.queue_max, 2048);
    assert_int_equal(settings.batch_max, 512);
    assert_true(settings.sampler.is_parent_based);
    assert_string_equal(value_of(&settings.resource, "service.name"), "ferry-test");
    assert_non_null(value_of(&settings.resource, "service.instance.id"));
    assert_int_equal(settings.warning_count, 0);
    assert_int_equal(settings.headers.count, 0);
    otlp_settings_deinit(&settings);
}

static void everything_can_be_said(void **state)
{
    struct otlp_settings settings;
    (void)state;
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_EXPORTER_OTLP_HEADERS",
         " api-key = a%20b%3D , x=1,", "OTEL_EXPORTER_OTLP_TIMEOUT", "7", "OTEL_BSP_SCHEDULE_DELAY", "8",
         "OTEL_BSP_EXPORT_TIMEOUT", "9", "OTEL_BSP_MAX_QUEUE_SIZE", "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "11",
         "OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0.5", "OTEL_SERVICE_NAME", "mine",
         "OTEL_RESOURCE_ATTRIBUTES", "service.name=loses,team=a%2Cb,deployment.environment=test",
         "OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca", "OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key",
         "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/traces-key");
    assert_string_equal(value_of(&settings.headers, "api-key"), "a b=");
    assert_string_equal(value_of(&settings.headers, "x"), "1");
    assert_int_equal(settings.headers.count, 2);
    assert_int_equal(settings.timeout_ms, 7);
    assert_int_equal(settings.delay_ms, 8);
    assert_int_equal(settings.export_timeout_ms, 9);
    assert_int_equal(settings.queue_max, 10);
    assert_int_equal(settings.batch_max, 10); /* not more than the queue holds */
    assert_int_equal(settings.sampler.root, TRACE_SAMPLER_RATIO);
    assert_string_equal(value_of(&settings.resource, "service.name"), "mine");
    assert_string_equal(value_of(&settings.resource, "team"), "a,b");
    assert_string_equal(value_of(&settings.resource, "deployment.environment"), "test");
    assert_string_equal(settings.ca, "/ca");
    assert_string_equal(settings.client_key, "/traces-key");
    assert_null(settings.client_certificate);
    assert_int_equal(settings.warning_count, 0);
    otlp_settings_deinit(&settings);
}

static void what_is_for_traces_alone_stands_over_the_rest(void **state)
{
    struct otlp_settings settings;
    (void)state;
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_EXPORTER_OTLP_HEADERS", "a=1",
         "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2", "OTEL_EXPORTER_OTLP_TIMEOUT", "7",
         "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "8", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
         "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf");
    assert_null(value_of(&settings.headers, "a"));
    assert_string_equal(value_of(&settings.headers, "b"), "2");
    assert_int_equal(settings.timeout_ms, 8);
    assert_int_equal(settings.warning_count, 0);
    otlp_settings_deinit(&settings);
}

static void what_cannot_be_used_is_warned_of_without_its_value(void **state)
{
    struct otlp_settings settings;
    (void)state;
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "OTEL_EXPORTER_OTLP_HEADERS",
         "secret,a b=secret,c=sec%0Aret,d=1", "OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "OTEL_TRACES_SAMPLER", "xray",
         "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_BSP_MAX_QUEUE_SIZE", "0", "OTEL_RESOURCE_ATTRIBUTES",
         "=x,\xff=1");
    assert_int_equal(settings.headers.count, 1);
    assert_int_equal(settings.timeout_ms, 10000);
    assert_int_equal(settings.queue_max, 2048);
    assert_int_equal(settings.warning_count, 6);
    for (size_t i = 0; i < settings.warning_count; i++) {
        assert_memory_equal(settings.warnings[i], "OTEL_", 5);
        assert_null(strstr(settings.warnings[i], "secret"));
    }
    otlp_settings_deinit(&settings);
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
    assert_null(settings.url);
    assert_int_equal(settings.warning_count, 1);
    otlp_settings_deinit(&settings);
    READ(&settings, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c", "OTEL_TRACES_EXPORTER", "zipkin");
    assert_null(settings.url);
    assert_int_equal(settings.warning_count, 1);
    otlp_settings_deinit(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_endpoint_tracing_is_off),
        cmocka_unit_test(the_path_of_traces_is_added_to_the_endpoint_of_all_signals),
        cmocka_unit_test(the_defaults_are_those_of_the_specification),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(what_is_for_traces_alone_stands_over_the_rest),
        cmocka_unit_test(what_cannot_be_used_is_warned_of_without_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
