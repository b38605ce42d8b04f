/* Tasks of one run behind each other, and the runs that are kept between tasks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_tasks.h"

/* ---- two tasks of one run ---- */

static void the_next_task_comes_with_the_answer_s_reply(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_go_on(&history);
    Pb__RespondWorkflowTaskCompletedResponse *reply = (void *)tasks_empty_reply(RESPOND_COMPLETED);
    reply->workflow_task = tasks_make(&history, (struct test_task){.token = "t2", .from = 3, .previous_started = 3});
    fake_calls_answer(tasks_expect(&fixture, RESPOND_COMPLETED), &reply->base);
    const Pb__RespondWorkflowTaskCompletedRequest *request = tasks_expect_completed(&fixture);
    tasks_assert_closes(request);
    tasks_assert_token(request->task_token, "t2");
    assert_int_equal(tasks_permits_used(&fixture), TASKS_POLLS + 1);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void a_newer_task_of_a_busy_run_waits_and_the_newest_wins(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_give(&fixture, &history, (struct test_task){.token = "t2"});
    tasks_give(&fixture, &history, (struct test_task){.token = "t3"});
    assert_int_equal(worker_workflows_tasks(fixture.workflows), 2); /* the second was let go */
    assert_int_equal(fake_calls_waiting_count(&fixture.fake, RESPOND_COMPLETED), 1);
    tasks_assert_token(tasks_expect_completed(&fixture)->task_token, "t1");
    tasks_refuse_answer(&fixture, RESPOND_COMPLETED, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    const Pb__RespondWorkflowTaskCompletedRequest *request = tasks_expect_completed(&fixture);
    tasks_assert_token(request->task_token, "t3");
    tasks_assert_schedules(request, "charge");
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    tasks_end(&fixture);
    history_deinit(&history);
}

static void what_is_parked_goes_on_behind_a_task_that_came_with_the_reply(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 10);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_go_on(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t3", .previous_started = 3});
    Pb__RespondWorkflowTaskCompletedResponse *reply = (void *)tasks_empty_reply(RESPOND_COMPLETED);
    reply->workflow_task = tasks_make(&history, (struct test_task){.token = "t2", .from = 3, .previous_started = 3});
    fake_calls_answer(tasks_expect(&fixture, RESPOND_COMPLETED), &reply->base);
    tasks_assert_token(tasks_expect_completed(&fixture)->task_token, "t2");
    tasks_refuse_answer(&fixture, RESPOND_COMPLETED, STATUS_NOT_FOUND, RPC_NOT_FOUND);
    tasks_assert_token(tasks_expect_completed(&fixture)->task_token, "t3");
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

/* ---- the cache ---- */

static void a_full_cache_pushes_out_the_run_that_is_idle_never_one_that_is_busy(void **state)
{
    (void)state;
    struct tasks_fixture fixture;
    struct history_builder history;
    tasks_begin(&fixture, tasks_charges, 1);
    tasks_begin_history(&history);
    tasks_give(&fixture, &history, (struct test_task){.token = "t1"});
    tasks_give(&fixture, &history, (struct test_task){.token = "o1", .run_id = TASKS_OTHER_RUN_ID});
    assert_int_equal(worker_workflows_cached(fixture.workflows), 2); /* both busy */
    tasks_take_answer(&fixture, RESPOND_COMPLETED); /* t1 */
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_total_forced_eviction), 1);
    tasks_take_answer(&fixture, RESPOND_COMPLETED); /* o1 */
    assert_int_equal(worker_workflows_cached(fixture.workflows), 1);
    tasks_go_on(&history);
    tasks_give(&fixture, &history,
               (struct test_task){.token = "o2", .run_id = TASKS_OTHER_RUN_ID, .from = 3, .previous_started = 3});
    tasks_assert_closes(tasks_expect_completed(&fixture));
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_hit), 1);
    tasks_give(&fixture, &history, (struct test_task){.token = "t2", .from = 3, .previous_started = 3});
    assert_int_equal(metric_counter_value(fixture.context.metrics.sticky_cache_miss), 1);
    tasks_give_history(&fixture, &history, history.count);
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_token(tasks_expect_completed(&fixture)->task_token, "t2");
    tasks_assert_closes(tasks_expect_completed(&fixture));
    tasks_take_answer(&fixture, RESPOND_COMPLETED);
    tasks_assert_nothing_in_work(&fixture);
    tasks_end(&fixture);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_task_comes_with_the_answer_s_reply),
        cmocka_unit_test(a_newer_task_of_a_busy_run_waits_and_the_newest_wins),
        cmocka_unit_test(what_is_parked_goes_on_behind_a_task_that_came_with_the_reply),
        cmocka_unit_test(a_full_cache_pushes_out_the_run_that_is_idle_never_one_that_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
