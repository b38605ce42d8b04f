/* Requests, as SQS expects them: golden texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sqs_request.h"

#define URL "http://127.0.0.1:4566/000000000000/hello.fifo"

static struct buffer s_out;

static int prepare(void **state)
{
    (void)state;
    buffer_init(&s_out, SQS_REQUEST_MAX);
    return 0;
}

static int release(void **state)
{
    (void)state;
    buffer_deinit(&s_out);
    return 0;
}

static void receive_asks_for_everything(void **state)
{
    (void)state;
    struct sqs_receive_request request = {
        .queue_url = URL, .max_messages = 10, .wait_seconds = 20, .visibility_seconds = 60, .attempt_id = "a\"1"};
    assert_true(sqs_request_receive(&s_out, &request));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20,"
                                    "\"VisibilityTimeout\":60,\"ReceiveRequestAttemptId\":\"a\\\"1\","
                                    "\"MessageSystemAttributeNames\":[\"All\"],\"AttributeNames\":[\"All\"],"
                                    "\"MessageAttributeNames\":[\"All\"]}");
    buffer_clear(&s_out);
    request.visibility_seconds = -1;
    request.attempt_id = NULL;
    assert_true(sqs_request_receive(&s_out, &request));
    assert_null(strstr(s_out.data, "VisibilityTimeout"));
    assert_null(strstr(s_out.data, "ReceiveRequestAttemptId"));
}

static void single_actions_name_queue_and_handle(void **state)
{
    (void)state;
    assert_true(sqs_request_delete(&s_out, URL, "r1"));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"ReceiptHandle\":\"r1\"}");
    buffer_clear(&s_out);
    assert_true(sqs_request_visibility(&s_out, URL, &(struct sqs_visibility_entry){"r1", 0}));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"ReceiptHandle\":\"r1\",\"VisibilityTimeout\":0}");
}

static void entries_of_a_batch_have_their_index_as_id(void **state)
{
    (void)state;
    const char *const handles[] = {"r0", "r1"};
    assert_true(sqs_request_delete_batch(&s_out, URL, handles, 2));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"Entries\":[{\"Id\":\"0\",\"ReceiptHandle\":\"r0\"},"
                                    "{\"Id\":\"1\",\"ReceiptHandle\":\"r1\"}]}");
    buffer_clear(&s_out);
    const struct sqs_visibility_entry entries[] = {{"r0", 30}, {"r1", 43200}};
    assert_true(sqs_request_visibility_batch(&s_out, URL, entries, 2));
    assert_string_equal(s_out.data,
                        "{\"QueueUrl\":\"" URL "\",\"Entries\":["
                        "{\"Id\":\"0\",\"ReceiptHandle\":\"r0\",\"VisibilityTimeout\":30},"
                        "{\"Id\":\"1\",\"ReceiptHandle\":\"r1\",\"VisibilityTimeout\":43200}]}");
}

static void send_carries_body_group_and_attributes(void **state)
{
    (void)state;
    const struct sqs_message_attribute attributes[] = {
        {"kind", "String", "a\nb", 3}, {"blob", "Binary.x", "\x00\xff", 2}, {"n", "Number", "1.50", 4}};
    const struct sqs_send_entry entry = {.body = "{\"a\":1.00}",
                                         .body_length = 10,
                                         .group_id = "g",
                                         .deduplication_id = "d",
                                         .delay_seconds = -1,
                                         .attributes = attributes,
                                         .attribute_count = 3};
    assert_true(sqs_request_send(&s_out, URL, &entry));
    assert_string_equal(s_out.data,
                        "{\"QueueUrl\":\"" URL "\",\"MessageBody\":\"{\\\"a\\\":1.00}\",\"MessageGroupId\":\"g\","
                        "\"MessageDeduplicationId\":\"d\",\"MessageAttributes\":{"
                        "\"kind\":{\"DataType\":\"String\",\"StringValue\":\"a\\nb\"},"
                        "\"blob\":{\"DataType\":\"Binary.x\",\"BinaryValue\":\"AP8=\"},"
                        "\"n\":{\"DataType\":\"Number\",\"StringValue\":\"1.50\"}}}");
    buffer_clear(&s_out);
    const struct sqs_send_entry entries[] = {{.body = "x", .body_length = 1, .delay_seconds = 5},
                                             {.body = "y", .body_length = 1, .delay_seconds = -1}};
    assert_true(sqs_request_send_batch(&s_out, URL, entries, 2));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"Entries\":["
                                    "{\"Id\":\"0\",\"MessageBody\":\"x\",\"DelaySeconds\":5},"
                                    "{\"Id\":\"1\",\"MessageBody\":\"y\"}]}");
    buffer_clear(&s_out);
    assert_true(sqs_request_send_batch(&s_out, URL, NULL, 0)); /* a probe */
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"Entries\":[]}");
}

