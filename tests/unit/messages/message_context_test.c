/* Tests of messages/message_context.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "messages/message_context.h"

#define FIRST "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define XRAY "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

static const char s_both[] = "{\"traceparent\":{\"DataType\":\"String\",\"StringValue\":\"" FIRST "\"},"
                             "\"tracestate\":{\"DataType\":\"String\",\"StringValue\":\"a=1\"}}";

static void assert_found(const struct sqs_message *message, enum settings_envelope envelope, const char *traceparent,
                         const char *tracestate)
{
    struct trace_context context;
    char text[TRACE_PARENT_SIZE];
    assert_true(message_context_find(message, envelope, &context));
    trace_context_format(&context, text);
    assert_string_equal(text, traceparent);
    assert_string_equal(context.state, tracestate);
}

static void attributes_stand_over_xrays_header(void **state)
{
    const struct sqs_message message = {
        .message_id = "m", .attributes = {s_both, sizeof s_both - 1}, .trace_header = XRAY};
    (void)state;
    assert_found(&message, SETTINGS_ENVELOPE_NONE, FIRST, "a=1");
}

static void xrays_header_is_taken_where_there_is_nothing_else(void **state)
{
    static const char bad[] = "{\"traceparent\":{\"StringValue\":\"00-1\"},\"tracestate\":{\"StringValue\":\"a=1\"}}";
    struct sqs_message message = {.message_id = "m", .trace_header = XRAY};
    (void)state;
    assert_found(&message, SETTINGS_ENVELOPE_NONE, "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01", "");
    message.attributes = (struct json_slice){bad, sizeof bad - 1};
    assert_found(&message, SETTINGS_ENVELOPE_NONE, "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01", "");
}

static void without_either_there_is_none(void **state)
{
    static const char binary[] = "{\"traceparent\":{\"DataType\":\"Binary\",\"BinaryValue\":\"MDA=\"}}";
    struct sqs_message message = {.message_id = "m", .trace_header = "Root=1"};
    struct trace_context context;
    (void)state;
    assert_false(message_context_find(&message, SETTINGS_ENVELOPE_NONE, &context));
    message.attributes = (struct json_slice){binary, sizeof binary - 1};
    assert_false(message_context_find(&message, SETTINGS_ENVELOPE_NONE, &context));
}

static void in_an_envelope_the_senders_attributes_are_inside(void **state)
{
    static const char json[] =
        "{\"MessageId\":\"m\",\"Body\":\"{\\\"Type\\\":\\\"Notification\\\","
        "\\\"TopicArn\\\":\\\"arn\\\","
        "\\\"Message\\\":\\\"hello\\\","
        "\\\"MessageAttributes\\\":{\\\"traceparent\\\":{\\\"Type\\\":\\\"String\\\",\\\"Value\\\":\\\"" FIRST
        "\\\"}}}\"}";
    struct json_slice body = json_scan_member(json, sizeof json - 1, "Body");
    const struct sqs_message message = {
        .message_id = "m", .json = json, .json_length = sizeof json - 1, .body = body};
    struct trace_context context;
    (void)state;
    assert_found(&message, SETTINGS_ENVELOPE_SNS, FIRST, "");
    assert_false(message_context_find(&message, SETTINGS_ENVELOPE_NONE, &context));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_stand_over_xrays_header),
        cmocka_unit_test(xrays_header_is_taken_where_there_is_nothing_else),
        cmocka_unit_test(without_either_there_is_none),
        cmocka_unit_test(in_an_envelope_the_senders_attributes_are_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
