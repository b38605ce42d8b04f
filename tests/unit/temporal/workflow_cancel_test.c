/* Cancellation: of the workflow and of single futures, and what cannot be cancelled. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "support_history_builder.h"
#include "support_workflows.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

static json_t *works(struct temporal_workflow *workflow, enum temporal_cancellation cancellation)
{
    return temporal_workflow_execute_activity(
        workflow, "work", json_null(),
        &(struct temporal_activity_options){.start_to_close_ms = 60000, .cancellation = cancellation});
}

static json_t *tries(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return works(workflow, TEMPORAL_CANCELLATION_TRY);
}
DEFINE_WORKFLOW(tries);

static json_t *waits(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return works(workflow, TEMPORAL_CANCELLATION_WAIT);
}
DEFINE_WORKFLOW(waits);

static json_t *abandons(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return works(workflow, TEMPORAL_CANCELLATION_ABANDON);
}
DEFINE_WORKFLOW(abandons);

/* Up to a workflow task that follows the request to cancel; the activity is event 5. */
static void begin(struct history_builder *history)
{
    history_init(history);
    history_add_execution_started(history, NULL);
    history_add_task(history);
    history_add_task_completed(history);
    history_add_activity_scheduled(history, "1", "work");
    history_add_cancel_requested(history);
    history_add_task(history);
}

static void try_asks_the_activity_to_stop_and_goes_on(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_check(&history, &tries_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null",
                                        "REQUEST_CANCEL_ACTIVITY_TASK 5; CANCEL_WORKFLOW_EXECUTION", NULL});
    history_deinit(&history);
}

static void abandon_sends_nothing(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_check(&history, &abandons_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null", "CANCEL_WORKFLOW_EXECUTION", NULL});
    history_deinit(&history);
}

static void wait_waits_for_the_end_of_the_activity(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_add_task_completed(&history);
    history_add_activity_cancel_requested(&history, 5);
    size_t here = history.count;
    history_add_activity_canceled(&history, 5);
    history_add_task(&history);
    history_check(&history, &waits_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null", "REQUEST_CANCEL_ACTIVITY_TASK 5",
                                        "CANCEL_WORKFLOW_EXECUTION", NULL});
    history_truncate(&history, here);
    history_add_activity_started(&history, 5);
    history_add_activity_completed(&history, 5, "\"after all\"");
    history_add_task(&history);
    history_check(&history, &waits_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null", "REQUEST_CANCEL_ACTIVITY_TASK 5",
                                        "COMPLETE_WORKFLOW_EXECUTION \"after all\"", NULL});
    history_deinit(&history);
}

static json_t *goes_on(struct temporal_workflow *workflow, const json_t *input)
{
    if (tries(workflow, input) == NULL) {
        temporal_workflow_cleanup_begin(workflow);
        (void)temporal_workflow_sleep(workflow, 1000);
        temporal_workflow_cleanup_end(workflow);
    }
    return json_pack("{s:b, s:i}", "asked", (int)temporal_workflow_is_cancel_requested(workflow), "kind",
                     (int)temporal_workflow_failure_kind(workflow));
}
DEFINE_WORKFLOW(goes_on);

static void late_events_of_a_cancelled_activity_are_swallowed(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_add_task_completed(&history);
    history_add_activity_cancel_requested(&history, 5);
    int64_t timer = history_add_timer_started(&history, "1");
    history_add_activity_started(&history, 5);
    history_add_activity_completed(&history, 5, "1");
    history_add_timer_fired(&history, timer, "1");
    history_add_task(&history);
    history_check(&history, &goes_on_definition,
                  (const char *const[]){
                      "SCHEDULE_ACTIVITY_TASK 1 work null", "REQUEST_CANCEL_ACTIVITY_TASK 5; START_TIMER 1 1000ms",
                      "COMPLETE_WORKFLOW_EXECUTION {\"asked\":true,\"kind\":2}", NULL});
    history_deinit(&history);
}

static json_t *begins_anew(struct temporal_workflow *workflow, const json_t *input)
{
    (void)tries(workflow, input);
    if (temporal_workflow_sleep(workflow, 1000) || tries(workflow, input) != NULL ||
        temporal_workflow_signal_receive(workflow, "any") != NULL) {
        return json_string("not cancelled");
    }
    return NULL;
}
DEFINE_WORKFLOW(begins_anew);

static void nothing_new_begins_once_cancelled(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_check(&history, &begins_anew_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null",
                                        "REQUEST_CANCEL_ACTIVITY_TASK 5; CANCEL_WORKFLOW_EXECUTION", NULL});
    history_deinit(&history);
}

static json_t *races(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *futures[] = {
        temporal_workflow_start_activity(workflow, "work", json_null(),
                                         &(struct temporal_activity_options){.start_to_close_ms = 60000}),
        temporal_workflow_start_timer(workflow, 1000),
    };
    size_t winner = temporal_workflow_wait_any(workflow, futures, 2);
    temporal_future_cancel(workflow, futures[1 - winner]);
    return winner == 0 ? temporal_future_wait(workflow, futures[0]) : json_string("too slow");
}
DEFINE_WORKFLOW(races);

static void begin_race(struct history_builder *history)
{
    history_init(history);
    history_add_execution_started(history, NULL);
    history_add_task(history);
    history_add_task_completed(history);
    history_add_activity_scheduled(history, "1", "work");
    history_add_timer_started(history, "1");
}

static void loser_of_a_race_is_cancelled(void **state)
{
    (void)state;
    struct history_builder history;
    static const char first[] = "SCHEDULE_ACTIVITY_TASK 1 work null; START_TIMER 1 1000ms";
    begin_race(&history);
    history_add_activity_completed(&history, 5, "1");
    history_add_task(&history);
    history_check(&history, &races_definition,
                  (const char *const[]){first, "CANCEL_TIMER 1; COMPLETE_WORKFLOW_EXECUTION 1", NULL});
    history_truncate(&history, 6);
    history_add_timer_fired(&history, 6, "1");
    history_add_task(&history);
    history_check(&history, &races_definition,
                  (const char *const[]){
                      first, "REQUEST_CANCEL_ACTIVITY_TASK 5; COMPLETE_WORKFLOW_EXECUTION \"too slow\"", NULL});
    history_deinit(&history);
}

static void cancelling_what_is_ready_does_nothing(void **state)
{
    (void)state;
    struct history_builder history;
    begin_race(&history);
    history_add_activity_completed(&history, 5, "1");
    history_add_timer_fired(&history, 6, "1");
    history_add_task(&history);
    history_check(&history, &races_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null; START_TIMER 1 1000ms",
                                        "COMPLETE_WORKFLOW_EXECUTION 1", NULL});
    history_deinit(&history);
}

static void result_that_came_with_the_request_counts(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_truncate(&history, 6);
    history_add_activity_started(&history, 5);
    history_add_activity_completed(&history, 5, "1");
    history_add_task(&history);
    history_check(&history, &tries_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 work null", "COMPLETE_WORKFLOW_EXECUTION 1", NULL});
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(try_asks_the_activity_to_stop_and_goes_on),
        cmocka_unit_test(abandon_sends_nothing),
        cmocka_unit_test(wait_waits_for_the_end_of_the_activity),
        cmocka_unit_test(late_events_of_a_cancelled_activity_are_swallowed),
        cmocka_unit_test(nothing_new_begins_once_cancelled),
        cmocka_unit_test(loser_of_a_race_is_cancelled),
        cmocka_unit_test(cancelling_what_is_ready_does_nothing),
        cmocka_unit_test(result_that_came_with_the_request_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
