/* What a dead letter says of its message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "dead_letter.h"

static void keep(struct sqs_message *delivery)
{
    (void)delivery; /* the test's own storage */
}

static struct json_slice slice(const char *text)
{
    return (struct json_slice){text, strlen(text)};
}

static void everything_that_is_known_is_said(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m1", .receive_count = 2, .sent_timestamp_ms = 1700000000000};
    struct message *message = message_new(&delivery, keep);
    message->watch.workflow_id = memory_copy_string("orders-m1");
    message->watch.first_run_id = memory_copy_string("r0");
    message->run_id = memory_copy_string("r1");
    message->attempt = 3;
    message_set_setback(message, "failed", "attempt 3 of 3 has failed", "Declined", "no \"funds\"");
    char *text = dead_letter_describe(message, "http://q/1", "orders", 1700000060123);
    assert_string_equal(text, "{\"reason\":\"failed\",\"detail\":\"attempt 3 of 3 has failed\",\"messageId\":\"m1\","
                              "\"queue\":\"http://q/1\",\"route\":\"orders\",\"workflowId\":\"orders-m1\","
                              "\"runId\":\"r1\",\"firstRunId\":\"r0\",\"attempt\":3,\"failureType\":\"Declined\","
                              "\"failureMessage\":\"no \\\"funds\\\"\",\"receiveCount\":2,"
                              "\"sentTimestamp\":1700000000000,\"deadLetteredAt\":\"2023-11-14T22:14:20.123Z\"}");
    free(text);
    message_release(message);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m1"};
    struct message *message = message_new(&delivery, keep);
    message_set_setback(message, "unmatched", "", NULL, "");
    char *text = dead_letter_describe(message, "http://q/1", NULL, 0);
    assert_string_equal(text, "{\"reason\":\"unmatched\",\"messageId\":\"m1\",\"queue\":\"http://q/1\","
                              "\"deadLetteredAt\":\"1970-01-01T00:00:00.000Z\"}");
    free(text);
    message_release(message);
}

static void long_texts_are_cut_between_characters_and_only_ascii_goes_out(void **state)
{
    (void)state;
    struct sqs_message delivery = {.message_id = "m1"};
    struct message *message = message_new(&delivery, keep);
    char long_text[DEAD_LETTER_TEXT_MAX + 8];
    memset(long_text, 'a', sizeof long_text);
    memcpy(long_text + DEAD_LETTER_TEXT_MAX - 1, "\xc3\xa9\x01\x02\x03", 6); /* the cut would be inside the é */
    message_set_setback(message, "failed", NULL, NULL, long_text);
    char *text = dead_letter_describe(message, "q", NULL, 0);
    json_t *object = json_loads(text, 0, NULL);
    assert_int_equal(json_string_length(json_object_get(object, "failureMessage")), DEAD_LETTER_TEXT_MAX - 1);
    json_decref(object);
    free(text);
    message_set_setback(message, "failed", NULL, NULL, "\xc3\xa9\x01");
    text = dead_letter_describe(message, "q", NULL, 0);
    assert_non_null(strstr(text, "\"failureMessage\":\"\\u00E9\\u0001\""));
    free(text);
    message_release(message);
}

static void a_replay_is_called_by_the_originals_id(void **state)
{
    (void)state;
    static const char *const no_replays[] = {
        "{}", "{\"FerryReplay\":7}", "{\"FerryReplay\":{\"StringValue\":\"no JSON\"}}",
        "{\"FerryReplay\":{\"StringValue\":\"{\\\"messageId\\\":7}\"}}",
        "{\"FerryReplay\":{\"BinaryValue\":\"e30=\"}}",
    };
    struct sqs_message delivery = {
        .message_id = "m2",
        .attributes = slice("{\"FerryReplay\":{\"DataType\":\"String\","
                            "\"StringValue\":\"{\\\"messageId\\\":\\\"m1\\\"}\"}}")};
    char *id = dead_letter_original_id(&delivery);
    assert_string_equal(id, "m1");
    free(id);
    for (size_t i = 0; i < sizeof no_replays / sizeof no_replays[0]; i++) {
        delivery.attributes = slice(no_replays[i]);
        assert_null(dead_letter_original_id(&delivery));
    }
    delivery.attributes = (struct json_slice){0};
    assert_null(dead_letter_original_id(&delivery));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_known_is_said),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(long_texts_are_cut_between_characters_and_only_ascii_goes_out),
        cmocka_unit_test(a_replay_is_called_by_the_originals_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
