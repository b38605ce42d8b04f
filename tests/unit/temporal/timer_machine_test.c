/* The table of a timer's states, events and cancellation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_history_builder.h"
#include "timer_machine.h"

static void fires_once(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_timer_started(&history, "7");
    struct timer_machine machine;
    timer_machine_init(&machine, 7);
    assert_string_equal(machine.timer_id, "7");
    assert_non_null(timer_machine_on_started(&machine, history.events[0]));
    timer_machine_sent(&machine);
    assert_null(timer_machine_on_started(&machine, history.events[0]));
    assert_int_equal(machine.started_event_id, 1);
    assert_true(timer_machine_on_fired(&machine));
    assert_false(timer_machine_on_fired(&machine));
    assert_int_equal(timer_machine_cancel(&machine), TIMER_CANCEL_NOTHING);
    history_deinit(&history);
}

static void cancel_before_sending_needs_no_command(void **state)
{
    (void)state;
    struct timer_machine machine;
    timer_machine_init(&machine, 1);
    assert_int_equal(timer_machine_cancel(&machine), TIMER_CANCEL_DROPS_COMMAND);
    assert_int_equal(timer_machine_cancel(&machine), TIMER_CANCEL_NOTHING);
}

static void cancel_of_a_running_timer_waits_for_its_event(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_timer_started(&history, "1");
    history_add_timer_canceled(&history, 5, "1");
    history_add_timer_canceled(&history, 1, "1");
    struct timer_machine machine;
    timer_machine_init(&machine, 1);
    timer_machine_sent(&machine);
    assert_null(timer_machine_on_started(&machine, history.events[0]));
    assert_non_null(timer_machine_on_canceled(&machine, history.events[2]));
    assert_int_equal(timer_machine_cancel(&machine), TIMER_CANCEL_COMMANDS);
    assert_false(timer_machine_on_fired(&machine));
    assert_string_equal(timer_machine_on_canceled(&machine, history.events[1]), "another timer is cancelled");
    assert_null(timer_machine_on_canceled(&machine, history.events[2]));
    assert_int_equal(machine.state, TIMER_CLOSED);
    history_deinit(&history);
}

static void other_id_does_not_fit(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_timer_started(&history, "2");
    struct timer_machine machine;
    timer_machine_init(&machine, 1);
    timer_machine_sent(&machine);
    assert_string_equal(timer_machine_on_started(&machine, history.events[0]), "the timer IDs differ");
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_once),
        cmocka_unit_test(cancel_before_sending_needs_no_command),
        cmocka_unit_test(cancel_of_a_running_timer_waits_for_its_event),
        cmocka_unit_test(other_id_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
