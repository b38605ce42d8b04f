/* Tests of message_trace.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message_trace.h"

#define SENDER "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define TAKEN_MAX 8

static struct trace_span *s_taken[TAKEN_MAX];
static size_t s_count;

static void take(void *user, struct trace_span *take_span)
{
    (void)user;
    assert_true(s_count < TAKEN_MAX);
    s_taken[s_count++] = take_span;
}

static int forget(void **state)
{
    (void)state;
    while (s_count > 0) {
        trace_span_destroy(s_taken[--s_count]);
    }
    return 0;
}

static void keep(struct sqs_message *delivery)
{
    (void)delivery;
}

static const char *attribute(const struct trace_span *span, const char *key)
{
    for (size_t i = 0; i < span->attribute_count; i++) {
        if (strcmp(span->attributes[i].key, key) == 0) {
            return span->attributes[i].text;
        }
    }
    return NULL;
}

static const struct tracer s_tracer = {.sampler = {.root = TRACE_SAMPLER_ALWAYS_ON, .is_parent_based = true},
                                       .take = take};
static const char s_attributes[] = "{\"traceparent\":{\"DataType\":\"String\",\"StringValue\":\"" SENDER "\"}}";

static struct message *new_message(struct sqs_message *delivery, const struct tracer *tracer)
{
    char url[] = "https://host/1/orders";
    const struct settings_queue queue = {.url = url};
    *delivery = (struct sqs_message){
        .message_id = "m-1", .group_id = "g", .attributes = {s_attributes, sizeof s_attributes - 1}};
    struct message *message = message_new(delivery, keep);
    message_trace_begin(message, tracer, &queue, "orders");
    return message;
}

static void a_settled_message_is_a_span_below_its_senders(void **state)
{
    struct sqs_message delivery;
    struct message *message = new_message(&delivery, &s_tracer);
    (void)state;
    assert_string_equal(message_trace_id(message), "0af7651916cd43dd8448eb211c80319c");
    assert_int_equal(strlen(message_trace_span_id(message)), 16);
    message_trace_event(message, "workflow started", "ferry.workflow.run_id", "r");
    message_trace_settle(message, "orders");
    message_trace_step_end(message, 0);
    message_trace_end(message, "deleted");
    message_trace_end(message, "never");
    assert_int_equal(s_count, 2);
    const struct trace_span *settle = s_taken[0];
    const struct trace_span *process = s_taken[1];
    assert_string_equal(process->name, "process orders");
    assert_string_equal(settle->name, "settle orders");
    assert_memory_equal(settle->parent_id, process->context.span_id, TRACE_SPAN_ID_BYTES);
    assert_int_equal(process->parent_id[0], 0xb7);
    assert_string_equal(attribute(process, "messaging.message.id"), "m-1");
    assert_string_equal(attribute(process, "aws.sqs.queue.url"), "https://host/1/orders");
    assert_string_equal(attribute(process, "ferry.outcome"), "deleted");
    assert_false(process->has_failed);
    assert_int_equal(process->event_count, 1);
    message_release(message);
}

static void each_request_is_a_span_whose_context_goes_along(void **state)
{
    struct sqs_message delivery;
    struct message *message = new_message(&delivery, &s_tracer);
    (void)state;
    assert_null(message_trace_step_context(message));
    message_trace_forward(message, "orders", "processOrder");
    assert_non_null(message_trace_step_context(message));
    struct trace_context sent = *message_trace_step_context(message);
    message_trace_step_fail(message, "retry", "the gateway is away");
    message_trace_step_end(message, 503);
    assert_null(message_trace_step_context(message));
    assert_int_equal(s_count, 1);
    assert_memory_equal(s_taken[0]->context.span_id, sent.span_id, sizeof sent.span_id);
    assert_true(s_taken[0]->has_failed);
    assert_string_equal(attribute(s_taken[0], "error.type"), "retry");
    assert_string_equal(attribute(s_taken[0], "ferry.route"), "orders");
    message_trace_step_end(message, 200); /* there is none */
    message_trace_dead_letter(message, "https://host/1/dead");
    message_trace_settle(message, "orders"); /* the other was given up */
    assert_string_equal(s_taken[1]->name, "send dead");
    message_release(message);
    assert_int_equal(s_count, 4);
    assert_string_equal(attribute(s_taken[3], "ferry.outcome"), "given_up");
}

static void one_that_leaves_unsettled_has_failed_unless_it_went_back_at_once(void **state)
{
    struct sqs_message delivery;
    struct message *message = new_message(&delivery, &s_tracer);
    (void)state;
    message->leave_reason = "rejected";
    message->leave_seconds = 10;
    message_set_setback(message, "rejected", "no template fits", NULL, NULL);
    message_trace_end_unsettled(message);
    assert_true(s_taken[0]->has_failed);
    assert_string_equal(attribute(s_taken[0], "error.type"), "rejected");
    assert_string_equal(s_taken[0]->failure, "no template fits");
    message_release(message);
    message = new_message(&delivery, &s_tracer);
    message->leave_reason = "behind_in_group";
    message->leave_seconds = 0;
    message_trace_end_unsettled(message);
    assert_false(s_taken[1]->has_failed);
    assert_string_equal(attribute(s_taken[1], "ferry.reason"), "behind_in_group");
    message_release(message);
}

static void with_tracing_off_there_is_nothing(void **state)
{
    struct sqs_message delivery;
    struct message *message = new_message(&delivery, NULL);
    (void)state;
    message_trace_forward(message, "orders", "processOrder");
    message_trace_event(message, "x", NULL, NULL);
    message_trace_settle(message, "orders");
    message_trace_dead_letter(message, "https://host/1/dead");
    message_trace_step_fail(message, "x", NULL);
    message_trace_step_end(message, 200);
    message_trace_end_unsettled(message);
    message_trace_end(message, "deleted");
    assert_null(message->trace);
    assert_null(message_trace_id(message));
    assert_null(message_trace_span_id(message));
    assert_null(message_trace_step_context(message));
    message_release(message);
    assert_int_equal(s_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_settled_message_is_a_span_below_its_senders, forget),
        cmocka_unit_test_teardown(each_request_is_a_span_whose_context_goes_along, forget),
        cmocka_unit_test_teardown(one_that_leaves_unsettled_has_failed_unless_it_went_back_at_once, forget),
        cmocka_unit_test_teardown(with_tracing_off_there_is_nothing, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
