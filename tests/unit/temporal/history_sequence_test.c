/* Where sequences end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "history_sequence.h"
#include "support_history_builder.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

/* ends: the IDs of the events that end a sequence with a task; the rest after the last, if any, is no task. */
static void check_ends(const struct history_builder *history, const size_t *ends, size_t count, bool has_rest)
{
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        struct history_sequence sequence = history_sequence_next(history->events, history->count, begin);
        assert_true(sequence.is_task);
        assert_int_equal(sequence.begin, begin);
        assert_int_equal(sequence.end, ends[i]);
        begin = sequence.end;
    }
    assert_int_equal(begin < history->count, has_rest);
    if (has_rest) {
        struct history_sequence sequence = history_sequence_next(history->events, history->count, begin);
        assert_false(sequence.is_task);
        assert_int_equal(sequence.end, history->count);
    }
}

static void sequence_ends_with_the_started_task(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    check_ends(&history, (const size_t[]){3}, 1, false);
    history_add_task_completed(&history);
    history_add_timer_started(&history, "1");
    check_ends(&history, (const size_t[]){3}, 1, true);
    history_add_timer_fired(&history, 5, "1");
    history_add_task(&history);
    check_ends(&history, (const size_t[]){3, 8}, 2, false);
    history_add_task_completed(&history);
    history_add_closed(&history, TYPE(WORKFLOW_EXECUTION_COMPLETED));
    check_ends(&history, (const size_t[]){3, 8}, 2, true);
    history_deinit(&history);
}

static void task_without_effect_ends_none(void **state)
{
    (void)state;
    static const Pb__EventType revoking[] = {
        TYPE(WORKFLOW_TASK_FAILED), TYPE(WORKFLOW_TASK_TIMED_OUT), TYPE(WORKFLOW_EXECUTION_TIMED_OUT),
        TYPE(WORKFLOW_EXECUTION_TERMINATED)};
    for (size_t i = 0; i < sizeof revoking / sizeof revoking[0]; i++) {
        struct history_builder history;
        history_init(&history);
        history_add_execution_started(&history, NULL);
        history_add_task(&history);
        (void)history_add(&history, revoking[i]);
        check_ends(&history, NULL, 0, true);
        history_add_task(&history);
        check_ends(&history, (const size_t[]){6}, 1, false);
        history_deinit(&history);
    }
}

static void task_that_was_scheduled_and_failed_without_a_start_is_passed(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task_scheduled(&history);
    history_add_task_failed(&history, 39, "");
    history_add_task(&history);
    check_ends(&history, (const size_t[]){5}, 1, false);
    history_deinit(&history);
}

static void heartbeat_is_merged_only_if_no_command_came_before(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_task(&history);
    check_ends(&history, (const size_t[]){6}, 1, false);
    history_add_task_completed(&history);
    history_add_timer_started(&history, "1");
    history_add_signal(&history, "s", NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_task(&history);
    check_ends(&history, (const size_t[]){6, 11, 14}, 3, false);
    history_deinit(&history);
}

static void gap_is_found(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    assert_int_equal(history_sequence_find_gap(history.events, 0), 0);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    assert_int_equal(history_sequence_find_gap(history.events, 3), 3);
    history.events[2]->event_id = 2;
    assert_int_equal(history_sequence_find_gap(history.events, 3), 2);
    history.events[1]->event_id = INT64_MAX;
    history.events[2]->event_id = INT64_MIN;
    assert_int_equal(history_sequence_find_gap(history.events, 3), 1);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_ends_with_the_started_task),
        cmocka_unit_test(task_without_effect_ends_none),
        cmocka_unit_test(task_that_was_scheduled_and_failed_without_a_start_is_passed),
        cmocka_unit_test(heartbeat_is_merged_only_if_no_command_came_before),
        cmocka_unit_test(gap_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
