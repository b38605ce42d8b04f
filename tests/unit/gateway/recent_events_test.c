/* The last events that a process took. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recent_events.h"

static void add(struct recent_events *recent, const char *message_id)
{
    const struct entry entry = {.outcome = ENTRY_STARTED, .workflow_id = "w", .run_id = "r"};
    const struct recent_event event = {.wall_ms = 1000, .route = "a", .message_id = message_id, .entry = &entry};
    recent_events_add(recent, &event);
}

static void assert_written(struct recent_events *recent, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    recent_events_write(recent, NULL, NULL, &out);
    assert_string_equal(out.data, expected);
    buffer_deinit(&out);
}

static void the_newest_comes_first(void **state)
{
    (void)state;
    struct recent_events *recent = recent_events_new();
    const struct entry refused = {.outcome = ENTRY_REJECTED, .reason = "no \"JSON\""};
    const struct recent_event event = {.route = "b", .entry = &refused, .token = "ci"};
    assert_written(recent, "{\"events\":[]}");
    add(recent, "m");
    recent_events_add(recent, &event);
    assert_written(recent, "{\"events\":[{\"route\":\"b\",\"outcome\":\"rejected\",\"reason\":\"no \\\"JSON\\\"\","
                           "\"token\":\"ci\"},"
                           "{\"time\":\"1970-01-01T00:00:01.000Z\",\"route\":\"a\",\"messageId\":\"m\","
                           "\"workflowId\":\"w\",\"runId\":\"r\",\"outcome\":\"started\"}]}");
    recent_events_destroy(recent);
}

static bool is_b(const void *user, const char *route)
{
    (void)user;
    return strcmp(route, "b") == 0;
}

static void only_what_the_reader_may_see_is_written(void **state)
{
    (void)state;
    struct recent_events *recent = recent_events_new();
    const struct entry refused = {.outcome = ENTRY_REJECTED};
    const struct recent_event event = {.route = "b", .entry = &refused};
    struct buffer out;
    add(recent, "m");
    recent_events_add(recent, &event);
    add(recent, "n");
    buffer_init(&out, 1 << 20);
    recent_events_write(recent, is_b, NULL, &out);
    assert_string_equal(out.data, "{\"events\":[{\"route\":\"b\",\"outcome\":\"rejected\"}]}");
    buffer_deinit(&out);
    recent_events_destroy(recent);
}

static void old_ones_are_forgotten(void **state)
{
    (void)state;
    struct recent_events *recent = recent_events_new();
    struct buffer out;
    add(recent, "first");
    for (int i = 0; i < RECENT_EVENTS_MAX; i++) {
        add(recent, "later");
    }
    buffer_init(&out, 1 << 20);
    recent_events_write(recent, NULL, NULL, &out);
    assert_null(strstr(out.data, "first"));
    size_t count = 0;
    for (const char *next = strstr(out.data, "later"); next != NULL; next = strstr(next + 1, "later")) {
        count++;
    }
    assert_int_equal(count, RECENT_EVENTS_MAX);
    buffer_deinit(&out);
    recent_events_destroy(recent);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct recent_events *recent = recent_events_new();
    struct buffer out;
    char text[RECENT_EVENTS_TEXT_MAX + 3];
    memset(text, 'x', sizeof text - 1);
    memcpy(text + RECENT_EVENTS_TEXT_MAX - 1, "\xc3\xa4y", 4);
    add(recent, text);
    buffer_init(&out, 1 << 20);
    recent_events_write(recent, NULL, NULL, &out);
    text[RECENT_EVENTS_TEXT_MAX - 1] = '"';
    text[RECENT_EVENTS_TEXT_MAX] = '\0';
    assert_non_null(strstr(out.data, text));
    buffer_deinit(&out);
    recent_events_destroy(recent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_comes_first),
        cmocka_unit_test(only_what_the_reader_may_see_is_written),
        cmocka_unit_test(old_ones_are_forgotten),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
