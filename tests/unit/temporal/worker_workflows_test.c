/* The workflow half of a worker: its task queues from the first poll to the stop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_tasks.h"

/* ---- the plain way ---- */

static void a_run_is_kept_and_its_next_task_needs_only_what_is_new(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    const Pb__RespondWorkflowTaskCompletedRequest *request = tasks_expect_completed(&fixture);
    tasks_assert_schedules(request, "charge");
    tasks_assert_token(request->task_token, "t1");
    assert_string_equal(request->sticky_attributes->worker_task_queue->name, "queue-sticky");
    assert_string_equal(request->sticky_attributes->worker_task_queue->normal_name, "queue");
    assert_true(request->return_new_workflow_task);
    assert_string_equal(request->sdk_metadata->sdk_name, WORKER_SDK_NAME);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    assert_int_equal(tasks_gauge(&fixture, "temporal_sticky_cache_size", "} "), 1);
    assert_true(tasks_gauge(&fixture, "temporal_sticky_cache_bytes", "} ") > 0);
    tasks_go_on(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .from = 3, .previous_started = 3});
    tasks_assert_closes(tasks_expect_completed(&fixture));
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_hit), 1);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0); /* closed: nothing will come any more */
    assert_int_equal(tasks_gauge(&fixture, "temporal_sticky_cache_bytes", "} "), 0);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void without_a_cache_every_task_replays_and_nothing_is_sticky(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 0);
    assert_int_equal(fake_calls_waiting_count(&fixture.fake, &service_poll_workflow_task_queue), 1);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    assert_null(tasks_expect_completed(&fixture)->sticky_attributes);
    assert_false(tasks_expect_completed(&fixture)->return_new_workflow_task);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    tasks_go_on(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .previous_started = 3});
    tasks_assert_closes(tasks_expect_completed(&fixture));
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

/* ---- the stop ---- */

static void a_stop_waits_for_the_answer_that_is_under_way(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    worker_workflows_stop(fixture.workflows, false);
    assert_true(tasks_expect(&fixture, &service_poll_workflow_task_queue)->is_cancelled);
    assert_false(tasks_expect(&fixture, RESPOND_COMPLETED)->is_cancelled);
    tasks_end_polls(&fixture);
    assert_false(worker_workflows_is_idle(fixture.workflows));
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    assert_null(tasks_waiting(&fixture, &service_poll_workflow_task_queue));
    tasks_free(&fixture);
    history_deinit(&history);
}

static void a_task_that_comes_while_polls_are_drained_is_answered_for_another_worker_to_go_on(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    worker_workflows_stop(fixture.workflows, true);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    const Pb__RespondWorkflowTaskCompletedRequest *request = tasks_expect_completed(&fixture);
    tasks_assert_schedules(request, "charge");
    assert_null(request->sticky_attributes);
    assert_false(request->return_new_workflow_task);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    assert_int_equal(fake_calls_waiting_count(&fixture.fake, &service_poll_workflow_task_queue), 1);
    worker_workflows_cancel_polls(fixture.workflows);
    assert_true(tasks_expect(&fixture, &service_poll_workflow_task_queue)->is_cancelled);
    tasks_end_polls(&fixture);
    tasks_free(&fixture);
    history_deinit(&history);
}

static void giving_up_cancels_answers_and_fetches_and_drops_what_is_parked(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_give(&fixture, &history, (struct test_task){.token = "t2"});
    tasks_go_on(&history);
    tasks_give(&fixture, &history,
               (struct test_task){.token = "o2", .run_id = TASKS_OTHER_RUN_ID, .from = 7, .previous_started = 3});
    worker_workflows_stop(fixture.workflows, false);
    tasks_end_polls(&fixture);
    worker_workflows_abandon(fixture.workflows);
    struct fake_call *fetch = tasks_expect(&fixture, &service_get_workflow_execution_history);
    struct fake_call *answer = tasks_expect(&fixture, RESPOND_COMPLETED);
    assert_true(fetch->is_cancelled);
    assert_true(answer->is_cancelled);
    fake_calls_fail(fetch, STATUS_CANCELED, RPC_CANCELLED);
    fake_calls_fail(answer, STATUS_CANCELED, RPC_CANCELLED);
    assert_null(tasks_waiting(&fixture, RESPOND_COMPLETED));
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
    tasks_free(&fixture);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_kept_and_its_next_task_needs_only_what_is_new),
        cmocka_unit_test(without_a_cache_every_task_replays_and_nothing_is_sticky),
        cmocka_unit_test(a_stop_waits_for_the_answer_that_is_under_way),
        cmocka_unit_test(a_task_that_comes_while_polls_are_drained_is_answered_for_another_worker_to_go_on),
        cmocka_unit_test(giving_up_cancels_answers_and_fetches_and_drops_what_is_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
