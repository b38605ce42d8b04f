/* Times and spans as people read them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "time_text.h"

static void times_of_the_api_are_read_to_the_millisecond(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05+01:00",
                                          "2026-01-02T03:04:05.Zx", "tomorrow"};
    assert_int_equal(time_text_read("1970-01-01T00:00:01Z"), 1000);
    assert_int_equal(time_text_read("2026-01-02T03:04:05.1Z"), INT64_C(1767323045100));
    assert_int_equal(time_text_read("2026-01-02T03:04:05.123999999Z"), INT64_C(1767323045123));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(time_text_read(refused[i]), -1);
    }
    assert_int_equal(time_text_read(NULL), -1);
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    time_text_write(INT64_C(1767323045023), text);
    assert_string_equal(text, "2026-01-02T03:04:05.023Z");
    assert_int_equal(time_text_read(text), INT64_C(1767323045023));
    time_text_moment(INT64_C(1767323045023), true, text);
    assert_string_equal(text, "2026-01-02 03:04:05.023");
    time_text_moment(INT64_C(1767323045023), false, text);
    assert_string_equal(text, "2026-01-02 03:04:05");
}

static void spans_have_two_units_at_the_most(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } spans[] = {{0, "0.0s"},          {340, "0.3s"},          {9999, "9.9s"},        {10000, "10s"},
                 {59999, "59s"},       {60000, "1m00s"},       {310000, "5m10s"},     {7500000, "2h05m"},
                 {86400000, "1d00h"},  {INT64_C(273600000), "3d04h"}};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        char text[TIME_TEXT_SIZE];
        time_text_span(spans[i].ms, text);
        assert_string_equal(text, spans[i].text);
    }
}

static void durations_are_exact_in_their_largest_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } durations[] = {{0, "0s"},         {500, "500ms"},   {1001, "1001ms"}, {90000, "90s"},
                     {900000, "15m"},   {3600000, "1h"},  {604800000, "7d"}};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        char text[TIME_TEXT_SIZE];
        time_text_duration(durations[i].ms, text);
        assert_string_equal(text, durations[i].text);
    }
}

static void rows_get_spans_and_short_times_where_there_are_times(void **state)
{
    (void)state;
    json_t *row = json_pack("{s:s, s:s, s:s}", "a", "2026-01-02T03:04:05Z", "b", "2026-01-02T03:04:06.5Z", "c",
                            "later");
    time_text_add_span(row, "a", "b", "took");
    time_text_add_span(row, "a", "missing", "none");
    time_text_add_span(row, "b", "a", "backwards");
    time_text_shorten(row, "a");
    time_text_shorten(row, "c");
    assert_string_equal(json_string_value(json_object_get(row, "took")), "1.5s");
    assert_null(json_object_get(row, "none"));
    assert_null(json_object_get(row, "backwards"));
    assert_string_equal(json_string_value(json_object_get(row, "a")), "2026-01-02 03:04:05");
    assert_string_equal(json_string_value(json_object_get(row, "c")), "later");
    json_decref(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_the_api_are_read_to_the_millisecond),
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(spans_have_two_units_at_the_most),
        cmocka_unit_test(durations_are_exact_in_their_largest_unit),
        cmocka_unit_test(rows_get_spans_and_short_times_where_there_are_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