static void a_received_message_is_sent_on_byte_for_byte(void **state)
{
    (void)state;
    static const char s_body[] = "\"\\u0041\\/ 1.00\"";
    static const char s_received[] = "{ \"kind\" : {\"StringValue\":\"old\",\"DataType\":\"String\"},"
                                     "\"\\u006b2\":{\"BinaryValue\":\"AP8=\",\"DataType\":\"Binary\"}}";
    const struct sqs_message_attribute attribute = {"kind", "String", "new", 3};
    struct sqs_send_entry entry = {.body_json = {s_body, sizeof s_body - 1},
                                   .trace_header = "Root=1-\"x\"",
                                   .delay_seconds = -1,
                                   .attributes = &attribute,
                                   .attribute_count = 1,
                                   .attributes_json = {s_received, sizeof s_received - 1}};
    assert_true(sqs_request_send(&s_out, URL, &entry));
    assert_string_equal(s_out.data,
                        "{\"QueueUrl\":\"" URL "\",\"MessageBody\":\"\\u0041\\/ 1.00\","
                        "\"MessageSystemAttributes\":{\"AWSTraceHeader\":{\"DataType\":\"String\","
                        "\"StringValue\":\"Root=1-\\\"x\\\"\"}},\"MessageAttributes\":{"
                        "\"\\u006b2\":{\"BinaryValue\":\"AP8=\",\"DataType\":\"Binary\"},"
                        "\"kind\":{\"DataType\":\"String\",\"StringValue\":\"new\"}}}");
    buffer_clear(&s_out);
    entry.trace_header = NULL;
    entry.attribute_count = 0;
    entry.attributes_json = (struct json_slice){"{}", 2};
    assert_true(sqs_request_send(&s_out, URL, &entry));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"MessageBody\":\"\\u0041\\/ 1.00\"}");
}

static void queues_are_made_with_attributes(void **state)
{
    (void)state;
    const struct sqs_queue_attribute attributes[] = {{"FifoQueue", "true"}, {"VisibilityTimeout", "30"}};
    assert_true(sqs_request_create(&s_out, "q.fifo", attributes, 2));
    assert_string_equal(s_out.data, "{\"QueueName\":\"q.fifo\",\"Attributes\":{\"FifoQueue\":\"true\","
                                    "\"VisibilityTimeout\":\"30\"}}");
    buffer_clear(&s_out);
    assert_true(sqs_request_create(&s_out, "q", NULL, 0));
    assert_string_equal(s_out.data, "{\"QueueName\":\"q\"}");
    buffer_clear(&s_out);
    assert_true(sqs_request_queue_url(&s_out, "q"));
    assert_string_equal(s_out.data, "{\"QueueName\":\"q\"}");
    buffer_clear(&s_out);
    assert_true(sqs_request_attributes(&s_out, URL));
    assert_string_equal(s_out.data, "{\"QueueUrl\":\"" URL "\",\"AttributeNames\":[\"All\"]}");
}

static void what_is_not_utf8_or_too_long_is_refused(void **state)
{
    (void)state;
    const struct sqs_send_entry entry = {.body = "\xff", .body_length = 1, .delay_seconds = -1};
    assert_false(sqs_request_send(&s_out, URL, &entry));
    struct buffer small;
    buffer_init(&small, 20);
    assert_false(sqs_request_delete(&small, URL, "r1"));
    buffer_deinit(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(receive_asks_for_everything),
        TEST(single_actions_name_queue_and_handle),
        TEST(entries_of_a_batch_have_their_index_as_id),
        TEST(send_carries_body_group_and_attributes),
        TEST(a_received_message_is_sent_on_byte_for_byte),
        TEST(queues_are_made_with_attributes),
        TEST(what_is_not_utf8_or_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
