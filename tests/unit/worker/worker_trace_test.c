/* Tests of worker_trace.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker_trace.h"

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

static const struct tracer s_tracer = {.take = take};

static void what_the_sdk_says_becomes_a_span(void **state)
{
    const struct temporal_span said = {
        .name = "RunActivity:charge",
        .kind = TEMPORAL_SPAN_SERVER,
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        .tracestate = "a=1",
        .parent_span_id = "00f067aa0ba902b7",
        .start_wall_us = 1000,
        .end_wall_us = 3000,
        .workflow_id = "w",
        .run_id = "r",
        .activity_id = "1",
        .attempt = 2,
        .has_failed = true,
        .failure_type = "Declined",
        .failure_message = "the card was declined",
    };
    char text[TRACE_SPAN_ID_SIZE];
    (void)state;
    worker_trace_record(&s_tracer, &said);
    assert_non_null(s_taken);
    assert_string_equal(s_taken->name, "RunActivity:charge");
    assert_int_equal(s_taken->kind, TRACE_KIND_SERVER);
    assert_string_equal(s_taken->context.state, "a=1");
    trace_span_id_format(s_taken->context.span_id, text);
    assert_string_equal(text, "b7ad6b7169203331");
    trace_span_id_format(s_taken->parent_id, text);
    assert_string_equal(text, "00f067aa0ba902b7");
    assert_int_equal(s_taken->start_wall_us, 1000);
    assert_int_equal(s_taken->end_wall_us, 3000);
    assert_true(s_taken->has_failed);
    assert_string_equal(s_taken->failure, "the card was declined");
    assert_string_equal(s_taken->attributes[0].key, "temporalWorkflowID");
    assert_string_equal(s_taken->attributes[0].text, "w");
}

static void one_without_a_context_goes_nowhere(void **state)
{
    (void)state;
    worker_trace_record(&s_tracer, &(struct temporal_span){.name = "x", .traceparent = "00-1"});
    assert_null(s_taken);
    worker_trace_record(&s_tracer, &(struct temporal_span){
                                       .name = "x",
                                       .kind = TEMPORAL_SPAN_INTERNAL,
                                       .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                       .parent_span_id = "short"});
    assert_int_equal(s_taken->parent_id[0], 0);
    assert_int_equal(s_taken->kind, TRACE_KIND_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_the_sdk_says_becomes_a_span, forget),
        cmocka_unit_test_teardown(one_without_a_context_goes_nowhere, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
