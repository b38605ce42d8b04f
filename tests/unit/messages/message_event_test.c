/* A message as an event. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "messages/message_event.h"
#include "trace/context.h"

static enum status append(struct buffer *out, const struct sqs_message *message, const char *quoted_source,
                          bool is_first)
{
    const struct message_event event = {.message = message, .quoted_source = quoted_source};
    return message_event_append(out, &event, is_first, NULL);
}

static void a_message_becomes_a_cloud_event_and_its_bytes_pass_unchanged(void **state)
{
    (void)state;
    /* Big integers, 1.00 and a duplicate key: a JSON library would alter them. */
    static const char json[] =
        "{\"MessageId\":\"m-1\",\"Body\":\"{}\",\"n\":123456789012345678901234567890,\"x\":1.00,\"x\":2}";
    struct sqs_message delivery = {.message_id = "m-1",
                                   .json = json,
                                   .json_length = sizeof json - 1,
                                   .group_id = "g\"1",
                                   .sequence_number = "18870930070498304000",
                                   .sent_timestamp_ms = 1700000000123};
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(append(&out, &delivery, "\"http://q/1\"", true), STATUS_OK);
    assert_string_equal(out.data,
                        "{\"specversion\":\"1.0\",\"type\":\"com.amazonaws.sqs.message\",\"id\":\"m-1\","
                        "\"source\":\"http://q/1\",\"time\":\"2023-11-14T22:13:20.123Z\",\"partitionkey\":\"g\\\"1\","
                        "\"sequence\":\"18870930070498304000\",\"datacontenttype\":\"application/json\","
                        "\"data\":{\"MessageId\":\"m-1\",\"Body\":\"{}\",\"n\":123456789012345678901234567890,"
                        "\"x\":1.00,\"x\":2}}");
    buffer_deinit(&out);
}

static void an_attempt_is_asked_for_after_the_run_that_failed(void **state)
{
    (void)state;
    const struct sqs_message delivery = {.message_id = "m", .json = "{}", .json_length = 2};
    struct message_event event = {.message = &delivery, .quoted_source = "\"s\""};
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(message_event_append(&out, &event, true, NULL), STATUS_OK);
    assert_null(strstr(out.data, "ferry"));
    event.after = "run-1";
    buffer_clear(&out);
    assert_int_equal(message_event_append(&out, &event, true, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, ",\"ferryafter\":\"run-1\",\"data"));
    event.is_anew = true;
    buffer_clear(&out);
    assert_int_equal(message_event_append(&out, &event, true, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, ",\"ferryafter\":\"run-1\",\"ferryanew\":true,"));
    buffer_deinit(&out);
}

static void a_traceparent_attribute_becomes_the_events(void **state)
{
    (void)state;
    static const char good[] =
        "{\"traceparent\":{\"DataType\":\"String\","
        "\"StringValue\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"}}";
    static const char bad[] = "{\"traceparent\":{\"StringValue\":\"00-0AF7651916cd43dd8448eb211c80319c-\\\"-01\"}}";
    struct sqs_message delivery = {
        .message_id = "m", .json = "{}", .json_length = 2, .attributes = {good, sizeof good - 1}};
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(append(&out, &delivery, "\"s\"", true), STATUS_OK);
    assert_non_null(
        strstr(out.data, ",\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\","));
    delivery.attributes = (struct json_slice){bad, sizeof bad - 1};
    buffer_clear(&out);
    assert_int_equal(append(&out, &delivery, "\"s\"", true), STATUS_OK);
    assert_null(strstr(out.data, "traceparent"));
    buffer_deinit(&out);
}

static void a_context_of_ones_own_stands_over_the_senders(void **state)
{
    static const char attributes[] =
        "{\"traceparent\":{\"StringValue\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"}}";
    const struct sqs_message delivery = {
        .message_id = "m", .json = "{}", .json_length = 2, .attributes = {attributes, sizeof attributes - 1}};
    const struct trace_context context = {.trace_id = {1}, .span_id = {2}, .state = "a=\"1\""};
    const struct message_event event = {.message = &delivery, .quoted_source = "\"s\"", .context = &context};
    struct buffer out;
    (void)state;
    buffer_init(&out, 8192);
    assert_int_equal(message_event_append(&out, &event, true, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, ",\"traceparent\":\"00-01000000000000000000000000000000-0200000000000000-00\","
                                     "\"tracestate\":\"a=\\\"1\\\"\",\"datacontenttype\""));
    buffer_deinit(&out);
}

static void what_a_message_does_not_have_is_left_out_and_events_are_separated(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m", .json = "{}", .json_length = 2};
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(append(&out, &delivery, "\"s\"", true), STATUS_OK);
    assert_int_equal(append(&out, &delivery, "\"s\"", false), STATUS_OK);
    assert_null(strstr(out.data, "partitionkey"));
    assert_null(strstr(out.data, "sequence"));
    assert_null(strstr(out.data, "\"time\""));
    assert_non_null(strstr(out.data, "\"data\":{}},{\"specversion\""));
    buffer_deinit(&out);
}

static void a_message_that_cannot_be_written_changes_nothing(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m", .json = "{}", .json_length = 2, .group_id = "\xff"};
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(append(&out, &delivery, "\"s\"", true),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(out.length, 0);
    delivery.group_id = NULL;
    delivery.json_length = 5000;
    assert_int_equal(append(&out, &delivery, "\"s\"", true), STATUS_TOO_LARGE);
    assert_int_equal(out.length, 0);
    delivery.json_length = 2;
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_becomes_a_cloud_event_and_its_bytes_pass_unchanged),
        cmocka_unit_test(an_attempt_is_asked_for_after_the_run_that_failed),
        cmocka_unit_test(a_traceparent_attribute_becomes_the_events),
        cmocka_unit_test(a_context_of_ones_own_stands_over_the_senders),
        cmocka_unit_test(what_a_message_does_not_have_is_left_out_and_events_are_separated),
        cmocka_unit_test(a_message_that_cannot_be_written_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
