/* A run as a whole: its tasks, live and replayed, and what it costs to keep. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "support_history_builder.h"
#include "support_workflows.h"

#define TASK_FAILED(name) PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_##name

/* ---- tasks that failed, timed out, or were heartbeats ---- */

static void failed_and_timed_out_tasks_never_ran(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_failed(&history, TASK_FAILED(WORKFLOW_WORKER_UNHANDLED_FAILURE), "");
    history_add_task(&history);
    history_add_task_timed_out(&history);
    history_add_task(&history);
    history_add_task_completed(&history);
    int64_t timer = history_add_timer_started(&history, "1");
    history_add_timer_fired(&history, timer, "1");
    history_add_task(&history);
    history_add_task_timed_out(&history);
    history_add_task(&history);
    /* the last task started with event 17: 16 s */
    history_check(&history, &sleeps_definition,
                  (const char *const[]){"START_TIMER 1 5000ms", "COMPLETE_WORKFLOW_EXECUTION {\"now\":16}", NULL});
    history_deinit(&history);
}

static json_t *waits_for_signal(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    json_t *value = temporal_workflow_signal_receive(workflow, "go");
    return value != NULL ? temporal_workflow_execute_activity(workflow, "charge", value, MINUTE) : NULL;
}
DEFINE_WORKFLOW(waits_for_signal);

static void heartbeat_tasks_are_merged(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_signal(&history, "go", "1");
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_activity_scheduled(&history, "1", "charge");
    history_check(&history, &waits_for_signal_definition,
                  (const char *const[]){"", "", "", "SCHEDULE_ACTIVITY_TASK 1 charge 1", NULL});
    history_deinit(&history);
}

/* ---- random numbers ---- */

static json_t *draws(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    char uuid[TEMPORAL_UUID_SIZE];
    temporal_workflow_uuid(workflow, uuid);
    if (!temporal_workflow_sleep(workflow, 1)) {
        return NULL;
    }
    return json_pack("{s:s, s:I}", "uuid", uuid, "random",
                     (json_int_t)temporal_workflow_random_below(workflow, 1000000));
}
DEFINE_WORKFLOW(draws);

static char *replay_draws(const char *reset_run_id)
{
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    int64_t timer = history_add_timer_started(&history, "1");
    history_add_timer_fired(&history, timer, "1");
    if (reset_run_id != NULL) {
        history_add_task(&history);
        history_add_task_failed(&history, TASK_FAILED(RESET_WORKFLOW), reset_run_id);
    }
    history_add_task(&history);
    char *answer = history_replay(&history, &draws_definition);
    history_deinit(&history);
    return answer;
}

static void random_numbers_depend_on_the_original_run_and_on_resets_only(void **state)
{
    (void)state;
    char *plain = replay_draws(NULL);
    char *again = replay_draws(NULL);
    char *reset = replay_draws("other-run");
    assert_string_equal(plain, again);
    assert_string_not_equal(plain, reset);
    assert_int_equal(strncmp(plain, reset, strlen("COMPLETE_WORKFLOW_EXECUTION {\"uuid\":\"") + 36), 0);
    free(plain);
    free(again);
    free(reset);
}

/* ---- histories that do not fit ---- */

static void partial_history_is_refused_by_a_fresh_run(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, activity, "1");
    history_add_task(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &charges_definition);
    struct workflow_completion completion = {0};
    struct error error = {0};
    struct workflow_task task = {.events = history.events + 3, .event_count = history.count - 3,
                                 .started_event_id = (int64_t)history.count};
    assert_int_equal(workflow_run_handle_task(run, &task, &completion, &error), STATUS_FAILED_PRECONDITION);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

static void full_history_continues_a_cached_run(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_started(&history, activity);
    history_add_activity_completed(&history, activity, "1");
    history_add_task(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &charges_definition);
    struct workflow_completion completion = history_handle(run, &history, 0, 3, 0);
    workflow_completion_deinit(&completion);
    completion = history_handle(run, &history, 0, history.count, 3);
    char *answer = history_describe(&completion);
    assert_string_equal(answer, "COMPLETE_WORKFLOW_EXECUTION 1");
    assert_true(completion.has_closed);
    free(answer);
    workflow_completion_deinit(&completion);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

static void cached_run_whose_task_took_no_effect_is_refused(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &charges_definition);
    struct workflow_completion completion = history_handle(run, &history, 0, 3, 0);
    workflow_completion_deinit(&completion);
    history_add_task_timed_out(&history);
    history_add_task(&history);
    struct error error = {0};
    struct workflow_task task = {.events = history.events, .event_count = history.count,
                                 .started_event_id = (int64_t)history.count};
    assert_int_equal(workflow_run_handle_task(run, &task, &completion, &error), STATUS_FAILED_PRECONDITION);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

static void history_with_a_gap_or_an_early_end_fails_the_task(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = history_begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, activity, "1");
    history_add_task(&history);
    history.events[5]->event_id = 9;
    history_check_begins(&history, &charges_definition, "FAILED 24: history is out of order at event 9");
    history.events[5]->event_id = 6;

    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &charges_definition);
    struct workflow_completion completion = {0};
    struct workflow_task task = {.events = history.events, .event_count = 5, .started_event_id = 7};
    assert_int_equal(workflow_run_handle_task(run, &task, &completion, NULL), STATUS_OK);
    assert_true(completion.is_failure);
    workflow_completion_deinit(&completion);
    workflow_run_destroy(run);
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

