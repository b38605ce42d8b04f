/* Server-sent events as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "event_stream.h"

static void assert_event(const char *id, const char *data, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(event_stream_append(&out, id, "tick", data, strlen(data)));
    assert_string_equal(out.data, expected);
    buffer_deinit(&out);
}

static void an_event_has_id_name_and_data(void **state)
{
    (void)state;
    assert_event("r/7", "{}", "id: r/7\nevent: tick\ndata: {}\n\n");
    assert_event(NULL, "{}", "event: tick\ndata: {}\n\n");
    assert_event(NULL, "", "event: tick\ndata: \n\n");
}

static void each_line_of_data_is_a_line_of_the_event(void **state)
{
    (void)state;
    assert_event(NULL, "a\nb", "event: tick\ndata: a\ndata: b\n\n");
    assert_event(NULL, "a\r\nb\rc", "event: tick\ndata: a\ndata: b\ndata: c\n\n");
    assert_event(NULL, "\n\r\n\r", "event: tick\ndata: \ndata: \ndata: \ndata: \n\n");
    assert_event(NULL, "a\r", "event: tick\ndata: a\ndata: \n\n");
}

static void an_event_beyond_the_maximum_is_told(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 10);
    assert_false(event_stream_append(&out, NULL, "tick", "{}", 2));
    buffer_deinit(&out);
}

static void assert_position(const char *text, const char *run_id, int64_t event_id)
{
    struct event_stream_position position = {0};
    struct error error = {0};
    assert_int_equal(event_stream_position_read(text, &position, &error), STATUS_OK);
    assert_int_equal(position.event_id, event_id);
    if (run_id == NULL) {
        assert_null(position.run_id);
    } else {
        assert_string_equal(position.run_id, run_id);
    }
    free(position.run_id);
}

static void a_position_is_read_as_it_was_written(void **state)
{
    (void)state;
    char *text = event_stream_position_text("01a2-b", 51200);
    assert_string_equal(text, "01a2-b/51200");
    assert_position(text, "01a2-b", 51200);
    free(text);
    assert_position("7", NULL, 7);
    assert_position("", NULL, 0);
    assert_position(NULL, NULL, 0);
    assert_position("999999999999999999", NULL, INT64_C(999999999999999999));
}

static void what_is_no_position_is_refused(void **state)
{
    static const char *const wrong[] = {"seven", "-1", " 7", "7 ", "run/", "/7", "run/x", "7/", "1000000000000000000"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct event_stream_position position = {.event_id = 5};
        struct error error = {0};
        assert_int_equal(event_stream_position_read(wrong[i], &position, &error), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, "Last-Event-ID"));
        assert_int_equal(position.event_id, 5);
    }
}

static void a_run_id_is_no_longer_than_they_are(void **state)
{
    char text[300];
    struct event_stream_position position;
    struct error error = {0};
    (void)state;
    memset(text, 'r', sizeof text);
    memcpy(text + sizeof text - 3, "/1", 3);
    assert_int_equal(event_stream_position_read(text, &position, &error), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_has_id_name_and_data),
        cmocka_unit_test(each_line_of_data_is_a_line_of_the_event),
        cmocka_unit_test(an_event_beyond_the_maximum_is_told),
        cmocka_unit_test(a_position_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_position_is_refused),
        cmocka_unit_test(a_run_id_is_no_longer_than_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
