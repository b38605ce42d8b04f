/* Answers to workflow tasks and to queries, and what becomes of a run whose answer is not taken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "support_tasks.h"

/* ---- answers that are not taken ---- */

static void run_after_a_refused_answer(enum status status, enum rpc_code code)
{
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_refuse_answer(&fixture, RESPOND_COMPLETED, status, code);
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    assert_int_equal(metric_counter_value(fixture.context.metrics.workflow_task_dropped), 1);
    /* The server's next task says what holds; the run is rebuilt for it. */
    history_add_task_failed(&history, TASK_CAUSE(UNHANDLED_COMMAND), NULL);
    history_add_signal(&history, "hello", NULL);
    history_add_task(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2"});
    tasks_assert_schedules(tasks_expect_completed(&fixture), "charge");
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void an_answer_that_an_event_overtook_is_dropped_and_the_run_evicted(void **state)
{
    (void)state;
    run_after_a_refused_answer(STATUS_INVALID_ARGUMENT, RPC_INVALID_ARGUMENT); /* UnhandledCommand */
}

static void an_answer_to_a_task_that_is_gone_is_dropped_and_the_run_evicted(void **state)
{
    (void)state;
    run_after_a_refused_answer(STATUS_NOT_FOUND, RPC_NOT_FOUND);
}

static void an_answer_that_is_too_large_fails_the_task_with_that_cause(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_refuse_answer(&fixture, RESPOND_COMPLETED, STATUS_TOO_LARGE, RPC_RESOURCE_EXHAUSTED);
    const Pb__RespondWorkflowTaskFailedRequest *request = tasks_expect_failed(&fixture);
    assert_int_equal(request->cause, TASK_CAUSE(GRPC_MESSAGE_TOO_LARGE));
    tasks_assert_token(request->task_token, "t1");
    /* And that is not answered again. */
    tasks_refuse_answer(&fixture, RESPOND_FAILED, STATUS_TOO_LARGE, RPC_RESOURCE_EXHAUSTED);
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED));
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .attempt = 2});
    tasks_refuse_answer(&fixture, RESPOND_COMPLETED, STATUS_TOO_LARGE, RPC_RESOURCE_EXHAUSTED);
    assert_null(tasks_waiting(&fixture, RESPOND_FAILED)); /* the second attempt stays silent */
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

/* ---- queries ---- */

static void a_lone_query_is_refused_by_its_own_call_and_touches_no_run(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "q", .is_query = true});
    const Pb__RespondQueryTaskCompletedRequest *request =
        (const void *)tasks_expect(&fixture, &service_respond_query_task_completed)->request;
    tasks_assert_token(request->task_token, "q");
    assert_int_equal(request->completed_type, PB__QUERY_RESULT_TYPE__QUERY_RESULT_TYPE_FAILED);
    assert_true(*request->error_message != '\0');
    assert_null(tasks_waiting(&fixture, RESPOND_COMPLETED));
    tasks_refuse_answer(&fixture, &service_respond_query_task_completed, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 0);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void queries_on_a_task_are_refused_with_its_answer(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    Pb__PollWorkflowTaskQueueResponse *task = tasks_make(&history, (struct test_task){.token = "t1"});
    task->n_queries = 1;
    task->queries = memory_alloc(sizeof(void *));
    task->queries[0] = memory_alloc(sizeof *task->queries[0]);
    pb__poll_workflow_task_queue_response__queries_entry__init(task->queries[0]);
    task->queries[0]->key = memory_copy_string("q1");
    fake_calls_answer(tasks_expect(&fixture, &service_poll_workflow_task_queue), &task->base);
    const Pb__RespondWorkflowTaskCompletedRequest *request = tasks_expect_completed(&fixture);
    tasks_assert_schedules(request, "charge");
    assert_int_equal(request->n_query_results, 1);
    assert_string_equal(request->query_results[0]->key, "q1");
    assert_int_equal(request->query_results[0]->value->result_type, PB__QUERY_RESULT_TYPE__QUERY_RESULT_TYPE_FAILED);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_an_event_overtook_is_dropped_and_the_run_evicted),
        cmocka_unit_test(an_answer_to_a_task_that_is_gone_is_dropped_and_the_run_evicted),
        cmocka_unit_test(an_answer_that_is_too_large_fails_the_task_with_that_cause),
        cmocka_unit_test(a_lone_query_is_refused_by_its_own_call_and_touches_no_run),
        cmocka_unit_test(queries_on_a_task_are_refused_with_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
