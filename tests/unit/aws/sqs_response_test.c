/* Answers of the other actions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sqs_response.h"

static struct sqs_batch_parsed s_batch;

static int release(void **state)
{
    (void)state;
    sqs_batch_parsed_deinit(&s_batch);
    return 0;
}

static enum status parse_batch(const char *text, size_t count)
{
    return sqs_batch_parse(text, strlen(text), count, &s_batch, NULL);
}

static void a_mixed_batch_is_given_entry_by_entry(void **state)
{
    (void)state;
    assert_int_equal(
        parse_batch("{\"Successful\":[{\"Id\":\"2\"},{\"Id\":\"0\",\"MessageId\":\"m0\",\"SequenceNumber\":\"99\"}],"
                    "\"Failed\":[{\"Id\":\"1\",\"SenderFault\":true,\"Code\":\"ReceiptHandleIsInvalid\","
                    "\"Message\":\"The input receipt handle AQEBsecret is invalid\"},"
                    "{\"Id\":\"3\",\"SenderFault\":false,\"Code\":\"Odd\",\"Message\":\"m\"},"
                    "{\"Id\":\"4\",\"SenderFault\":true,\"Code\":\"InvalidParameterValue\",\"Message\":\"too long\"}]}",
                    5),
        STATUS_OK);
    assert_int_equal(s_batch.result.count, 5);
    const struct sqs_entry_result *entries = s_batch.result.entries;
    assert_true(entries[0].is_ok);
    assert_string_equal(entries[0].message_id, "m0");
    assert_string_equal(entries[0].sequence_number, "99");
    assert_true(entries[2].is_ok);
    assert_string_equal(entries[2].message_id, "");
    assert_false(entries[1].is_ok);
    assert_int_equal(entries[1].class, SQS_ERROR_HANDLE);
    assert_string_equal(entries[1].code, "ReceiptHandleIsInvalid");
    assert_null(strstr(entries[1].text, "AQEB"));
    assert_int_equal(entries[3].class, SQS_ERROR_TRANSIENT);
    assert_int_equal(entries[4].class, SQS_ERROR_FINAL);
    assert_string_equal(entries[4].text, "too long");
}

static void an_entry_that_is_not_named_has_failed(void **state)
{
    (void)state;
    assert_int_equal(parse_batch("{\"Successful\":[{\"Id\":\"0\"}]}", 2), STATUS_OK);
    assert_true(s_batch.result.entries[0].is_ok);
    assert_false(s_batch.result.entries[1].is_ok);
    assert_int_equal(s_batch.result.entries[1].class, SQS_ERROR_TRANSIENT);
    assert_string_equal(s_batch.result.entries[1].code, "");
}

static void ids_that_were_not_ours_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(parse_batch("{\"Successful\":[{\"Id\":\"7\"},{\"Id\":\"x\"},{\"Id\":1},{},3,{\"Id\":\"00\"}],"
                                 "\"Failed\":[{\"Id\":\"9\"},null]}",
                                 2),
                     STATUS_OK);
    assert_false(s_batch.result.entries[0].is_ok);
    assert_false(s_batch.result.entries[1].is_ok);
}

static void an_id_in_both_lists_has_failed(void **state)
{
    (void)state;
    assert_int_equal(parse_batch("{\"Failed\":[{\"Id\":\"0\",\"Code\":\"InternalError\"}],"
                                 "\"Successful\":[{\"Id\":\"0\"},{\"Id\":\"0\"}]}",
                                 1),
                     STATUS_OK);
    assert_false(s_batch.result.entries[0].is_ok);
    assert_int_equal(s_batch.result.entries[0].class, SQS_ERROR_TRANSIENT);
}

static void a_batch_answer_must_be_an_object(void **state)
{
    (void)state;
    assert_int_equal(parse_batch("[]", 1), STATUS_MALFORMED);
    assert_int_equal(parse_batch("", 1), STATUS_MALFORMED);
    assert_int_equal(parse_batch("{\"Successful\":[", 1), STATUS_MALFORMED);
    assert_int_equal(parse_batch("{\"Successful\":null,\"Failed\":7}", 1), STATUS_OK);
    assert_false(s_batch.result.entries[0].is_ok);
}

static void send_answers_identity(void **state)
{
    (void)state;
    const char *text = "{\"MD5OfMessageBody\":\"x\",\"MessageId\":\"m\",\"SequenceNumber\":\"1\"}";
    assert_int_equal(sqs_send_parse(text, strlen(text), &s_batch, NULL), STATUS_OK);
    assert_true(s_batch.entries[0].is_ok);
    assert_string_equal(s_batch.entries[0].message_id, "m");
    assert_string_equal(s_batch.entries[0].sequence_number, "1");
    sqs_batch_parsed_deinit(&s_batch);
    assert_int_equal(sqs_send_parse("{}", 2, &s_batch, NULL), STATUS_MALFORMED);
}

static void attributes_are_looked_up_by_name(void **state)
{
    (void)state;
    struct sqs_attributes_parsed parsed = {0};
    const char *text = "{\"Attributes\":{\"QueueArn\":\"arn:x\",\"Odd\":7,\"Policy\":\"{\\\"a\\\":1}\"}}";
    assert_int_equal(sqs_attributes_parse(text, strlen(text), &parsed, NULL), STATUS_OK);
    assert_int_equal(parsed.result.count, 2);
    assert_string_equal(sqs_attributes_get(&parsed.result, "QueueArn"), "arn:x");
    assert_string_equal(sqs_attributes_get(&parsed.result, "Policy"), "{\"a\":1}");
    assert_null(sqs_attributes_get(&parsed.result, "Odd"));
    sqs_attributes_parsed_deinit(&parsed);
    assert_int_equal(sqs_attributes_parse("{}", 2, &parsed, NULL), STATUS_OK);
    assert_int_equal(parsed.result.count, 0);
    assert_int_equal(sqs_attributes_parse("x", 1, &parsed, NULL), STATUS_MALFORMED);
}

static void a_queue_url_is_needed(void **state)
{
    (void)state;
    char *url = NULL;
    const char *text = "{\"QueueUrl\":\"http:\\/\\/h\\/q\"}";
    assert_int_equal(sqs_queue_url_parse(text, strlen(text), &url, NULL), STATUS_OK);
    assert_string_equal(url, "http://h/q");
    free(url);
    assert_int_equal(sqs_queue_url_parse("{}", 2, &url, NULL), STATUS_MALFORMED);
}

static void nothing_is_empty_or_an_object(void **state)
{
    (void)state;
    assert_int_equal(sqs_nothing_parse("", 0, NULL), STATUS_OK);
    assert_int_equal(sqs_nothing_parse("{}", 2, NULL), STATUS_OK);
    assert_int_equal(sqs_nothing_parse("<html>", 6, NULL), STATUS_MALFORMED);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mixed_batch_is_given_entry_by_entry),
        TEST(an_entry_that_is_not_named_has_failed),
        TEST(ids_that_were_not_ours_are_passed_over),
        TEST(an_id_in_both_lists_has_failed),
        TEST(a_batch_answer_must_be_an_object),
        TEST(send_answers_identity),
        TEST(attributes_are_looked_up_by_name),
        TEST(a_queue_url_is_needed),
        TEST(nothing_is_empty_or_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
