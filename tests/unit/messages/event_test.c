/* HTTP bodies and headers → events. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "messages/event.h"

#define CLOUD_EVENT(id, data) \
    "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"urn:q\",\"type\":\"t\",\"data\":" data "}"

#define COUNT(list) (sizeof(list) / sizeof (list)[0])

static const struct event_header s_ce[] = {
    {"specversion", "1.0"}, {"id", "1"}, {"source", "s"}, {"type", "t"}, {"ferryafter", "r-1"}, {"ferryanew", "true"}};

static struct event_list parse(enum event_form form, const struct event_headers *headers, const char *body)
{
    struct event_list list = {0};
    struct error error = {0};
    if (event_list_parse(form, headers, body, strlen(body), &list, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return list;
}

static void assert_refused(enum event_form form, const char *body, enum status status, const char *text)
{
    struct event_headers headers = {0};
    struct event_list list = {0};
    struct error error = {0};
    assert_int_equal(event_list_parse(form, &headers, body, strlen(body), &list, &error), status);
    assert_string_equal(error.text, text);
    assert_null(list.events);
}

static void assert_data(const struct event *event, const char *expected)
{
    assert_int_equal(event->data.length, strlen(expected));
    assert_memory_equal(event->data.data, expected, strlen(expected));
}

static void form_follows_content_type_and_headers(void **state)
{
    (void)state;
    static const struct {
        struct event_headers headers;
        enum event_form form;
    } cases[] = {
        {{.content_type = "application/cloudevents+json"}, EVENT_FORM_STRUCTURED},
        {{.content_type = "Application/CloudEvents+JSON; charset=utf-8"}, EVENT_FORM_STRUCTURED},
        {{.content_type = "application/cloudevents-batch+json"}, EVENT_FORM_BATCH},
        {{.content_type = "application/json"}, EVENT_FORM_PLAIN},
        {{.content_type = "application/json;charset=utf-8", .attributes = s_ce, .attribute_count = 1},
         EVENT_FORM_BINARY},
        {{.content_type = "image/png", .attributes = s_ce, .attribute_count = 1}, EVENT_FORM_BINARY},
        {{.attributes = s_ce, .attribute_count = 1}, EVENT_FORM_BINARY},
        {{.content_type = "application/json", .attributes = s_ce + 1, .attribute_count = 1}, EVENT_FORM_PLAIN},
        {{.content_type = "application/cloudevents+avro", .attributes = s_ce, .attribute_count = 1},
         EVENT_FORM_UNSUPPORTED},
        {{.content_type = "application/jsonx"}, EVENT_FORM_UNSUPPORTED},
        {{.content_type = "text/plain"}, EVENT_FORM_UNSUPPORTED},
        {{.content_type = NULL}, EVENT_FORM_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(event_form(&cases[i].headers), cases[i].form);
    }
}

static void data_passes_byte_for_byte(void **state)
{
    (void)state;
    struct event_headers headers = {0};
    const char *data = "{ \"n\" : 12345678901234567890.10, \"n\":1.00,\"MessageId\":\"m\\u002d1\" }";
    char body[512];
    (void)strcpy(body, "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"t\",\"data\":  ");
    (void)strcat(body, data);
    (void)strcat(body, " }");
    struct event_list list = parse(EVENT_FORM_STRUCTURED, &headers, body);
    assert_int_equal(list.count, 1);
    assert_null(list.events[0].defect);
    assert_data(&list.events[0], data);
    assert_string_equal(list.events[0].message_id, "m-1");
    assert_string_equal(list.events[0].queue, "s");
    event_list_deinit(&list);
}

static void a_batch_keeps_its_order(void **state)
{
    (void)state;
    struct event_headers headers = {0};
    struct event_list list = parse(EVENT_FORM_BATCH, &headers,
                                   "[" CLOUD_EVENT("1", "{\"MessageId\":\"a\"}") " ," CLOUD_EVENT(
                                       "2", "{\"MessageId\":\"b\"}") "]");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.events[0].message_id, "a");
    assert_string_equal(list.events[1].message_id, "b");
    event_list_deinit(&list);
}

static void one_bad_event_of_a_batch_carries_its_defect(void **state)
{
    (void)state;
    struct event_headers headers = {0};
    struct event_list list = parse(EVENT_FORM_BATCH, &headers,
                                   "[7,{\"specversion\":\"0.3\"},{\"specversion\":\"1.0\",\"id\":\"1\"},"
                                   "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
                                   "\"type\":\"t\"}," CLOUD_EVENT(
                                       "2", "{\"MessageId\":\"b\"}") "]");
    assert_int_equal(list.count, 5);
    assert_string_equal(list.events[0].defect, "expected a CloudEvent with specversion \"1.0\"");
    assert_string_equal(list.events[1].defect, "expected a CloudEvent with specversion \"1.0\"");
    assert_string_equal(list.events[2].defect, "expected a CloudEvent with id, source and type");
    assert_null(list.events[3].defect); /* data may be missing */
    assert_int_equal(list.events[3].content, EVENT_CONTENT_NONE);
    assert_null(list.events[4].defect);
    event_list_deinit(&list);
}

