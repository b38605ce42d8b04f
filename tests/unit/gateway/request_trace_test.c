/* Tests of request_trace.h: what of it needs no server. The rest is in tests/integration/test_traces.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "request_trace.h"
#include "trace/carrier.h"

#define SENDER "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static struct trace_span *s_taken;

static void take(void *user, struct trace_span *take_span)
{
    (void)user;
    s_taken = take_span;
}

static int forget(void **state)
{
    (void)state;
    trace_span_destroy(s_taken);
    s_taken = NULL;
    return 0;
}

static const struct tracer s_tracer = {.sampler = {.root = TRACE_SAMPLER_ALWAYS_ON, .is_parent_based = true},
                                       .take = take};

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, text != NULL ? strlen(text) : 0};
}

static void an_event_brings_a_context_of_its_own(void **state)
{
    struct trace_context context;
    (void)state;
    assert_true(request_trace_of_event(slice("\"" SENDER "\""), slice("\"a=1\""), &context));
    assert_string_equal(context.state, "a=1");
    assert_true(request_trace_of_event(slice("\"" SENDER "\""), slice("1"), &context));
    assert_string_equal(context.state, "");
    assert_false(request_trace_of_event(slice(NULL), slice("\"a=1\""), &context));
    assert_false(request_trace_of_event(slice("\"00-1\""), slice(NULL), &context));
    assert_false(request_trace_of_event(slice("[1]"), slice(NULL), &context));
}

/* The context that goes along with a start. */
static struct trace_context carried(const struct start_trace *trace)
{
    struct temporal_start_options options = {0};
    struct trace_context context;
    start_trace_options(trace, &options);
    assert_int_equal(options.header_count, 1);
    assert_string_equal(options.headers[0].key, "_tracer-data");
    assert_true(trace_carrier_parse(options.headers[0].value.data, options.headers[0].value.length, &context));
    return context;
}

static void a_start_is_a_span_whose_context_goes_along(void **state)
{
    struct trace_context parent;
    struct start_trace trace;
    (void)state;
    assert_true(trace_context_parse(SENDER, strlen(SENDER), &parent));
    start_trace_begin(&trace, &s_tracer, &parent, "StartWorkflow", "order", "w-1");
    const struct trace_context context = carried(&trace);
    start_trace_end(&trace, "started", "r-1", NULL);
    start_trace_end(&trace, "again", NULL, NULL);
    assert_string_equal(s_taken->name, "StartWorkflow:order");
    assert_memory_equal(s_taken->context.span_id, context.span_id, sizeof context.span_id);
    assert_memory_equal(s_taken->parent_id, parent.span_id, sizeof parent.span_id);
    assert_false(s_taken->has_failed);
    assert_int_equal(s_taken->attribute_count, 3);
    start_trace_deinit(&trace);
}

static void one_that_fails_says_why(void **state)
{
    struct start_trace trace;
    const struct error error = {.status = STATUS_UNAVAILABLE, .text = "nobody answers"};
    (void)state;
    start_trace_begin(&trace, &s_tracer, NULL, "StartWorkflow", "order", "w-1");
    start_trace_end(&trace, "retry", NULL, &error);
    assert_true(s_taken->has_failed);
    assert_string_equal(s_taken->failure, "nobody answers");
    start_trace_deinit(&trace);
}

static void with_tracing_off_the_callers_context_goes_along_and_none_where_there_is_none(void **state)
{
    struct trace_context parent;
    struct start_trace trace;
    struct temporal_start_options options = {0};
    (void)state;
    assert_true(trace_context_parse(SENDER, strlen(SENDER), &parent));
    start_trace_begin(&trace, NULL, &parent, "StartWorkflow", "order", "w-1");
    const struct trace_context context = carried(&trace);
    assert_memory_equal(context.span_id, parent.span_id, sizeof context.span_id);
    start_trace_deinit(&trace);
    start_trace_begin(&trace, NULL, NULL, "StartWorkflow", "order", "w-1");
    start_trace_options(&trace, &options);
    assert_int_equal(options.header_count, 0);
    start_trace_deinit(&trace);
    assert_null(s_taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_brings_a_context_of_its_own),
        cmocka_unit_test_teardown(a_start_is_a_span_whose_context_goes_along, forget),
        cmocka_unit_test_teardown(one_that_fails_says_why, forget),
        cmocka_unit_test_teardown(with_tracing_off_the_callers_context_goes_along_and_none_where_there_is_none, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
