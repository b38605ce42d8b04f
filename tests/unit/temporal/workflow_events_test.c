/* A history that does not fit the workflow's code fails the task, and says which event and which command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_history_builder.h"
#include "support_workflows.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name
#define TASK_FAILED(name) PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_##name

/* ---- commands that do not fit ---- */

static json_t *charges_then_ships(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *futures[] = {
        temporal_workflow_start_activity(workflow, "charge", json_null(), MINUTE),
        temporal_workflow_start_activity(workflow, "ship", json_null(), MINUTE),
    };
    return temporal_workflow_wait_all(workflow, futures, 2) ? json_string("done") : NULL;
}
DEFINE_WORKFLOW(charges_then_ships);

static void swapped_command_is_named(void **state)
{
    (void)state;
    struct history_builder history;
    history_begin_activity(&history, "1", "ship");
    history_add_activity_scheduled(&history, "2", "charge");
    history_add_task(&history);
    history_check_begins(&history, &charges_then_ships_definition,
                         "FAILED 24: history has event 5 (ACTIVITY_TASK_SCHEDULED) \"1\" of type \"ship\" where the "
                         "workflow code issues SCHEDULE_ACTIVITY_TASK \"1\" of type \"charge\": the activity types "
                         "differ");
    history_deinit(&history);
}

static void wrong_command_type_is_named(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_timer_started(&history, "1");
    history_add_task(&history);
    history_check_begins(&history, &charges_then_ships_definition,
                         "FAILED 24: history has event 5 (TIMER_STARTED) \"1\" where the workflow code issues "
                         "SCHEDULE_ACTIVITY_TASK \"1\" of type \"charge\": the types differ");
    history_deinit(&history);
}

static void missing_command_is_named(void **state)
{
    (void)state;
    struct history_builder history;
    history_begin_activity(&history, "1", "charge");
    history_add_activity_scheduled(&history, "2", "ship");
    history_add_activity_scheduled(&history, "3", "thank");
    history_add_task(&history);
    history_check_begins(&history, &charges_then_ships_definition,
                         "FAILED 24: history has event 7 (ACTIVITY_TASK_SCHEDULED) \"3\" of type \"thank\" for which "
                         "the workflow code issues no command");
    history_deinit(&history);
}

static void extra_command_is_named_also_on_an_open_history(void **state)
{
    (void)state;
    struct history_builder history;
    history_begin_activity(&history, "1", "charge");
    const char *beginning = "FAILED 24: the workflow code issues SCHEDULE_ACTIVITY_TASK \"2\" ship, for which history "
                            "has no event after event 4 (WORKFLOW_TASK_COMPLETED)";
    history_check_begins(&history, &charges_then_ships_definition, beginning);
    history_add_task(&history);
    history_check_begins(&history, &charges_then_ships_definition, beginning);
    history_deinit(&history);
}

static void run_recovers_after_the_right_code_is_deployed(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, activity, "1");
    history_add_task(&history);
    history_check_begins(&history, &sleeps_definition, "FAILED 24: ");
    history_add_task_failed(&history, TASK_FAILED(NON_DETERMINISTIC_ERROR), "");
    history_add_task(&history);
    history_check(&history, &charges_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 charge {\"cents\":5}",
                                        "COMPLETE_WORKFLOW_EXECUTION 1", NULL});
    history_deinit(&history);
}

/* ---- events that do not fit ---- */

static void unsupported_event_fails_the_task_unless_it_may_be_ignored(void **state)
{
    (void)state;
    static const Pb__EventType types[] = {
        TYPE(MARKER_RECORDED),       TYPE(START_CHILD_WORKFLOW_EXECUTION_INITIATED),
        TYPE(NEXUS_OPERATION_SCHEDULED), TYPE(WORKFLOW_EXECUTION_UPDATE_ACCEPTED),
        (Pb__EventType)999,
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct history_builder history;
        int64_t activity = history_begin_activity(&history, "1", "charge");
        Pb__HistoryEvent *event = history_add(&history, types[i]);
        history_add_activity_completed(&history, activity, "1");
        history_add_task(&history);
        history_check_begins(&history, &charges_definition, "FAILED 24: history has event 6 (");
        event->worker_may_ignore = true;
        history_check_begins(&history, &charges_definition, "COMPLETE_WORKFLOW_EXECUTION 1");
        history_deinit(&history);
    }
}

static void event_about_something_unknown_fails_the_task(void **state)
{
    (void)state;
    struct history_builder history;
    history_begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, 3, "1");
    history_add_task(&history);
    history_check_begins(&history, &charges_definition,
                         "FAILED 24: history has event 6 (ACTIVITY_TASK_COMPLETED) for an activity that");
    history_truncate(&history, 5);
    history_add_timer_fired(&history, 5, "1");
    history_add_task(&history);
    history_check_begins(&history, &charges_definition,
                         "FAILED 24: history has event 6 (TIMER_FIRED) for a timer that");
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swapped_command_is_named),
        cmocka_unit_test(wrong_command_type_is_named),
        cmocka_unit_test(missing_command_is_named),
        cmocka_unit_test(extra_command_is_named_also_on_an_open_history),
        cmocka_unit_test(run_recovers_after_the_right_code_is_deployed),
        cmocka_unit_test(unsupported_event_fails_the_task_unless_it_may_be_ignored),
        cmocka_unit_test(event_about_something_unknown_fails_the_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
