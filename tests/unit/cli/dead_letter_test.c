/* What a dead letter says, and what its replay carries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dead_letter.h"

static struct sqs_message message_with(const char *attributes, char **out_json)
{
    size_t length = 0;
    FILE *out = open_memstream(out_json, &length);
    assert_non_null(out);
    (void)fprintf(out, "{\"MessageId\":\"d1\",\"ReceiptHandle\":\"h\",\"Body\":\"b\"%s%s}",
                  attributes[0] != '\0' ? ",\"MessageAttributes\":" : "", attributes);
    assert_int_equal(fclose(out), 0);
    return (struct sqs_message){.message_id = "d1", .json = *out_json, .json_length = length};
}

static void assert_said(const char *attributes, const char *message_id, const char *run_id)
{
    char *json = NULL;
    struct sqs_message message = message_with(attributes, &json);
    struct dead_letter letter = {0};
    struct error error = {0};
    assert_int_equal(dead_letter_read(&message, &letter, &error), STATUS_OK);
    assert_string_equal(letter.message_id, message_id);
    if (run_id == NULL) {
        assert_null(letter.run_id);
    } else {
        assert_string_equal(letter.run_id, run_id);
    }
    dead_letter_deinit(&letter);
    free(json);
}

static void the_identity_is_the_originals(void **state)
{
    (void)state;
    assert_said("{\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":"
                "\"{\\\"messageId\\\":\\\"m1\\\",\\\"runId\\\":\\\"r1\\\"}\"}}",
                "m1", "r1");
}

static void a_letter_that_lost_its_attribute_is_the_message_that_was_replayed(void **state)
{
    (void)state;
    assert_said("{\"FerryReplay\":{\"DataType\":\"String\",\"StringValue\":\"{\\\"messageId\\\":\\\"m0\\\"}\"}}", "m0",
                NULL);
}

static void a_letter_that_sqs_moved_is_itself(void **state)
{
    (void)state;
    assert_said("", "d1", NULL);
    assert_said("{\"colour\":{\"DataType\":\"String\",\"StringValue\":\"red\"}}", "d1", NULL);
}

static void an_attribute_that_nobody_of_us_wrote_is_refused(void **state)
{
    (void)state;
    static const char *const attributes[] = {
        "{\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"no JSON\"}}",
        "{\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":\"{\\\"messageId\\\":7}\"}}",
    };
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        char *json = NULL;
        struct sqs_message message = message_with(attributes[i], &json);
        struct dead_letter letter = {0};
        struct error error = {0};
        assert_int_equal(dead_letter_read(&message, &letter, &error), STATUS_MALFORMED);
        assert_string_equal(error.text,
                            "the attribute FerryDeadLetter of message d1 is no JSON object with a messageId");
        free(json);
    }
}

static void a_replay_carries_its_own_attributes_and_the_run_that_failed(void **state)
{
    (void)state;
    char *json = NULL;
    struct dead_letter letter = {0};
    struct error error = {0};
    struct sqs_message message =
        message_with("{\"colour\":{\"DataType\":\"String\",\"StringValue\":\"red\"},"
                     "\"FerryReplay\":{\"DataType\":\"String\",\"StringValue\":\"{\\\"messageId\\\":\\\"old\\\"}\"},"
                     "\"FerryDeadLetter\":{\"DataType\":\"String\",\"StringValue\":"
                     "\"{\\\"messageId\\\":\\\"m1\\\",\\\"runId\\\":\\\"r1\\\",\\\"workflowId\\\":\\\"w-m1\\\","
                     "\\\"route\\\":\\\"w\\\",\\\"queue\\\":\\\"q\\\",\\\"reason\\\":\\\"failed\\\"}\"}}",
                     &json);
    assert_int_equal(dead_letter_read(&message, &letter, &error), STATUS_OK);
    char *text = dead_letter_replay_attributes(&message, &letter);
    json_t *attributes = json_loads(text, 0, NULL);
    assert_int_equal(json_object_size(attributes), 2);
    const char *colour = json_string_value(json_object_get(json_object_get(attributes, "colour"), "StringValue"));
    const char *replay = json_string_value(json_object_get(json_object_get(attributes, "FerryReplay"), "StringValue"));
    assert_string_equal(colour, "red");
    assert_string_equal(replay, "{\"messageId\":\"m1\",\"workflowId\":\"w-m1\",\"runId\":\"r1\",\"route\":\"w\","
                                "\"queue\":\"q\"}");
    json_decref(attributes);
    free(text);
    dead_letter_deinit(&letter);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_is_the_originals),
        cmocka_unit_test(a_letter_that_lost_its_attribute_is_the_message_that_was_replayed),
        cmocka_unit_test(a_letter_that_sqs_moved_is_itself),
        cmocka_unit_test(an_attribute_that_nobody_of_us_wrote_is_refused),
        cmocka_unit_test(a_replay_carries_its_own_attributes_and_the_run_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