static char *identity_of(const char *body)
{
    struct event_headers headers = {0};
    struct event_list list = parse(EVENT_FORM_STRUCTURED, &headers, body);
    char *identity = list.events[0].message_id;
    assert_non_null(identity);
    list.events[0].message_id = NULL;
    event_list_deinit(&list);
    return identity;
}

static void other_data_is_identified_by_source_and_id(void **state)
{
    (void)state;
    char *first = identity_of("{\"specversion\":\"1.0\",\"id\":\"b\",\"source\":\"a\",\"type\":\"t\",\"data\":1}");
    char *again = identity_of("{\"specversion\":\"1.0\",\"id\":\"b\",\"source\":\"a\",\"type\":\"u\",\"data\":[2]}");
    char *other = identity_of("{\"specversion\":\"1.0\",\"id\":\"c\",\"source\":\"a\",\"type\":\"t\",\"data\":1}");
    char *shifted = identity_of("{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"a\",\"type\":\"t\",\"data\":1,"
                                "\"id\":\"b:c\"}");
    char *moved = identity_of("{\"specversion\":\"1.0\",\"id\":\"c\",\"source\":\"a:b\",\"type\":\"t\",\"data\":1}");
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_string_not_equal(shifted, moved);
    free(first);
    free(again);
    free(other);
    free(shifted);
    free(moved);
}

static void binary_form_takes_the_body_as_data(void **state)
{
    (void)state;
    struct event_headers headers = {
        .content_type = "application/json", .attributes = s_ce, .attribute_count = 4};
    struct event_list list = parse(EVENT_FORM_BINARY, &headers, " {\"MessageId\":\"m\"} ");
    assert_data(&list.events[0], "{\"MessageId\":\"m\"}");
    assert_string_equal(list.events[0].message_id, "m");
    event_list_deinit(&list);
    headers.attribute_count = 3;
    list = parse(EVENT_FORM_BINARY, &headers, "{}");
    assert_string_equal(list.events[0].defect, "expected a CloudEvent with id, source and type");
    event_list_deinit(&list);
}

static void plain_json_is_named_by_key_then_message_id_then_chance(void **state)
{
    (void)state;
    struct event_headers headers = {.idempotency_key = "key-1"};
    struct event_list list = parse(EVENT_FORM_PLAIN, &headers, "{\"MessageId\":\"m\"}");
    assert_string_equal(list.events[0].message_id, "key-1");
    event_list_deinit(&list);
    headers.idempotency_key = NULL;
    list = parse(EVENT_FORM_PLAIN, &headers, "{\"MessageId\":\"m\"}");
    assert_string_equal(list.events[0].message_id, "m");
    event_list_deinit(&list);
    list = parse(EVENT_FORM_PLAIN, &headers, "[1]");
    struct event_list second = parse(EVENT_FORM_PLAIN, &headers, "[1]");
    assert_string_not_equal(list.events[0].message_id, second.events[0].message_id);
    event_list_deinit(&list);
    event_list_deinit(&second);
}

static void a_long_message_id_is_hashed(void **state)
{
    (void)state;
    char body[EVENT_IDENTITY_MAX + 64] = "{\"MessageId\":\"";
    size_t before = strlen(body);
    struct event_headers headers = {0};
    memset(body + before, 'm', EVENT_IDENTITY_MAX + 1);
    (void)strcpy(body + before + EVENT_IDENTITY_MAX + 1, "\"}");
    struct event_list list = parse(EVENT_FORM_PLAIN, &headers, body);
    assert_int_equal(strlen(list.events[0].message_id), 64);
    event_list_deinit(&list);
    (void)strcpy(body + before + EVENT_IDENTITY_MAX, "\"}");
    list = parse(EVENT_FORM_PLAIN, &headers, body);
    assert_int_equal(strlen(list.events[0].message_id), EVENT_IDENTITY_MAX);
    event_list_deinit(&list);
}

