/* Tests of trace/span.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "trace/span.h"

static struct trace_span *new_span(uint8_t flags)
{
    const struct trace_context parent = {.trace_id = {1}, .span_id = {2}, .flags = flags};
    struct trace_context context;
    trace_context_child(&parent, &context);
    return trace_span_new(&context, &parent, TRACE_KIND_CLIENT, "name");
}

static void holds_what_was_put_into_it(void **state)
{
    struct trace_span *span = new_span(TRACE_FLAG_SAMPLED);
    (void)state;
    trace_span_text(span, "a", "text");
    trace_span_text(span, "none", NULL);
    trace_span_number(span, "b", -7);
    trace_span_event(span, "happened", NULL, NULL);
    trace_span_event(span, "again", "why", "because");
    trace_span_link(span, &span->context);
    trace_span_fail(span, "kind", "message");
    trace_span_fail(span, "other", "later");
    trace_span_rename(span, "other name");
    assert_true(span->is_recorded && span->start_wall_us > 0 && span->end_wall_us == 0);
    assert_int_equal(span->parent_id[0], 2);
    assert_int_equal(span->attribute_count, 3);
    assert_string_equal(span->attributes[0].text, "text");
    assert_null(span->attributes[1].text);
    assert_int_equal(span->attributes[1].number, -7);
    assert_string_equal(span->attributes[2].key, "error.type");
    assert_string_equal(span->attributes[2].text, "kind");
    assert_string_equal(span->failure, "message");
    assert_string_equal(span->name, "other name");
    assert_int_equal(span->event_count, 2);
    assert_null(span->events[0].attribute.key);
    assert_string_equal(span->events[1].attribute.text, "because");
    assert_int_equal(span->link_count, 1);
    trace_span_destroy(span);
}

static void one_that_is_not_sampled_stays_empty(void **state)
{
    struct trace_span *span = new_span(0);
    (void)state;
    trace_span_text(span, "a", "text");
    trace_span_number(span, "b", 1);
    trace_span_event(span, "happened", "a", "b");
    trace_span_link(span, &span->context);
    trace_span_fail(span, "kind", "message");
    trace_span_rename(span, "other name");
    assert_false(span->is_recorded || span->has_failed);
    assert_null(span->name);
    assert_int_equal(span->attribute_count + span->event_count + span->link_count, 0);
    assert_non_null(trace_span_context(span));
    trace_span_destroy(span);
}

static void nothing_happens_to_none(void **state)
{
    (void)state;
    trace_span_text(NULL, "a", "text");
    trace_span_number(NULL, "b", 1);
    trace_span_event(NULL, "happened", NULL, NULL);
    trace_span_link(NULL, NULL);
    trace_span_fail(NULL, "kind", NULL);
    trace_span_rename(NULL, "name");
    trace_span_set_times(NULL, 1, 2);
    assert_null(trace_span_context(NULL));
    trace_span_destroy(NULL);
}

static void everything_is_bounded_and_what_is_left_out_is_counted(void **state)
{
    struct trace_span *span = new_span(TRACE_FLAG_SAMPLED);
    char text[TRACE_TEXT_MAX + 3];
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text + TRACE_TEXT_MAX - 1, "\xc3\xa4", 3); /* two bytes, of which one fits */
    trace_span_text(span, "long", text);
    assert_int_equal(strlen(span->attributes[0].text), TRACE_TEXT_MAX - 1);
    for (int i = 0; i < 200; i++) {
        trace_span_text(span, "a", "x");
        trace_span_event(span, "e", "a", "x");
        trace_span_link(span, &span->context);
    }
    assert_int_equal(span->attribute_count, TRACE_ATTRIBUTES_MAX);
    assert_int_equal(span->dropped_attributes, 201 - TRACE_ATTRIBUTES_MAX);
    assert_int_equal(span->event_count, TRACE_EVENTS_MAX);
    assert_int_equal(span->dropped_events, 200 - TRACE_EVENTS_MAX);
    assert_int_equal(span->link_count, TRACE_LINKS_MAX);
    assert_int_equal(span->dropped_links, 200 - TRACE_LINKS_MAX);
    trace_span_set_times(span, 10, 5);
    assert_int_equal(span->end_wall_us, 10);
    trace_span_destroy(span);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_was_put_into_it),
        cmocka_unit_test(one_that_is_not_sampled_stays_empty),
        cmocka_unit_test(nothing_happens_to_none),
        cmocka_unit_test(everything_is_bounded_and_what_is_left_out_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
