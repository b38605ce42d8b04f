/* Tests of trace/tracer.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/tracer.h"

static struct trace_span *s_taken;
static int s_count;

static void take(void *user, struct trace_span *take_span)
{
    (void)user;
    trace_span_destroy(s_taken);
    s_taken = take_span;
    s_count++;
}

static struct tracer tracer_of(const char *sampler)
{
    struct tracer tracer = {.take = take};
    assert_true(trace_sampler_parse(sampler, NULL, &tracer.sampler));
    s_count = 0;
    return tracer;
}

static int forget(void **state)
{
    (void)state;
    trace_span_destroy(s_taken);
    s_taken = NULL;
    return 0;
}

static void a_child_goes_to_the_taker_when_it_ends(void **state)
{
    const struct tracer tracer = tracer_of(NULL);
    const struct trace_context parent = {.trace_id = {1}, .span_id = {2}, .flags = TRACE_FLAG_SAMPLED};
    (void)state;
    struct trace_span *span = tracer_begin(&tracer, &parent, TRACE_KIND_SERVER, "serve");
    assert_int_equal(s_count, 0);
    tracer_end(&tracer, span);
    assert_int_equal(s_count, 1);
    assert_ptr_equal(s_taken, span);
    assert_memory_equal(span->context.trace_id, parent.trace_id, sizeof parent.trace_id);
    assert_memory_equal(span->parent_id, parent.span_id, sizeof parent.span_id);
    assert_true(span->end_wall_us >= span->start_wall_us);
}

static void one_without_a_parent_begins_a_trace(void **state)
{
    const struct tracer tracer = tracer_of(NULL);
    static const uint8_t none[TRACE_SPAN_ID_BYTES] = {0};
    (void)state;
    struct trace_span *span = tracer_begin(&tracer, NULL, TRACE_KIND_SERVER, "serve");
    assert_true(trace_context_is_valid(&span->context));
    assert_memory_equal(span->parent_id, none, sizeof none);
    trace_span_set_times(span, 1, 2);
    tracer_end(&tracer, span);
    assert_int_equal(s_taken->end_wall_us, 2);
}

static void what_is_not_sampled_goes_nowhere_but_hands_its_context_on(void **state)
{
    const struct tracer tracer = tracer_of("always_off");
    (void)state;
    struct trace_span *span = tracer_begin(&tracer, NULL, TRACE_KIND_SERVER, "serve");
    assert_false(trace_context_is_sampled(trace_span_context(span)));
    assert_true(trace_context_is_valid(trace_span_context(span)));
    tracer_end(&tracer, span);
    assert_int_equal(s_count, 0);
}

static void off_is_nothing_at_all(void **state)
{
    (void)state;
    assert_null(tracer_begin(NULL, NULL, TRACE_KIND_SERVER, "serve"));
    tracer_end(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_child_goes_to_the_taker_when_it_ends, forget),
        cmocka_unit_test_teardown(one_without_a_parent_begins_a_trace, forget),
        cmocka_unit_test_teardown(what_is_not_sampled_goes_nowhere_but_hands_its_context_on, forget),
        cmocka_unit_test(off_is_nothing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
