/* What workflow code asks for, live and replayed: timers, activities, signals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support_history_builder.h"
#include "support_workflows.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

/* ---- timers ---- */

static void timer_fires_and_time_moves_on(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    int64_t timer = history_add_timer_started(&history, "1");
    history_add_timer_fired(&history, timer, "1");
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_closed(&history, TYPE(WORKFLOW_EXECUTION_COMPLETED));
    history_check(&history, &sleeps_definition,
                  (const char *const[]){"START_TIMER 1 5000ms", "COMPLETE_WORKFLOW_EXECUTION {\"now\":7}", NULL});
    char *answer = history_replay(&history, &sleeps_definition);
    assert_string_equal(answer, "");
    free(answer);
    history_deinit(&history);
}

static json_t *cancels_one_of_three(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *first = temporal_workflow_start_timer(workflow, 1000);
    struct temporal_future *second = temporal_workflow_start_timer(workflow, 2000);
    struct temporal_future *third = temporal_workflow_start_timer(workflow, 3000);
    temporal_future_cancel(workflow, second);
    size_t index = temporal_workflow_wait_any(workflow, (struct temporal_future *[]){first, second, third}, 3);
    if (index != 1) {
        return temporal_workflow_fail(workflow, "Wrong", "the cancelled timer is ready first");
    }
    if (temporal_future_wait(workflow, second) != NULL ||
        temporal_workflow_failure_kind(workflow) != TEMPORAL_FAILURE_CANCELED) {
        return temporal_workflow_fail(workflow, "Wrong", "the cancelled timer has fired");
    }
    if (temporal_future_wait(workflow, first) == NULL) {
        return NULL;
    }
    temporal_future_cancel(workflow, third);
    temporal_future_cancel(workflow, first);
    return json_string("done");
}
DEFINE_WORKFLOW(cancels_one_of_three);

static void timer_cancelled_before_it_is_sent_leaves_no_command(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    int64_t first = history_add_timer_started(&history, "1");
    int64_t third = history_add_timer_started(&history, "3");
    history_add_timer_fired(&history, first, "1");
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_timer_canceled(&history, third, "3");
    history_add_closed(&history, TYPE(WORKFLOW_EXECUTION_COMPLETED));
    history_check(&history, &cancels_one_of_three_definition,
                  (const char *const[]){"START_TIMER 1 1000ms; START_TIMER 3 3000ms",
                                        "CANCEL_TIMER 3; COMPLETE_WORKFLOW_EXECUTION \"done\"", NULL});
    char *answer = history_replay(&history, &cancels_one_of_three_definition);
    assert_string_equal(answer, "");
    free(answer);
    history_deinit(&history);
}

/* ---- activities ---- */

static void activity_result_is_the_workflows(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_started(&history, activity);
    history_add_activity_completed(&history, activity, "{\"ok\":true}");
    history_add_task(&history);
    history_check(&history, &charges_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 charge {\"cents\":5}",
                                        "COMPLETE_WORKFLOW_EXECUTION {\"ok\":true}", NULL});
    history_deinit(&history);
}

static void activity_failure_fails_the_workflow_with_its_cause(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_started(&history, activity);
    history_add_activity_failed(&history, activity, "CardDeclined", "no money");
    history_add_task(&history);
    history_check(&history, &charges_definition,
                  (const char *const[]){
                      "SCHEDULE_ACTIVITY_TASK 1 charge {\"cents\":5}",
                      "FAIL_WORKFLOW_EXECUTION [charge|activity failed] [CardDeclined|no money]", NULL});
    history_deinit(&history);
}

static void activity_timeout_is_told_with_its_kind(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_timed_out(&history, activity, PB__TIMEOUT_TYPE__TIMEOUT_TYPE_SCHEDULE_TO_START);
    history_add_task(&history);
    history_check(&history, &charges_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 charge {\"cents\":5}",
                                        "COMPLETE_WORKFLOW_EXECUTION {\"timeout\":2}", NULL});
    history_deinit(&history);
}

static void all_activity_options_are_sent(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &charges_definition);
    struct workflow_completion completion = history_handle(run, &history, 0, history.count, 0);
    assert_int_equal(completion.command_count, 1);
    const Pb__ScheduleActivityTaskCommandAttributes *attributes =
        completion.commands[0]->schedule_activity_task_command_attributes;
    assert_string_equal(attributes->task_queue->name, "queue");
    assert_int_equal(attributes->start_to_close_timeout->seconds, 60);
    assert_null(attributes->heartbeat_timeout);
    assert_int_equal(attributes->retry_policy->maximum_attempts, 3);
    assert_true(attributes->retry_policy->backoff_coefficient > 1.9);
    assert_string_equal(attributes->input->payloads[0]->metadata[0]->key, "encoding");
    workflow_completion_deinit(&completion);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