static void an_idempotency_key_has_1_to_255_visible_characters(void **state)
{
    (void)state;
    char key[257];
    memset(key, 'k', sizeof key - 1);
    key[256] = '\0';
    const char *const bad[] = {key, "", "tab\there", "\xc3\xa4"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct event_headers headers = {.idempotency_key = bad[i]};
        struct event_list list = {0};
        assert_int_equal(event_list_parse(EVENT_FORM_PLAIN, &headers, "1", 1, &list, NULL), STATUS_INVALID_ARGUMENT);
        assert_null(list.events);
    }
    key[255] = '\0';
    struct event_headers headers = {.idempotency_key = key};
    struct event_list list = parse(EVENT_FORM_PLAIN, &headers, "1");
    assert_string_equal(list.events[0].message_id, key);
    assert_true(list.events[0].is_keyed);
    event_set_message_id(&list.events[0], "webhook-1");
    assert_string_equal(list.events[0].message_id, "webhook-1");
    assert_false(list.events[0].is_keyed);
    event_list_deinit(&list);
}

static void binary_form_keeps_every_attribute(void **state)
{
    (void)state;
    static const struct event_header attributes[] = {{"SpecVersion", "1.0"}, {"Id", "a%20b%22"},
                                                     {"source", "\"/q \\\" x\""}, {"type", "t"},
                                                     {"comexample", "%E2%82%AC 100%"}, {"data", "no"}, {"b-d", "no"}};
    struct event_headers headers = {
        .content_type = "text/plain", .attributes = attributes, .attribute_count = COUNT(attributes)};
    struct event_list list = parse(EVENT_FORM_BINARY, &headers, "one\n\"two\"");
    const struct event *event = &list.events[0];
    static const char json[] = "{\"specversion\":\"1.0\",\"id\":\"a b\\\"\",\"source\":\"/q \\\" x\",\"type\":\"t\","
                               "\"comexample\":\"\xe2\x82\xac 100%\",\"datacontenttype\":\"text/plain\"}";
    assert_null(event->defect);
    assert_int_equal(event->json.length, strlen(json));
    assert_memory_equal(event->json.data, json, strlen(json));
    assert_false(event->is_whole);
    assert_int_equal(event->content, EVENT_CONTENT_TEXT);
    assert_data(event, "\"one\\n\\\"two\\\"\"");
    event_list_deinit(&list);
}

