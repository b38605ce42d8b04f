/* What a receive brings: fields, the raw slice, checks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "sqs_receive_parsed.h"

#define MD5_OF_X "\"9dd4e461268c8034f5c8564e155c67a6\""

static struct sqs_receive_parsed s_parsed;

static enum status parse(const char *text)
{
    struct error error = {0};
    enum status status = sqs_receive_parse(text, strlen(text), &s_parsed, &error);
    assert_int_equal(status, error.status);
    return status;
}

static int release(void **state)
{
    (void)state;
    sqs_receive_parsed_deinit(&s_parsed);
    s_parsed = (struct sqs_receive_parsed){0};
    return 0;
}

static void every_field_of_a_fifo_message_is_read(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\"Messages\": [ {\"MessageId\":\"m-1\",\"ReceiptHandle\":\"AQEB/x+y==\",\"Body\":\"{\\\"a\\\":1.00}\","
              "\"MD5OfBody\":\"71c83df1725f712a95f1197fa01cc0a4\",\"Attributes\":{\"SenderId\":\"x\","
              "\"MessageGroupId\":\"g\\u00e41\",\"SequenceNumber\":\"18849496460467696128\","
              "\"MessageDeduplicationId\":\"d1\",\"ApproximateReceiveCount\":\"3\",\"AWSTraceHeader\":\"Root=1\","
              "\"SentTimestamp\":\"1790000000123\"},"
              "\"MessageAttributes\":{\"Body\":{\"StringValue\":\"no\"}}} ]}"),
        STATUS_OK);
    assert_int_equal(s_parsed.result.count, 1);
    assert_int_equal(s_parsed.result.malformed_count, 0);
    const struct sqs_message *message = s_parsed.result.messages[0];
    assert_string_equal(message->message_id, "m-1");
    assert_string_equal(message->receipt_handle, "AQEB/x+y==");
    assert_string_equal(message->group_id, "g\xc3\xa4"
                                           "1");
    assert_string_equal(message->sequence_number, "18849496460467696128");
    assert_string_equal(message->deduplication_id, "d1");
    assert_string_equal(message->trace_header, "Root=1");
    assert_int_equal(message->attributes.length, strlen("{\"Body\":{\"StringValue\":\"no\"}}"));
    assert_memory_equal(message->attributes.data, "{\"Body\":{\"StringValue\":\"no\"}}", message->attributes.length);
    assert_int_equal(message->receive_count, 3);
    assert_int_equal(message->sent_timestamp_ms, 1790000000123);
    assert_false(message->is_damaged);
    size_t length = 0;
    char *body = sqs_message_body(message, &length);
    assert_string_equal(body, "{\"a\":1.00}");
    assert_int_equal(length, strlen(body));
    free(body);
}

static void the_message_passes_byte_for_byte(void **state)
{
    (void)state;
    const char *element =
        "{ \"Body\" : \"\\u00e9\\/\\ud83d\\ude00 1.00\\n\", \"MessageId\":\"m\" ,\"ReceiptHandle\":\"r\","
        "\"Attributes\":{\"Big\":123456789012345678901234567890.10},\"Body2\":[{\"x\":\"]}\\\"\"}] }";
    char *text = memory_format("{\"Messages\":[%s]}", element);
    assert_int_equal(parse(text), STATUS_OK);
    free(text);
    const struct sqs_message *message = s_parsed.result.messages[0];
    assert_int_equal(message->json_length, strlen(element));
    assert_string_equal(message->json, element);
    assert_null(message->attributes.data);
    assert_null(message->trace_header);
    assert_int_equal(message->body.length, strlen("\"\\u00e9\\/\\ud83d\\ude00 1.00\\n\""));
    assert_memory_equal(message->body.data, "\"\\u00e9\\/\\ud83d\\ude00 1.00\\n\"", message->body.length);
    assert_true(message->body.data > message->json && message->body.data < message->json + message->json_length);
    size_t length = 0;
    char *body = sqs_message_body(message, &length);
    assert_string_equal(body, "\xc3\xa9/\xf0\x9f\x98\x80 1.00\n");
    free(body);
}

static void all_shapes_of_an_empty_receive_are_accepted(void **state)
{
    (void)state;
    static const char *const s_shapes[] = {"{}", " { } ", "{\"Messages\":[]}", "{\"Messages\": [ ] }",
                                           "{\"Messages\":null}", "{\"ResponseMetadata\":{\"x\":1}}"};
    for (size_t i = 0; i < sizeof s_shapes / sizeof s_shapes[0]; i++) {
        assert_int_equal(parse(s_shapes[i]), STATUS_OK);
        assert_int_equal(s_parsed.result.count, 0);
    }
}

static void what_is_no_receive_is_malformed(void **state)
{
    (void)state;
    static const char *const s_texts[] = {"", "<html>", "[]", "null", "{\"Messages\":[", "{\"Messages\":{}}",
                                          "{\"Messages\":\"\"}", "{\"Messages\":[{\"MessageId\":\"m\"}]"};
    for (size_t i = 0; i < sizeof s_texts / sizeof s_texts[0]; i++) {
        assert_int_equal(parse(s_texts[i]), STATUS_MALFORMED);
        assert_int_equal(s_parsed.result.count, 0);
    }
}

static void a_damaged_body_marks_its_message_only(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\"Messages\":["
              "{\"MessageId\":\"1\",\"ReceiptHandle\":\"a\",\"Body\":\"x\",\"MD5OfBody\":" MD5_OF_X "},"
              "{\"MessageId\":\"2\",\"ReceiptHandle\":\"b\",\"Body\":\"y\",\"MD5OfBody\":" MD5_OF_X "},"
              "{\"MessageId\":\"3\",\"ReceiptHandle\":\"c\",\"Body\":\"\\u0078\","
              "\"MD5OfBody\":\"9DD4E461268C8034F5C8564E155C67A6\"},"
              "{\"MessageId\":\"4\",\"ReceiptHandle\":\"d\",\"Body\":\"\\u0079\",\"MD5OfBody\":" MD5_OF_X "},"
              "{\"MessageId\":\"5\",\"ReceiptHandle\":\"e\",\"Body\":\"x\",\"MD5OfBody\":\"9dd4\"},"
              "{\"MessageId\":\"6\",\"ReceiptHandle\":\"f\",\"Body\":\"x\"}]}"),
        STATUS_OK);
    static const bool s_expected[] = {false, true, false, true, true, false};
    assert_int_equal(s_parsed.result.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(s_parsed.result.messages[i]->is_damaged, s_expected[i]);
    }
}

static void elements_without_identity_are_counted_and_left_out(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"Messages\":[1,{},{\"MessageId\":\"m\"},{\"ReceiptHandle\":\"r\"},[],null,"
                           "{\"MessageId\":7,\"ReceiptHandle\":\"r\"},{\"MessageId\":\"\",\"ReceiptHandle\":\"r\"},"
                           "{\"MessageId\":\"a\\u0000b\",\"ReceiptHandle\":\"r\"},"
                           "{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\"}]}"),
                     STATUS_OK);
    assert_int_equal(s_parsed.result.malformed_count, 9);
    assert_int_equal(s_parsed.result.count, 1);
    const struct sqs_message *message = s_parsed.result.messages[0];
    assert_null(message->body.data);
    assert_null(message->group_id);
    assert_null(message->sequence_number);
    assert_int_equal(message->receive_count, 0);
    size_t length = 0;
    assert_null(sqs_message_body(message, &length));
}

static void more_messages_than_can_be_asked_for_are_malformed(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text, 4096);
    assert_true(buffer_append_string(&text, "{\"Messages\":["));
    for (int i = 0; i < SQS_BATCH_MAX + 1; i++) {
        assert_true(
            buffer_append_format(&text, "%s{\"MessageId\":\"%d\",\"ReceiptHandle\":\"r\"}", i == 0 ? "" : ",", i));
    }
    assert_true(buffer_append_string(&text, "]}"));
    assert_int_equal(parse(text.data), STATUS_MALFORMED);
    assert_int_equal(s_parsed.result.count, 0);
    buffer_deinit(&text);
}

static void escaped_names_and_repeated_members_are_read_as_json_means_them(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"Messages\":[],\"Mess\\u0061ges\":[{\"MessageId\":\"old\",\"Message\\u0049d\":\"new\","
                           "\"ReceiptHandle\":\"r\"}]}"),
                     STATUS_OK);
    assert_int_equal(s_parsed.result.count, 1);
    assert_string_equal(s_parsed.result.messages[0]->message_id, "new");
}

static void a_taken_message_outlives_the_result(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"Messages\":[{\"MessageId\":\"1\",\"ReceiptHandle\":\"a\",\"Body\":\"x\"},"
                           "{\"MessageId\":\"2\",\"ReceiptHandle\":\"b\"}]}"),
                     STATUS_OK);
    struct sqs_message *message = sqs_receive_result_take(&s_parsed.result, 0);
    assert_null(s_parsed.result.messages[0]);
    assert_non_null(s_parsed.result.messages[1]);
    sqs_receive_parsed_deinit(&s_parsed);
    assert_string_equal(message->message_id, "1");
    assert_string_equal(message->json, "{\"MessageId\":\"1\",\"ReceiptHandle\":\"a\",\"Body\":\"x\"}");
    sqs_message_destroy(message);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_field_of_a_fifo_message_is_read),
        TEST(the_message_passes_byte_for_byte),
        TEST(all_shapes_of_an_empty_receive_are_accepted),
        TEST(what_is_no_receive_is_malformed),
        TEST(a_damaged_body_marks_its_message_only),
        TEST(elements_without_identity_are_counted_and_left_out),
        TEST(more_messages_than_can_be_asked_for_are_malformed),
        TEST(escaped_names_and_repeated_members_are_read_as_json_means_them),
        TEST(a_taken_message_outlives_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
