/* The events request and its answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "events.h"

static void keep(struct sqs_message *delivery)
{
    (void)delivery; /* the test's own storage */
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
    struct message *message = message_new(&delivery, keep);
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"http://q/1\"", true, NULL), STATUS_OK);
    assert_string_equal(out.data,
                        "{\"specversion\":\"1.0\",\"type\":\"com.amazonaws.sqs.message\",\"id\":\"m-1\","
                        "\"source\":\"http://q/1\",\"time\":\"2023-11-14T22:13:20.123Z\",\"partitionkey\":\"g\\\"1\","
                        "\"sequence\":\"18870930070498304000\",\"datacontenttype\":\"application/json\","
                        "\"data\":{\"MessageId\":\"m-1\",\"Body\":\"{}\",\"n\":123456789012345678901234567890,"
                        "\"x\":1.00,\"x\":2}}");
    buffer_deinit(&out);
    message_release(message);
}

static void an_attempt_is_asked_for_after_the_run_that_failed(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m", .json = "{}", .json_length = 2};
    struct message *message = message_new(&delivery, keep);
    struct buffer out;
    buffer_init(&out, 4096);
    message->run_id = memory_copy_string("run-1");
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_OK);
    assert_null(strstr(out.data, "ferry"));
    message->asks_attempt = true;
    buffer_clear(&out);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, ",\"ferryafter\":\"run-1\",\"data"));
    message->asks_anew = true;
    buffer_clear(&out);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, ",\"ferryafter\":\"run-1\",\"ferryanew\":true,"));
    buffer_deinit(&out);
    message_release(message);
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
    struct message *message = message_new(&delivery, keep);
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_OK);
    assert_non_null(
        strstr(out.data, ",\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\","));
    delivery.attributes = (struct json_slice){bad, sizeof bad - 1};
    buffer_clear(&out);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_OK);
    assert_null(strstr(out.data, "traceparent"));
    buffer_deinit(&out);
    message_release(message);
}

static void what_a_message_does_not_have_is_left_out_and_events_are_separated(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m", .json = "{}", .json_length = 2};
    struct message *message = message_new(&delivery, keep);
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_OK);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", false, NULL), STATUS_OK);
    assert_null(strstr(out.data, "partitionkey"));
    assert_null(strstr(out.data, "sequence"));
    assert_null(strstr(out.data, "\"time\""));
    assert_non_null(strstr(out.data, "\"data\":{}},{\"specversion\""));
    buffer_deinit(&out);
    message_release(message);
}

static void a_message_that_cannot_be_written_changes_nothing(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m", .json = "{}", .json_length = 2, .group_id = "\xff"};
    struct message *message = message_new(&delivery, keep);
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(out.length, 0);
    delivery.group_id = NULL;
    delivery.json_length = 5000;
    assert_int_equal(events_append(&out, message, SETTINGS_ENVELOPE_NONE, "\"s\"", true, NULL), STATUS_TOO_LARGE);
    assert_int_equal(out.length, 0);
    delivery.json_length = 2;
    buffer_deinit(&out);
    message_release(message);
}

static enum status parse(const char *text, size_t count, struct event_results *out)
{
    return event_results_parse(text, strlen(text), count, out, NULL);
}

static void results_are_read_in_order(void **state)
{
    (void)state;
    struct event_results results = {0};
    assert_int_equal(
        parse("{\"results\":[{\"outcome\":\"started\",\"workflowId\":\"w\",\"runId\":\"r\",\"attempt\":1},"
              "{\"outcome\":\"closed\",\"workflowId\":\"w2\",\"runId\":\"r3\",\"firstRunId\":\"r2\","
              "\"status\":\"Failed\",\"failureType\":\"T\"},{\"outcome\":\"retry\",\"retryAfterMs\":1500,"
              "\"reason\":\"busy\"},"
              "{\"outcome\":\"rejected\",\"reason\":\"no\"}]}",
              4, &results),
        STATUS_OK);
    assert_int_equal(results.entries[0].outcome, EVENT_STARTED);
    assert_string_equal(results.entries[0].first_run_id, "r"); /* not said: the run itself */
    assert_int_equal(results.entries[1].status, RUN_FAILED);
    assert_string_equal(results.entries[1].first_run_id, "r2");
    assert_int_equal(results.entries[2].retry_after_ms, 1500);
    assert_string_equal(results.entries[3].reason, "no");
    event_results_deinit(&results);
}

static void answers_that_are_not_one_entry_for_each_event_are_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "<html>", "[]", "{}", "{\"results\":{}}", "{\"results\":[]}", "{\"results\":[{}]}",
        "{\"results\":[{\"outcome\":7}]}", "{\"results\":[{\"outcome\":\"started\"}]}",
        "{\"results\":[{\"outcome\":\"closed\",\"workflowId\":\"w\"}]}",
        "{\"results\":[{\"outcome\":\"retry\"},{\"outcome\":\"retry\"}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct event_results results = {0};
        assert_int_equal(parse(bad[i], 1, &results), STATUS_MALFORMED);
        assert_null(results.texts.memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_becomes_a_cloud_event_and_its_bytes_pass_unchanged),
        cmocka_unit_test(an_attempt_is_asked_for_after_the_run_that_failed),
        cmocka_unit_test(a_traceparent_attribute_becomes_the_events),
        cmocka_unit_test(what_a_message_does_not_have_is_left_out_and_events_are_separated),
        cmocka_unit_test(a_message_that_cannot_be_written_changes_nothing),
        cmocka_unit_test(results_are_read_in_order),
        cmocka_unit_test(answers_that_are_not_one_entry_for_each_event_are_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
