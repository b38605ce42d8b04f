/* What the data of an event is, and what it becomes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "event_data.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){.data = text, .length = text == NULL ? 0 : strlen(text)};
}

static void assert_copy(struct event *event, const char *expected, size_t length)
{
    size_t found = 0;
    char *copy = event_data_copy(event, &found);
    assert_int_equal(found, length);
    assert_memory_equal(copy, expected, length);
    assert_int_equal(copy[found], 0);
    free(copy);
    free(event->owned_data);
}

static void a_body_is_what_its_media_type_says(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *bytes;
        enum event_content content;
    } cases[] = {
        {"application/json", " [1] ", EVENT_CONTENT_JSON},
        {"Application/Vnd.X+JSON ; charset=utf-8", "1.0", EVENT_CONTENT_JSON},
        {"text/json", "1", EVENT_CONTENT_JSON},
        {"text/plain", "a\xc3\xa4", EVENT_CONTENT_TEXT},
        {"text/plain; charset=\"UTF-8\"", "a", EVENT_CONTENT_TEXT},
        {"text/plain", "\xff", EVENT_CONTENT_BYTES},
        {"text/plain; charset=iso-8859-1", "a", EVENT_CONTENT_BYTES},
        {"image/svg+xml", "<a/>", EVENT_CONTENT_TEXT},
        {"application/xml", "<a/>", EVENT_CONTENT_TEXT},
        {"application/octet-stream", "a", EVENT_CONTENT_BYTES},
        {NULL, "{}", EVENT_CONTENT_BYTES},
        {"", "{}", EVENT_CONTENT_BYTES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event = {0};
        assert_true(event_data_of_bytes(&event, cases[i].type, cases[i].bytes, strlen(cases[i].bytes)));
        assert_int_equal(event.content, cases[i].content);
        if (event.content == EVENT_CONTENT_JSON) {
            assert_int_equal(event.data.length, strcspn(cases[i].bytes + (i == 0), " "));
        } else {
            assert_copy(&event, cases[i].bytes, strlen(cases[i].bytes));
        }
    }
    struct event event = {0};
    assert_false(event_data_of_bytes(&event, "application/json", "{", 1));
}

static void members_are_json_text_or_bytes(void **state)
{
    (void)state;
    struct event event = {0};
    event_data_of_members(&event, slice("\"a\\n\""), slice(NULL), slice("\"text/plain\""));
    assert_int_equal(event.content, EVENT_CONTENT_TEXT);
    assert_copy(&event, "a\n", 2);
    event = (struct event){0};
    event_data_of_members(&event, slice("\"a\\n\""), slice(NULL), slice(NULL));
    assert_int_equal(event.content, EVENT_CONTENT_JSON);
    assert_copy(&event, "\"a\\n\"", 5);
    event = (struct event){0};
    event_data_of_members(&event, slice("{}"), slice(NULL), slice("\"text/plain\""));
    assert_int_equal(event.content, EVENT_CONTENT_JSON);
    event = (struct event){0};
    event_data_of_members(&event, slice(NULL), slice("\"AAE=\""), slice(NULL));
    assert_int_equal(event.content, EVENT_CONTENT_BYTES);
    assert_copy(&event, "\0\1", 2);
    event = (struct event){0};
    event_data_of_members(&event, slice(NULL), slice("\"WzFd\""), slice("\"application/json\""));
    assert_int_equal(event.content, EVENT_CONTENT_JSON);
    assert_copy(&event, "[1]", 3);
    event = (struct event){0};
    event_data_of_members(&event, slice(NULL), slice(NULL), slice("\"text/plain\""));
    assert_int_equal(event.content, EVENT_CONTENT_NONE);
    assert_copy(&event, "", 0);
}

static void what_is_no_data_is_a_defect(void **state)
{
    (void)state;
    struct event event = {0};
    event_data_of_members(&event, slice("1"), slice("\"\""), slice(NULL));
    assert_string_equal(event.defect, "expected data or data_base64, not both");
    event = (struct event){0};
    event_data_of_members(&event, slice(NULL), slice("\"A\""), slice(NULL));
    assert_string_equal(event.defect, "expected base64 in data_base64");
    event = (struct event){0};
    event_data_of_members(&event, slice(NULL), slice("7"), slice(NULL));
    assert_string_equal(event.defect, "expected base64 in data_base64");
    event = (struct event){0};
    event_data_of_members(&event, slice(NULL), slice("\"AA==\""), slice("\"application/json\""));
    assert_string_equal(event.defect, "expected JSON in data_base64, which datacontenttype says");
    free(event.owned_data);
}

static void assert_whole(const struct event *event, const char *expected)
{
    size_t length = 0;
    char *whole = event_data_whole(event, "a b", &length);
    assert_string_equal(whole, expected);
    assert_int_equal(length, strlen(expected));
    free(whole);
}

static void an_event_is_made_whole(void **state)
{
    (void)state;
    char id[] = "\"1\"";
    char no_utf8[] = "\xff";
    size_t length = 0;
    struct event event = {.json = slice("{\"id\":\"1\"}"), .data = slice("1.0"), .message_id = id};
    assert_whole(&event, "{\"id\":\"1\",\"data\":1.0}");
    event.content = EVENT_CONTENT_NONE;
    assert_whole(&event, "{\"id\":\"1\"}");
    event.content = EVENT_CONTENT_BYTES;
    event.bytes = "\0\1";
    event.bytes_length = 2;
    assert_whole(&event, "{\"id\":\"1\",\"data_base64\":\"AAE=\"}");
    event = (struct event){.data = slice("1.0"), .message_id = id};
    assert_whole(&event, "{\"specversion\":\"1.0\",\"type\":\"ferry.json\",\"datacontenttype\":\"application/json\","
                         "\"source\":\"/v1/routes/a%20b\",\"id\":\"\\\"1\\\"\",\"data\":1.0}");
    event.message_id = no_utf8;
    assert_null(event_data_whole(&event, "a", &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_what_its_media_type_says),
        cmocka_unit_test(members_are_json_text_or_bytes),
        cmocka_unit_test(what_is_no_data_is_a_defect),
        cmocka_unit_test(an_event_is_made_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