static void a_binary_event_that_cannot_be_one_says_why(void **state)
{
    (void)state;
    static const struct event_header no_utf8[] = {{"specversion", "1.0"}, {"id", "%FF"}};
    static const struct event_header twice[] = {{"specversion", "1.0"}, {"id", "1"}, {"ID", "2"}};
    struct event_headers headers = {.attributes = no_utf8, .attribute_count = COUNT(no_utf8)};
    struct event_list list = parse(EVENT_FORM_BINARY, &headers, "");
    assert_string_equal(list.events[0].defect, "expected UTF-8 in the ce-* headers, each of them once");
    event_list_deinit(&list);
    headers = (struct event_headers){.attributes = twice, .attribute_count = COUNT(twice)};
    list = parse(EVENT_FORM_BINARY, &headers, "");
    assert_string_equal(list.events[0].defect, "expected UTF-8 in the ce-* headers, each of them once");
    event_list_deinit(&list);
    headers = (struct event_headers){
        .content_type = "application/vnd.x+json", .attributes = s_ce, .attribute_count = 4};
    struct error error = {0};
    assert_int_equal(event_list_parse(EVENT_FORM_BINARY, &headers, "{", 1, &list, &error), STATUS_MALFORMED);
    assert_string_equal(error.text, "the body is not valid JSON in UTF-8, which its Content-Type says");
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    char many[2 * EVENT_BATCH_MAX + 4];
    size_t length = 0;
    many[length++] = '[';
    for (size_t i = 0; i <= EVENT_BATCH_MAX; i++) {
        many[length++] = '1';
        many[length++] = i == EVENT_BATCH_MAX ? ']' : ',';
    }
    many[length] = '\0';
    assert_refused(EVENT_FORM_PLAIN, "{\"a\":", STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    assert_refused(EVENT_FORM_PLAIN, "", STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    assert_refused(EVENT_FORM_PLAIN, "\"\xff\"", STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    assert_refused(EVENT_FORM_BATCH, "{}", STATUS_MALFORMED, "expected a JSON array of CloudEvents");
    assert_refused(EVENT_FORM_BATCH, "[]", STATUS_INVALID_ARGUMENT, "expected at least one event, found none");
    assert_refused(EVENT_FORM_BATCH, many, STATUS_TOO_LARGE, "expected at most 100 events, found 101");
}

#define ATTEMPT_EVENT(extension, data) \
    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"t\"," extension "\"data\":" data "}"
#define REPLAY(text) "{\"MessageId\":\"new\",\"MessageAttributes\":{\"FerryReplay\":{\"StringValue\":" text "}}}"
#define ORIGINAL "\"{\\\"messageId\\\":\\\"old\\\",\\\"runId\\\":\\\"r-7\\\"}\""

/* NULL after: none. */
static void assert_attempt(const char *body, const char *message_id, const char *after, bool is_anew)
{
    struct event_headers headers = {0};
    struct event_list list = parse(EVENT_FORM_STRUCTURED, &headers, body);
    assert_null(list.events[0].defect);
    assert_string_equal(list.events[0].message_id, message_id);
    if (after == NULL) {
        assert_null(list.events[0].after);
    } else {
        assert_string_equal(list.events[0].after, after);
    }
    assert_int_equal(list.events[0].is_anew, is_anew);
    event_list_deinit(&list);
}

static void assert_defect(const char *body, const char *defect)
{
    struct event_headers headers = {0};
    struct event_list list = parse(EVENT_FORM_STRUCTURED, &headers, body);
    assert_string_equal(list.events[0].defect, defect);
    assert_null(list.events[0].message_id);
    assert_null(list.events[0].after);
    event_list_deinit(&list);
}

static void an_event_asks_for_a_further_attempt(void **state)
{
    (void)state;
    assert_attempt(ATTEMPT_EVENT("", "{\"MessageId\":\"m\"}"), "m", NULL, false);
    assert_attempt(ATTEMPT_EVENT("\"ferryafter\":\"r-1\",", "{\"MessageId\":\"m\"}"), "m", "r-1", false);
    assert_attempt(ATTEMPT_EVENT("\"ferryafter\":\"r-1\",\"ferryanew\":true,", "{\"MessageId\":\"m\"}"), "m", "r-1",
                   true);
    assert_defect(ATTEMPT_EVENT("\"ferryafter\":7,", "{\"MessageId\":\"m\"}"), "expected a run ID in ferryafter");
    assert_defect(ATTEMPT_EVENT("\"ferryafter\":\"\",", "{\"MessageId\":\"m\"}"), "expected a run ID in ferryafter");
    struct event_headers headers = {
        .content_type = "application/json", .attributes = s_ce, .attribute_count = COUNT(s_ce)};
    struct event_list list = parse(EVENT_FORM_BINARY, &headers, "{}");
    assert_string_equal(list.events[0].after, "r-1");
    assert_true(list.events[0].is_anew);
    event_list_deinit(&list);
}

static void a_replayed_message_is_its_original_again(void **state)
{
    (void)state;
    assert_attempt(ATTEMPT_EVENT("", REPLAY(ORIGINAL)), "old", "r-7", true);
    /* The poller's own further attempt at it counts on. */
    assert_attempt(ATTEMPT_EVENT("\"ferryafter\":\"r-9\",", REPLAY(ORIGINAL)), "old", "r-9", false);
    /* No run has failed: it was rejected before. */
    assert_attempt(ATTEMPT_EVENT("", REPLAY("\"{\\\"messageId\\\":\\\"old\\\"}\"")), "old", NULL, false);
    assert_defect(ATTEMPT_EVENT("", REPLAY("\"hello\"")),
                  "expected {\"messageId\", \"runId\"} in the message attribute FerryReplay");
    assert_defect(ATTEMPT_EVENT("", REPLAY("7")),
                  "expected {\"messageId\", \"runId\"} in the message attribute FerryReplay");
}

static void the_callers_patience_limits_a_start(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t left_ms;
    } cases[] = {
        {NULL, 10000},   {"", 10000},        {"1800", 1800}, {"0", 0},
        {"15000", 10000}, {"999999999", 10000}, {"9999999999", 10000}, {"-1", 10000}, {"10s", 10000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(event_time_left_ms(cases[i].header, 10000), cases[i].left_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_follows_content_type_and_headers),
        cmocka_unit_test(data_passes_byte_for_byte),
        cmocka_unit_test(a_batch_keeps_its_order),
        cmocka_unit_test(one_bad_event_of_a_batch_carries_its_defect),
        cmocka_unit_test(other_data_is_identified_by_source_and_id),
        cmocka_unit_test(binary_form_takes_the_body_as_data),
        cmocka_unit_test(plain_json_is_named_by_key_then_message_id_then_chance),
        cmocka_unit_test(a_long_message_id_is_hashed),
        cmocka_unit_test(an_idempotency_key_has_1_to_255_visible_characters),
        cmocka_unit_test(binary_form_keeps_every_attribute),
        cmocka_unit_test(a_binary_event_that_cannot_be_one_says_why),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(an_event_asks_for_a_further_attempt),
        cmocka_unit_test(a_replayed_message_is_its_original_again),
        cmocka_unit_test(the_callers_patience_limits_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
