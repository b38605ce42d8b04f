/* An event as a row. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "history_row.h"

static void assert_row(const char *event, const char *type, const char *detail)
{
    json_t *row = history_row((struct json_slice){event, strlen(event)});
    assert_string_equal(json_string_value(json_object_get(row, "type")), type);
    assert_string_equal(json_string_value(json_object_get(row, "detail")), detail);
    json_decref(row);
}

static void a_row_has_number_time_type_and_what_tells_the_event_from_others(void **state)
{
    (void)state;
    const char *event = "{\"eventId\": \"12\", \"eventTime\": \"2026-01-02T03:04:05.123456Z\", \"eventType\":"
                        " \"EVENT_TYPE_ACTIVITY_TASK_SCHEDULED\", \"activityTaskScheduledEventAttributes\":"
                        " {\"activityType\": {\"name\": \"charge\"}, \"input\": [1e999]}}";
    json_t *row = history_row((struct json_slice){event, strlen(event)});
    assert_int_equal(json_integer_value(json_object_get(row, "event")), 12);
    assert_string_equal(json_string_value(json_object_get(row, "time")), "2026-01-02 03:04:05.123");
    assert_string_equal(json_string_value(json_object_get(row, "type")), "ActivityTaskScheduled");
    assert_string_equal(json_string_value(json_object_get(row, "detail")), "charge");
    json_decref(row);
}

static void details_are_few_words(void **state)
{
    (void)state;
    assert_row("{\"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_STARTED\","
               " \"aAttributes\": {\"attempt\": 3, \"identity\": \"w\"}}",
               "ActivityTaskStarted", "w attempt 3");
    assert_row("{\"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_STARTED\", \"aAttributes\": {\"attempt\": 1}}",
               "ActivityTaskStarted", "");
    assert_row("{\"eventType\": \"EVENT_TYPE_TIMER_STARTED\", \"aAttributes\": {\"timerId\": \"5\","
               " \"startToFireTimeout\": \"30s\"}}",
               "TimerStarted", "5 30s");
    assert_row("{\"eventType\": \"EVENT_TYPE_ACTIVITY_TASK_FAILED\","
               " \"aAttributes\": {\"identity\": \"w\", \"failure\": {\"message\": \"no\","
               " \"applicationFailureInfo\": {\"type\": \"T\"}, \"cause\": {\"message\": \"why\"}}}}",
               "ActivityTaskFailed", "w T: no <- why");
}

static void what_says_nothing_is_an_empty_row(void **state)
{
    (void)state;
    assert_row("{}", "", "");
    assert_row("[1]", "", "");
    assert_null(history_row_failure((struct json_slice){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_number_time_type_and_what_tells_the_event_from_others),
        cmocka_unit_test(details_are_few_words),
        cmocka_unit_test(what_says_nothing_is_an_empty_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
