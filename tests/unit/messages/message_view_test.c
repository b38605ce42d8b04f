/* What templates see of a message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "messages/message_view.h"

static char s_id[] = "m";

#define MESSAGE(body) "{\"MessageId\":\"m\",\"Body\":\"" body "\",\"Attributes\":{\"MessageGroupId\":\"g\"}," \
                      "\"MessageAttributes\":{\"a.b\":{\"StringValue\":\"dotted\"},\"n\":{\"BinaryValue\":\"AA==\"}}}"

/* expected NULL: refused, with that text in the error. */
static void assert_filled(const char *data, const char *text, const char *expected, const char *refusal)
{
    struct event event = {.data = {.data = data, .length = strlen(data)}, .message_id = s_id};
    struct message_view view;
    struct buffer out;
    struct error error = {0};
    message_view_init(&view, &event);
    buffer_init(&out, 4096);
    enum status status = message_view_fill(&view, text, "id", &out, &error);
    if (expected != NULL) {
        assert_int_equal(status, STATUS_OK);
        assert_string_equal(out.data, expected);
    } else {
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, refusal));
    }
    buffer_deinit(&out);
    message_view_deinit(&view);
}

static void assert_json(const char *data, const char *text, const char *expected)
{
    struct event event = {.data = {.data = data, .length = strlen(data)}, .message_id = s_id};
    struct message_view view;
    char *json = NULL;
    message_view_init(&view, &event);
    assert_int_equal(message_view_fill_json(&view, text, "memo", &json, NULL), STATUS_OK);
    assert_string_equal(json, expected);
    free(json);
    message_view_deinit(&view);
}

static void fields_are_put_between_texts(void **state)
{
    (void)state;
    assert_filled(MESSAGE("{}"), "x-{MessageGroupId}/{MessageId}.", "x-g/m.", NULL);
    assert_filled(MESSAGE("{}"), "{attributes.a.b}", "dotted", NULL);
}

static void an_event_s_attributes_are_fields(void **state)
{
    (void)state;
    static const char json[] = "{\"type\":\"t\\u00e4\",\"count\":7,\"none\":null,\"data\":{}}";
    const struct event event = {.json = {json, sizeof json - 1}, .content = EVENT_CONTENT_NONE, .message_id = s_id};
    struct message_view view;
    struct buffer out;
    struct error error = {0};
    message_view_init(&view, &event);
    buffer_init(&out, 100);
    assert_int_equal(message_view_fill(&view, "{event.type}-{event.count}", "id", &out, NULL), STATUS_OK);
    assert_string_equal(out.data, "t\xc3\xa4-7");
    assert_int_equal(message_view_fill(&view, "{event.none}", "id", &out, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "the event has no attribute none, which the route's id needs");
    buffer_deinit(&out);
    message_view_deinit(&view);
}

static void other_data_that_is_json_is_a_body(void **state)
{
    (void)state;
    static const char text[] = "\"{\\\"a\\\": 1.0}\"";
    const struct event as_text = {.data = {text, sizeof text - 1}, .content = EVENT_CONTENT_TEXT, .message_id = s_id};
    const struct event as_bytes = {
        .bytes = "{\"a\": 1.0}", .bytes_length = 10, .content = EVENT_CONTENT_BYTES, .message_id = s_id};
    const struct event *const events[] = {&as_text, &as_bytes};
    for (size_t i = 0; i < 2; i++) {
        struct message_view view;
        struct json_slice json = {0};
        message_view_init(&view, events[i]);
        assert_int_equal(message_view_json(&view, "input", &json, NULL), STATUS_OK);
        assert_int_equal(json.length, 10);
        assert_memory_equal(json.data, "{\"a\": 1.0}", 10);
        assert_int_equal(message_view_body_length(&view), 10);
        message_view_deinit(&view);
    }
}

static void numbers_in_the_body_keep_their_digits(void **state)
{
    (void)state;
    assert_filled(MESSAGE("{\\\"a\\\":{\\\"b\\\":12345678901234567890.10}}"), "{body.a.b}", "12345678901234567890.10",
                  NULL);
    assert_filled(MESSAGE("{\\\"a\\\":true}"), "{body.a}", "true", NULL);
    assert_filled(MESSAGE("{\\\"a\\\":\\\"t\\\\u00e9\\\"}"), "{body.a}", "t\xc3\xa9", NULL);
    assert_filled("{\"a\":1.0}", "{body.a}", "1.0", NULL); /* no SQS message is its own body */
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_filled(MESSAGE("{}"), "{SequenceNumber}", NULL,
                  "has no attribute SequenceNumber, which the route's id needs");
    assert_filled(MESSAGE("{}"), "{attributes.n}", NULL, "has no message attribute n with a text");
    assert_filled(MESSAGE("{}"), "{body.a}", NULL, "no text, number or boolean at a");
    assert_filled(MESSAGE("{\\\"a\\\":null}"), "{body.a}", NULL, "no text, number or boolean at a");
    assert_filled(MESSAGE("{\\\"a\\\":{}}"), "{body.a}", NULL, "no text, number or boolean at a");
    assert_filled(MESSAGE("{\\\"a\\\":[1]}"), "{body.a}", NULL, "no text, number or boolean at a");
    assert_filled(MESSAGE("{\\\"a\\\":\\\"\\\"}"), "{body.a}", NULL, "no text, number or boolean at a");
    assert_filled(MESSAGE("hello"), "{body.a}", NULL, "no text, number or boolean at a");
    assert_filled("{\"MessageId\":\"m\"}", "{body.a}", NULL, "no text, number or boolean at a");
}

static void one_value_of_the_body_keeps_its_type(void **state)
{
    (void)state;
    assert_json(MESSAGE("{\\\"a\\\":1.50}"), "{body.a}", "1.50");
    assert_json(MESSAGE("{\\\"a\\\":false}"), "{body.a}", "false");
    assert_json(MESSAGE("{\\\"a\\\":\\\"1.50\\\"}"), "{body.a}", "\"1.50\"");
    assert_json(MESSAGE("{\\\"a\\\":1.50}"), "{body.a} EUR", "\"1.50 EUR\"");
    assert_json(MESSAGE("{}"), "{MessageId}", "\"m\"");
}

static void the_body_has_the_length_it_was_sent_with(void **state)
{
    (void)state;
    static const char data[] = MESSAGE("\\\"\\u00e9\\\"");
    struct event event = {.data = {.data = data, .length = sizeof data - 1}, .message_id = s_id};
    struct message_view view;
    message_view_init(&view, &event);
    assert_int_equal(message_view_body_length(&view), 4);
    message_view_deinit(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_put_between_texts),
        cmocka_unit_test(an_event_s_attributes_are_fields),
        cmocka_unit_test(other_data_that_is_json_is_a_body),
        cmocka_unit_test(numbers_in_the_body_keep_their_digits),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(one_value_of_the_body_keeps_its_type),
        cmocka_unit_test(the_body_has_the_length_it_was_sent_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
