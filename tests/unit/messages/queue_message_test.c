/* Route and event → the message on a queue. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "messages/queue_message.h"

static char s_name[] = "in";
static char s_url[] = "https://sqs.eu-central-1.amazonaws.com/1/q.fifo";
static char s_group[] = "{body.customer}";
static char s_id[] = "{MessageId}";

static struct settings_route route_of(enum settings_input input)
{
    return (struct settings_route){.name = s_name, .target = SETTINGS_TARGET_SQS, .queue = s_url, .input = input,
                                   .delay_ms = -1};
}

static struct event event_of(const char *data, const char *json, char *message_id)
{
    return (struct event){.data = {data, strlen(data)},
                          .json = {json, json != NULL ? strlen(json) : 0},
                          .message_id = message_id};
}

static struct queue_message make(const struct settings_route *route, const struct event *event, const char *traceparent)
{
    struct queue_message message = {0};
    struct error error = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    if (queue_message_make(route, event, traceparent, &message, &class, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return message;
}

static void assert_refused(const struct settings_route *route, const struct event *event, enum entry_class expected,
                           const char *text)
{
    struct queue_message message = {0};
    struct error error = {0};
    enum entry_class class = ENTRY_CLASS_BAD_EVENT;
    assert_int_equal(queue_message_make(route, event, NULL, &message, &class, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(class, expected);
    assert_non_null(strstr(error.text, text));
    assert_null(message.body);
}

static void assert_attribute(const struct queue_message *message, size_t index, const char *name, const char *value)
{
    assert_true(index < message->attribute_count);
    assert_string_equal(message->attributes[index].name, name);
    assert_string_equal(message->attributes[index].type, "String");
    assert_int_equal(message->attributes[index].value_length, strlen(value));
    assert_memory_equal(message->attributes[index].value, value, strlen(value));
}

static void the_data_is_the_body_and_the_attributes_go_along(void **state)
{
    (void)state;
    char id[] = "m-1";
    struct settings_route route = route_of(SETTINGS_INPUT_MESSAGE);
    route.group = s_group;
    route.deduplication_id = s_id;
    struct event event = event_of("{ \"customer\":\"c\",\"n\":1.00}",
                                  "{\"id\":\"1\",\"count\":7,\"none\":null,\"empty\":\"\",\"Odd\":\"x\",\"data\":{},"
                                  "\"datacontenttype\":\"application/json\",\"traceparent\":\"00-a\"}",
                                  id);
    struct queue_message message = make(&route, &event, "00-b");
    assert_string_equal(message.body, "{ \"customer\":\"c\",\"n\":1.00}");
    assert_string_equal(message.group_id, "c");
    assert_string_equal(message.deduplication_id, "m-1");
    assert_int_equal(message.attribute_count, 4);
    assert_attribute(&message, 0, "ce-id", "1");
    assert_attribute(&message, 1, "ce-count", "7");
    assert_attribute(&message, 2, "content-type", "application/json");
    assert_attribute(&message, 3, "traceparent", "00-a");
    const struct sqs_send_entry entry = queue_message_entry(&message);
    assert_int_equal(entry.delay_seconds, -1);
    assert_int_equal(entry.attribute_count, 4);
    queue_message_deinit(&message);
}

static void the_whole_event_needs_no_attributes_but_the_trace(void **state)
{
    (void)state;
    char id[] = "m-1";
    struct settings_route route = route_of(SETTINGS_INPUT_EVENT);
    route.delay_ms = 90000;
    struct event event = event_of("1", "{\"id\":\"1\"}", id);
    struct queue_message message = make(&route, &event, "00-b");
    assert_string_equal(message.body, "{\"id\":\"1\",\"data\":1}");
    assert_int_equal(message.delay_seconds, 90);
    assert_int_equal(message.attribute_count, 1);
    assert_attribute(&message, 0, "traceparent", "00-b");
    queue_message_deinit(&message);
}

static void ids_that_sqs_does_not_take_are_hashed(void **state)
{
    (void)state;
    static const char *const customers[] = {"a b", "\xc3\xa4"};
    char id[QUEUE_MESSAGE_ID_MAX + 2];
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    struct settings_route route = route_of(SETTINGS_INPUT_MESSAGE);
    route.group = s_group;
    route.deduplication_id = s_id;
    for (size_t i = 0; i < 2; i++) {
        char *data = memory_format("{\"customer\":\"%s\"}", customers[i]);
        struct event event = event_of(data, NULL, id);
        struct queue_message message = make(&route, &event, NULL);
        assert_int_equal(strlen(message.group_id), 64);
        assert_int_equal(strlen(message.deduplication_id), 64);
        queue_message_deinit(&message);
        free(data);
    }
}

static void what_no_message_can_be_is_refused(void **state)
{
    (void)state;
    char id[] = "m";
    struct settings_route route = route_of(SETTINGS_INPUT_MESSAGE);
    struct event none = {.content = EVENT_CONTENT_NONE, .message_id = id};
    assert_refused(&route, &none, ENTRY_CLASS_BAD_EVENT, "cannot be empty");
    struct event bytes = {.content = EVENT_CONTENT_BYTES, .bytes = "\xff", .bytes_length = 1, .message_id = id};
    assert_refused(&route, &bytes, ENTRY_CLASS_BAD_EVENT, "no text in UTF-8");
    bytes.bytes = "\x01";
    assert_refused(&route, &bytes, ENTRY_CLASS_BAD_EVENT, "control characters");
    bytes.bytes = "\xef\xbf\xbf";
    bytes.bytes_length = 3;
    assert_refused(&route, &bytes, ENTRY_CLASS_BAD_EVENT, "no text in UTF-8");
    struct event defect = {.defect = "expected better"};
    assert_refused(&route, &defect, ENTRY_CLASS_BAD_EVENT, "expected better");
    struct event many = event_of("1",
                                 "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
                                 "\"j\":1,\"k\":1}",
                                 id);
    assert_refused(&route, &many, ENTRY_CLASS_BAD_EVENT, "more attributes than the 10");
    route.group = s_group;
    struct event nobody = event_of("{}", NULL, id);
    assert_refused(&route, &nobody, ENTRY_CLASS_TEMPLATE, "customer, which the route's group needs");
    route.input = SETTINGS_INPUT_BODY;
    struct event text = event_of("\"no JSON\"", NULL, id);
    text.content = EVENT_CONTENT_TEXT;
    assert_refused(&route, &text, ENTRY_CLASS_NOT_JSON, "not JSON");
}

static void a_message_has_at_most_one_mebibyte(void **state)
{
    (void)state;
    char id[] = "m";
    char *data = memory_alloc(QUEUE_MESSAGE_BYTES_MAX + 2);
    memset(data, '1', QUEUE_MESSAGE_BYTES_MAX + 1);
    struct settings_route route = route_of(SETTINGS_INPUT_MESSAGE);
    struct event event = event_of(data, NULL, id);
    assert_refused(&route, &event, ENTRY_CLASS_TOO_LARGE, "a message of 1048577 bytes");
    event.data.length--;
    struct queue_message message = make(&route, &event, NULL);
    assert_int_equal(message.body_length, QUEUE_MESSAGE_BYTES_MAX);
    queue_message_deinit(&message);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_data_is_the_body_and_the_attributes_go_along),
        cmocka_unit_test(the_whole_event_needs_no_attributes_but_the_trace),
        cmocka_unit_test(ids_that_sqs_does_not_take_are_hashed),
        cmocka_unit_test(what_no_message_can_be_is_refused),
        cmocka_unit_test(a_message_has_at_most_one_mebibyte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
