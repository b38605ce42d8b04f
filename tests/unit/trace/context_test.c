/* Tests of trace/context.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/context.h"

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static bool parses(const char *text)
{
    struct trace_context context;
    return trace_context_parse(text, strlen(text), &context);
}

static void a_traceparent_goes_in_and_out(void **state)
{
    struct trace_context context;
    char text[TRACE_PARENT_SIZE];
    char id[TRACE_ID_SIZE];
    char span_id[TRACE_SPAN_ID_SIZE];
    (void)state;
    assert_true(trace_context_parse(PARENT, strlen(PARENT), &context));
    assert_true(trace_context_is_valid(&context) && trace_context_is_sampled(&context));
    trace_context_format(&context, text);
    assert_string_equal(text, PARENT);
    trace_id_format(context.trace_id, id);
    trace_span_id_format(context.span_id, span_id);
    assert_string_equal(id, "0af7651916cd43dd8448eb211c80319c");
    assert_string_equal(span_id, "b7ad6b7169203331");
    assert_string_equal(context.state, "");
}

static void what_is_no_traceparent_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "00", "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", PARENT "-", PARENT "-x",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
    };
    struct trace_context context = {.flags = 7};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(trace_context_parse(bad[i], strlen(bad[i]), &context));
        assert_int_equal(context.flags, 7);
    }
    assert_false(trace_context_parse(NULL, 0, &context));
}

static void a_later_version_is_read_as_far_as_it_is_known(void **state)
{
    static const char later[] = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-what.comes.next";
    struct trace_context context;
    char text[TRACE_PARENT_SIZE];
    (void)state;
    assert_true(trace_context_parse(later, strlen(later), &context));
    trace_context_format(&context, text);
    assert_string_equal(text, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03");
    assert_true(parses("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
}

static void a_tracestate_is_kept_whole_or_not_at_all(void **state)
{
    struct trace_context context = {0};
    char longest[TRACE_STATE_MAX + 1];
    (void)state;
    trace_context_set_state(&context, "rojo=1, congo=t61\tx", 19);
    assert_string_equal(context.state, "rojo=1, congo=t61\tx");
    trace_context_set_state(&context, "a=1\nb", 5);
    assert_string_equal(context.state, "");
    trace_context_set_state(&context, "a=\xc3\xa4", 4);
    assert_string_equal(context.state, "");
    memset(longest, 'a', sizeof longest);
    trace_context_set_state(&context, longest, TRACE_STATE_MAX);
    assert_int_equal(strlen(context.state), TRACE_STATE_MAX);
    trace_context_set_state(&context, longest, TRACE_STATE_MAX + 1);
    assert_string_equal(context.state, "");
    trace_context_set_state(&context, NULL, 0);
    assert_string_equal(context.state, "");
}

static void a_header_of_xray_becomes_a_context(void **state)
{
    static const char *const good[] = {
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "Sampled=1; Lineage=a:b ;Parent=53995c3f42cd8ad8; Root=1-5759e988-bd862e3fe1be46a994272793",
    };
    static const char *const bad[] = {
        "", ";;", "Root=1-5759e988-bd862e3fe1be46a994272793", "Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
        "Root=1-5759e988bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
        "Root=1-5759e988-bd862e3fe1be46a99427279g;Parent=53995c3f42cd8ad8",
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad",
        "Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8",
    };
    struct trace_context context;
    char text[TRACE_PARENT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(trace_context_parse_aws(good[i], strlen(good[i]), &context));
        trace_context_format(&context, text);
        assert_string_equal(text, "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(trace_context_parse_aws(bad[i], strlen(bad[i]), &context));
    }
    static const char unsampled[] = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    assert_true(trace_context_parse_aws(unsampled, strlen(unsampled), &context));
    assert_false(trace_context_is_sampled(&context));
}

static void children_stay_in_the_trace(void **state)
{
    struct trace_context parent;
    struct trace_context child;
    struct trace_context other;
    (void)state;
    assert_true(trace_context_parse(PARENT, strlen(PARENT), &parent));
    trace_context_set_state(&parent, "a=1", 3);
    trace_context_child(&parent, &child);
    assert_memory_equal(child.trace_id, parent.trace_id, sizeof child.trace_id);
    assert_memory_not_equal(child.span_id, parent.span_id, sizeof child.span_id);
    assert_string_equal(child.state, "a=1");
    assert_int_equal(child.flags, parent.flags);
    trace_context_new(&other);
    assert_true(trace_context_is_valid(&other) && trace_context_is_sampled(&other));
    assert_memory_not_equal(other.trace_id, parent.trace_id, sizeof other.trace_id);
}

static void the_same_seed_gives_the_same_child(void **state)
{
    struct trace_context parent;
    struct trace_context first;
    struct trace_context again;
    struct trace_context next;
    (void)state;
    assert_true(trace_context_parse(PARENT, strlen(PARENT), &parent));
    trace_context_child_of_seed(&parent, "run:1", &first);
    trace_context_child_of_seed(&parent, "run:1", &again);
    trace_context_child_of_seed(&parent, "run:2", &next);
    assert_memory_equal(first.span_id, again.span_id, sizeof first.span_id);
    assert_memory_not_equal(first.span_id, next.span_id, sizeof first.span_id);
    assert_true(trace_context_is_valid(&first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_goes_in_and_out),
        cmocka_unit_test(what_is_no_traceparent_is_refused),
        cmocka_unit_test(a_later_version_is_read_as_far_as_it_is_known),
        cmocka_unit_test(a_tracestate_is_kept_whole_or_not_at_all),
        cmocka_unit_test(a_header_of_xray_becomes_a_context),
        cmocka_unit_test(children_stay_in_the_trace),
        cmocka_unit_test(the_same_seed_gives_the_same_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