static json_t *cancels_unsent_activity(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *activity = temporal_workflow_start_activity(workflow, "charge", json_null(), MINUTE);
    temporal_future_cancel(workflow, activity);
    temporal_future_cancel(workflow, activity);
    return json_string(temporal_future_wait(workflow, activity) == NULL ? "gone" : "here");
}
DEFINE_WORKFLOW(cancels_unsent_activity);

static void activity_cancelled_before_it_is_sent_leaves_no_command(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_check(&history, &cancels_unsent_activity_definition,
                  (const char *const[]){"COMPLETE_WORKFLOW_EXECUTION \"gone\"", NULL});
    history_deinit(&history);
}

static json_t *passes_null(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", NULL, MINUTE);
}
DEFINE_WORKFLOW(passes_null);

static void input_that_could_not_be_made_fails_the_call(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_check_begins(&history, &passes_null_definition, "FAIL_WORKFLOW_EXECUTION [InvalidArgument|");
    history_deinit(&history);
}

static json_t *passes_bytes_on(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_payload payload = {0};
    struct temporal_payload result = {0};
    if (!temporal_workflow_input_payload(workflow, 0, &payload) ||
        !temporal_workflow_execute_activity_raw(workflow, "copy", &payload, MINUTE, &result)) {
        return NULL;
    }
    return json_stringn(result.data, result.length);
}
DEFINE_WORKFLOW(passes_bytes_on);

static void payload_passes_byte_for_byte(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, "{ \"n\": 12345678901234567890, \"x\": 1.00 }");
    history_add_task(&history);
    history_add_task_completed(&history);
    int64_t activity = history_add_activity_scheduled(&history, "1", "copy");
    history_add_activity_completed(&history, activity, "1.000");
    history_add_task(&history);
    history_check(&history, &passes_bytes_on_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 copy { \"n\": 12345678901234567890, \"x\": 1.00 }",
                                        "COMPLETE_WORKFLOW_EXECUTION \"1.000\"", NULL});
    history_deinit(&history);
}

/* ---- signals ---- */

static json_t *collects(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    json_t *list = json_array();
    struct temporal_future *timer = temporal_workflow_start_timer(workflow, 1000);
    while (json_array_size(list) < 3) {
        struct temporal_future *signal = temporal_workflow_start_signal_receive(workflow, "add");
        if (temporal_workflow_wait_any(workflow, (struct temporal_future *[]){signal, timer}, 2) == 1) {
            temporal_future_release(workflow, signal);
            json_array_append_new(list, json_string("timer"));
            break;
        }
        json_array_append_new(list, temporal_future_wait(workflow, signal));
        temporal_future_release(workflow, signal);
    }
    json_array_append_new(list, json_integer((json_int_t)temporal_workflow_signal_count(workflow, "add")));
    return list;
}
DEFINE_WORKFLOW(collects);

static void signal_before_the_first_task_is_received(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_signal(&history, "add", "1");
    history_add_signal(&history, "other", "9");
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_timer_started(&history, "1");
    history_add_signal(&history, "add", NULL);
    history_add_signal(&history, "add", "3");
    history_add_signal(&history, "add", "4");
    history_add_task(&history);
    history_check(&history, &collects_definition,
                  (const char *const[]){"START_TIMER 1 1000ms", "COMPLETE_WORKFLOW_EXECUTION [1,null,3,1]", NULL});
    history_deinit(&history);
}

static void signals_and_timer_of_one_sequence_keep_their_order(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    int64_t timer = history_add_timer_started(&history, "1");
    history_add_signal(&history, "add", "1");
    history_add_timer_fired(&history, timer, "1");
    history_add_signal(&history, "add", "2");
    history_add_task(&history);
    history_check(&history, &collects_definition,
                  (const char *const[]){"START_TIMER 1 1000ms", "COMPLETE_WORKFLOW_EXECUTION [1,\"timer\",1]", NULL});
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timer_fires_and_time_moves_on),
        cmocka_unit_test(timer_cancelled_before_it_is_sent_leaves_no_command),
        cmocka_unit_test(activity_result_is_the_workflows),
        cmocka_unit_test(activity_failure_fails_the_workflow_with_its_cause),
        cmocka_unit_test(activity_timeout_is_told_with_its_kind),
        cmocka_unit_test(all_activity_options_are_sent),
        cmocka_unit_test(activity_cancelled_before_it_is_sent_leaves_no_command),
        cmocka_unit_test(input_that_could_not_be_made_fails_the_call),
        cmocka_unit_test(payload_passes_byte_for_byte),
        cmocka_unit_test(signal_before_the_first_task_is_received),
        cmocka_unit_test(signals_and_timer_of_one_sequence_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