/* ---- bugs of the author's ---- */

static json_t *forgets_timeouts(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", json_null(),
                                              &(struct temporal_activity_options){0});
}
DEFINE_WORKFLOW(forgets_timeouts);

static json_t *returns_nothing(struct temporal_workflow *workflow, const json_t *input)
{
    (void)workflow;
    (void)input;
    return NULL;
}
DEFINE_WORKFLOW(returns_nothing);

static json_t *takes_too_much(struct temporal_workflow *workflow, const json_t *input)
{
    (void)workflow;
    (void)input;
    json_t *list = json_array();
    while (json_array_append_new(list, json_string("a string that is not short at all")) == 0) {
    }
    return list;
}
DEFINE_WORKFLOW(takes_too_much);

static void bug_of_the_authors_fails_the_task_and_not_the_workflow(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_check_begins(&history, &forgets_timeouts_definition,
                         "FAILED 14: activity \"charge\" was started with neither");
    history_check_begins(&history, &returns_nothing_definition,
                         "FAILED 14: workflow \"returns_nothing\" returned NULL");
    history_check_begins(&history, &takes_too_much_definition, "FAILED 14: the workflow code holds more than");
    history_deinit(&history);
}

/* ---- eviction and memory ---- */

static json_t *hoards(struct temporal_workflow *workflow, const json_t *input)
{
    json_t *copy = json_deep_copy(input);
    char *text = json_dumps(copy, JSON_COMPACT | JSON_ENCODE_ANY);
    char *mine = temporal_workflow_alloc(workflow, 100);
    (void)strcpy(mine, "mine");
    struct temporal_future *activity = temporal_workflow_start_activity(workflow, "charge", copy, MINUTE);
    temporal_workflow_fail(workflow, "Kept", "kept while suspended");
    (void)temporal_workflow_failure_take(workflow);
    temporal_workflow_fail(workflow, "Kept", "kept again");
    temporal_workflow_cleanup_begin(workflow);
    json_t *result = temporal_future_wait(workflow, activity);
    return json_pack("[o, s, s]", result, text, mine);
}
DEFINE_WORKFLOW(hoards);

static void eviction_in_the_middle_frees_everything(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, "{\"a\":[1,2,3],\"b\":\"text\"}");
    history_add_signal(&history, "unread", "\"x\"");
    history_add_task(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *run = history_run_new(stacks, &hoards_definition);
    struct workflow_completion completion = history_handle(run, &history, 0, history.count, 0);
    assert_int_equal(completion.command_count, 1);
    assert_true(workflow_run_memory_bytes(run) > 1000);
    workflow_completion_deinit(&completion);
    workflow_run_destroy(run); /* the leak checker says the rest */
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

static void many_cached_runs_stay_small(void **state)
{
    (void)state;
    enum { RUNS = 1000 };
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, "{\"a\":[1,2,3],\"b\":\"text\"}");
    history_add_task(&history);
    struct coroutine_pool *stacks = coroutine_pool_new(1);
    struct workflow_run *runs[RUNS];
    size_t bytes = 0;
    for (size_t i = 0; i < RUNS; i++) {
        runs[i] = history_run_new(stacks, &charges_definition);
        struct workflow_completion completion = history_handle(runs[i], &history, 0, history.count, 0);
        workflow_completion_deinit(&completion);
        bytes += workflow_run_memory_bytes(runs[i]);
    }
    print_message("%zu bytes for each cached run\n", bytes / RUNS);
    assert_true(bytes / RUNS < 128 * 1024);
    for (size_t i = 0; i < RUNS; i++) {
        workflow_run_destroy(runs[i]);
    }
    coroutine_pool_destroy(stacks);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_and_timed_out_tasks_never_ran),
        cmocka_unit_test(heartbeat_tasks_are_merged),
        cmocka_unit_test(random_numbers_depend_on_the_original_run_and_on_resets_only),
        cmocka_unit_test(partial_history_is_refused_by_a_fresh_run),
        cmocka_unit_test(full_history_continues_a_cached_run),
        cmocka_unit_test(cached_run_whose_task_took_no_effect_is_refused),
        cmocka_unit_test(history_with_a_gap_or_an_early_end_fails_the_task),
        cmocka_unit_test(bug_of_the_authors_fails_the_task_and_not_the_workflow),
        cmocka_unit_test(eviction_in_the_middle_frees_everything),
        cmocka_unit_test(many_cached_runs_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
