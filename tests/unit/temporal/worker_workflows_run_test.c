/* A task's history and the workflow that runs on it: what is fetched, decoded, rebuilt, and how a task fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "codec_message.h"
#include "support_codec.h"
#include "support_tasks.h"

/* ---- histories that do not continue what is cached ---- */

static void a_run_that_is_not_cached_is_rebuilt_from_its_whole_history(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_go_on(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .from = 7, .previous_started = 3});
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_miss), 1);
    tasks_give_history(&fixture, &history, 7); /* the task's own events are in no stored history */
    tasks_assert_closes(tasks_expect_completed(&fixture));
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void a_cached_run_that_has_missed_a_task_is_dropped_and_rebuilt(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_go_on(&history);
    /* 4 to 7 are missing. */
    tasks_give(&fixture, &history, (struct test_task){.token = "t3", .from = 7, .previous_started = 3});
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_miss), 1);
    tasks_give_history(&fixture, &history, history.count);
    tasks_assert_closes(tasks_expect_completed(&fixture));
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void a_history_that_stays_short_fails_the_first_attempt_only(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_go_on(&history);
    for (int attempt = 1; attempt <= 2; attempt++) {
        tasks_give(&fixture, &history,
                   (struct test_task){.token = "t2", .from = 8, .previous_started = 3, .attempt = attempt});
        tasks_give_history(&fixture, &history, 6);
        if (attempt == 1) {
            tasks_assert_token(tasks_expect_failed(&fixture)->task_token, "t2");
            tasks_take_answer(&fixture, RESPOND_FAILED);
        }
        assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
        tasks_assert_nothing_in_work(&fixture);
        assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    }
    tasks_end(&fixture);
    history_deinit(&history);
}

static void a_run_that_is_gone_when_its_history_is_fetched_is_let_go(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_go_on(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .from = 7, .previous_started = 3});
    tasks_refuse_answer(&fixture, &service_get_workflow_execution_history, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

/* ---- failures of the task ---- */

static void a_workflow_that_nobody_registered_fails_the_first_attempt_only(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1", .type = "other"});
    const Pb__RespondWorkflowTaskFailedRequest *request = tasks_expect_failed(&fixture);
    assert_int_equal(request->cause, TASK_CAUSE(WORKFLOW_WORKER_UNHANDLED_FAILURE));
    assert_non_null(strstr(request->failure->message, "\"other\""));
    tasks_take_answer(&fixture, RESPOND_FAILED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .type = "other", .attempt = 2});
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_execution_failed), 2);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_non_determinism), 0);
    tasks_end(&fixture);
    history_deinit(&history);
}

static json_t *refunds(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "refund", json_null(),
                                              &(struct temporal_activity_options){.start_to_close_ms = 60000});
}

static void code_that_changed_is_reported_as_non_determinism_and_mended_by_the_right_code(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin_history(&history);
    tasks_go_on(&history);
    tasks_begin(&fixture, refunds, 10);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .previous_started = 3});
    const Pb__RespondWorkflowTaskFailedRequest *request = tasks_expect_failed(&fixture);
    assert_int_equal(request->cause, TASK_CAUSE(NON_DETERMINISTIC_ERROR));
    assert_non_null(strstr(request->failure->message, "5")); /* the event */
    tasks_take_answer(&fixture, RESPOND_FAILED);
    history_add_task_failed(&history, TASK_CAUSE(NON_DETERMINISTIC_ERROR), NULL);
    history_add_task(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t3", .previous_started = 3, .attempt = 2});
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_non_determinism), 2);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_execution_failed), 0);
    tasks_end(&fixture);

    tasks_begin(&fixture, tasks_charges, 10);
    tasks_give(&fixture, &history, (struct test_task){.token = "t4", .previous_started = 3, .attempt = 3});
    tasks_assert_closes(tasks_expect_completed(&fixture));
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

/* ---- encoded histories ---- */

static void a_history_that_cannot_be_decoded_fails_the_task(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    fixture.context.codec = &support_codec;
    tasks_begin_history(&history);
    Pb__WorkflowExecutionStartedEventAttributes *attributes =
        history.events[0]->workflow_execution_started_event_attributes;
    attributes->last_completion_result = memory_alloc(sizeof(Pb__Payloads));
    pb__payloads__init(attributes->last_completion_result);
    attributes->last_completion_result->n_payloads = 1;
    attributes->last_completion_result->payloads = memory_alloc(sizeof(Pb__Payload *));
    attributes->last_completion_result->payloads[0] = support_codec_broken();
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    const Pb__RespondWorkflowTaskFailedRequest *request = tasks_expect_failed(&fixture);
    assert_int_equal(request->cause, TASK_CAUSE(WORKFLOW_WORKER_UNHANDLED_FAILURE));
    assert_string_equal(request->failure->message, "a payload cannot be decoded: not turned");
    tasks_take_answer(&fixture, RESPOND_FAILED);
    tasks_assert_nothing_in_work(&fixture);
    history_deinit(&history);
    tasks_end(&fixture);
}

static void a_run_and_its_encoded_history_are_as_without_a_codec(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    fixture.context.codec = &support_codec;
    tasks_begin_history(&history);
    tasks_go_on(&history);
    for (size_t i = 0; i < history.count; i++) {
        assert_int_equal(codec_encode_message(&support_codec, &history.events[i]->base, NULL), STATUS_OK);
    }
    tasks_give(&fixture, &history, (struct test_task){.token = "t1", .previous_started = 3});
    tasks_assert_closes(tasks_expect_completed(&fixture));
    const Pb__Payload *result = tasks_expect_completed(&fixture)
                                    ->commands[0]
                                    ->complete_workflow_execution_command_attributes->result->payloads[0];
    assert_memory_equal(result->data.data, "\"ok\"", 4);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    history_deinit(&history);
    tasks_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_is_not_cached_is_rebuilt_from_its_whole_history),
        cmocka_unit_test(a_cached_run_that_has_missed_a_task_is_dropped_and_rebuilt),
        cmocka_unit_test(a_history_that_stays_short_fails_the_first_attempt_only),
        cmocka_unit_test(a_run_that_is_gone_when_its_history_is_fetched_is_let_go),
        cmocka_unit_test(a_workflow_that_nobody_registered_fails_the_first_attempt_only),
        cmocka_unit_test(code_that_changed_is_reported_as_non_determinism_and_mended_by_the_right_code),
        cmocka_unit_test(a_history_that_cannot_be_decoded_fails_the_task),
        cmocka_unit_test(a_run_and_its_encoded_history_are_as_without_a_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
