/* Tests of encode.h: jansson reads what we write; in tests/integration/test_traces.py the official messages do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "encode.h"

static json_t *encode(const struct trace_span *const *spans, size_t count)
{
    char name[] = "service.name";
    char value[] = "a\"b";
    const struct otlp_pairs resource = {.list = {{name, value}}, .count = 1};
    struct buffer out;
    buffer_init(&out, OTLP_BODY_MAX);
    otlp_encode_begin(&out, &resource);
    for (size_t i = 0; i < count; i++) {
        otlp_encode_span(&out, spans[i], i == 0);
    }
    otlp_encode_end(&out);
    json_t *json = json_loadb(out.data, out.length, 0, NULL);
    buffer_deinit(&out);
    assert_non_null(json);
    return json;
}

static const json_t *spans_of(const json_t *json)
{
    const json_t *resource = json_array_get(json_object_get(json, "resourceSpans"), 0);
    return json_object_get(json_array_get(json_object_get(resource, "scopeSpans"), 0), "spans");
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static struct trace_span *new_span(const char *name)
{
    const struct trace_context parent = {
        .trace_id = {0xab}, .span_id = {0xcd}, .flags = TRACE_FLAG_SAMPLED, .state = "k=\"v\""};
    struct trace_context context;
    trace_context_child_of_seed(&parent, "seed", &context);
    struct trace_span *span = trace_span_new(&context, &parent, TRACE_KIND_CONSUMER, name);
    trace_span_set_times(span, 1700000000123456, 1700000000123457);
    return span;
}

static void a_span_is_written_as_otlp_has_it(void **state)
{
    struct trace_span *span = new_span("process \"q\"");
    const struct trace_span *const spans[] = {span, span};
    (void)state;
    trace_span_text(span, "a", "x\ny");
    trace_span_number(span, "b", INT64_MIN);
    trace_span_event(span, "e", "why", "z");
    trace_span_event(span, "f", NULL, NULL);
    trace_span_link(span, &span->context);
    trace_span_fail(span, "kind", "message");
    json_t *json = encode(spans, 2);
    const json_t *first = json_array_get(spans_of(json), 0);
    assert_int_equal(json_array_size(spans_of(json)), 2);
    assert_string_equal(text(first, "traceId"), "ab000000000000000000000000000000");
    assert_int_equal(strlen(text(first, "spanId")), 16);
    assert_string_equal(text(first, "parentSpanId"), "cd00000000000000");
    assert_string_equal(text(first, "traceState"), "k=\"v\"");
    assert_string_equal(text(first, "name"), "process \"q\"");
    assert_int_equal(json_integer_value(json_object_get(first, "kind")), 5);
    assert_string_equal(text(first, "startTimeUnixNano"), "1700000000123456000");
    assert_string_equal(text(first, "endTimeUnixNano"), "1700000000123457000");
    const json_t *attributes = json_object_get(first, "attributes");
    assert_int_equal(json_array_size(attributes), 3);
    assert_string_equal(text(json_object_get(json_array_get(attributes, 0), "value"), "stringValue"), "x\ny");
    assert_string_equal(text(json_object_get(json_array_get(attributes, 1), "value"), "intValue"),
                        "-9223372036854775808");
    assert_int_equal(json_array_size(json_object_get(first, "events")), 2);
    assert_string_equal(text(json_array_get(json_object_get(first, "links"), 0), "traceId"), text(first, "traceId"));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "status"), "code")), 2);
    assert_string_equal(text(json_object_get(first, "status"), "message"), "message");
    json_decref(json);
    trace_span_destroy(span);
}

static void what_is_not_there_is_not_written(void **state)
{
    const struct trace_context context = {.trace_id = {1}, .span_id = {2}, .flags = TRACE_FLAG_SAMPLED};
    struct trace_span *span = trace_span_new(&context, NULL, TRACE_KIND_SERVER, "bad \xff");
    const struct trace_span *const spans[] = {span};
    (void)state;
    json_t *json = encode(spans, 1);
    const json_t *first = json_array_get(spans_of(json), 0);
    assert_null(json_object_get(first, "parentSpanId"));
    assert_null(json_object_get(first, "traceState"));
    assert_null(json_object_get(first, "droppedEventsCount"));
    assert_string_equal(text(first, "name"), "(not UTF-8)");
    assert_int_equal(json_object_size(json_object_get(first, "status")), 0);
    json_decref(json);
    trace_span_destroy(span);
}

static void what_was_left_out_is_counted(void **state)
{
    struct trace_span *span = new_span("x");
    const struct trace_span *const spans[] = {span};
    (void)state;
    for (int i = 0; i < 200; i++) {
        trace_span_number(span, "a", i);
        trace_span_event(span, "e", NULL, NULL);
        trace_span_link(span, &span->context);
    }
    json_t *json = encode(spans, 1);
    const json_t *first = json_array_get(spans_of(json), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "droppedAttributesCount")), 200 - TRACE_ATTRIBUTES_MAX);
    assert_int_equal(json_integer_value(json_object_get(first, "droppedEventsCount")), 200 - TRACE_EVENTS_MAX);
    assert_int_equal(json_integer_value(json_object_get(first, "droppedLinksCount")), 200 - TRACE_LINKS_MAX);
    json_decref(json);
    trace_span_destroy(span);
}

static size_t rejected(const char *body)
{
    return otlp_decode_rejected(body, strlen(body));
}

static void a_partial_success_says_how_many_were_refused(void **state)
{
    (void)state;
    assert_int_equal(rejected("{\"partialSuccess\":{\"rejectedSpans\":\"12\",\"errorMessage\":\"x\"}}"), 12);
    assert_int_equal(rejected("{\"partialSuccess\":{\"rejectedSpans\":3}}"), 3);
    assert_int_equal(rejected("{\"partialSuccess\":{}}"), 0);
    assert_int_equal(rejected("{\"partialSuccess\":{\"rejectedSpans\":\"-1\"}}"), 0);
    assert_int_equal(rejected("{\"partialSuccess\":{\"rejectedSpans\":\"99999999999999999999\"}}"), 0);
    assert_int_equal(rejected("{}"), 0);
    assert_int_equal(rejected("\x0a\x00"), 0);
    assert_int_equal(otlp_decode_rejected(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_is_written_as_otlp_has_it),
        cmocka_unit_test(what_is_not_there_is_not_written),
        cmocka_unit_test(what_was_left_out_is_counted),
        cmocka_unit_test(a_partial_success_says_how_many_were_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
