/* The engine as a whole: workflows against histories, live and replayed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "support_history_builder.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name
#define TASK_FAILED(name) PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_##name

#define MINUTE (&(struct temporal_activity_options){.start_to_close_ms = 60000})

#define DEFINE(function_)                                                                                  \
    static const struct temporal_workflow_definition function_##_definition = {.name = #function_,         \
                                                                               .function = function_}

/* ---- 1: a timer ---- */

static json_t *sleeps(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    if (!temporal_workflow_sleep(workflow, 5000)) {
        return NULL;
    }
    return json_pack("{s:I}", "now", (json_int_t)(temporal_workflow_now_ms(workflow) / 1000 - HISTORY_START_SECONDS));
}
DEFINE(sleeps);

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

/* ---- 2: an activity ---- */

static json_t *charges(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    json_t *result = temporal_workflow_execute_activity(
        workflow, "charge", json_pack("{s:i}", "cents", 5),
        &(struct temporal_activity_options){.start_to_close_ms = 60000, .retry = {.maximum_attempts = 3}});
    if (result == NULL && temporal_workflow_failure_kind(workflow) == TEMPORAL_FAILURE_TIMEOUT) {
        return json_pack("{s:i}", "timeout", (int)temporal_workflow_failure_timeout(workflow));
    }
    return result;
}
DEFINE(charges);

static int64_t begin_activity(struct history_builder *history, const char *id, const char *type)
{
    history_init(history);
    history_add_execution_started(history, "\"in\"");
    history_add_task(history);
    history_add_task_completed(history);
    return history_add_activity_scheduled(history, id, type);
}

static void activity_result_is_the_workflows(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = begin_activity(&history, "1", "charge");
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
    int64_t activity = begin_activity(&history, "1", "charge");
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
    int64_t activity = begin_activity(&history, "1", "charge");
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

/* ---- 3, 4: timers cancelled ---- */

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
DEFINE(cancels_one_of_three);

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

static json_t *cancels_unsent_activity(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *activity = temporal_workflow_start_activity(workflow, "charge", json_null(), MINUTE);
    temporal_future_cancel(workflow, activity);
    temporal_future_cancel(workflow, activity);
    return json_string(temporal_future_wait(workflow, activity) == NULL ? "gone" : "here");
}
DEFINE(cancels_unsent_activity);

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

/* ---- 5, 6: signals ---- */

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
DEFINE(collects);

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

/* ---- 7, 8, 9: tasks that failed, timed out, or were heartbeats ---- */

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
DEFINE(waits_for_signal);

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

/* ---- 16: reset ---- */

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
DEFINE(draws);

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

/* ---- 10: histories that do not fit ---- */

static void partial_history_is_refused_by_a_fresh_run(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = begin_activity(&history, "1", "charge");
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
    int64_t activity = begin_activity(&history, "1", "charge");
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

static void check_answer_begins(const struct history_builder *history,
                                const struct temporal_workflow_definition *definition, const char *beginning)
{
    char *answer = history_replay(history, definition);
    if (strncmp(answer, beginning, strlen(beginning)) != 0) {
        fail_msg("expected \"%s…\", got \"%s\"", beginning, answer);
    }
    free(answer);
}

static void history_with_a_gap_or_an_early_end_fails_the_task(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, activity, "1");
    history_add_task(&history);
    history.events[5]->event_id = 9;
    check_answer_begins(&history, &charges_definition, "FAILED 24: history is out of order at event 9");
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

/* ---- 19: non-determinism ---- */

static json_t *charges_then_ships(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *futures[] = {
        temporal_workflow_start_activity(workflow, "charge", json_null(), MINUTE),
        temporal_workflow_start_activity(workflow, "ship", json_null(), MINUTE),
    };
    return temporal_workflow_wait_all(workflow, futures, 2) ? json_string("done") : NULL;
}
DEFINE(charges_then_ships);

static void swapped_command_is_named(void **state)
{
    (void)state;
    struct history_builder history;
    begin_activity(&history, "1", "ship");
    history_add_activity_scheduled(&history, "2", "charge");
    history_add_task(&history);
    check_answer_begins(&history, &charges_then_ships_definition,
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
    check_answer_begins(&history, &charges_then_ships_definition,
                        "FAILED 24: history has event 5 (TIMER_STARTED) \"1\" where the workflow code issues "
                        "SCHEDULE_ACTIVITY_TASK \"1\" of type \"charge\": the types differ");
    history_deinit(&history);
}

static void missing_command_is_named(void **state)
{
    (void)state;
    struct history_builder history;
    begin_activity(&history, "1", "charge");
    history_add_activity_scheduled(&history, "2", "ship");
    history_add_activity_scheduled(&history, "3", "thank");
    history_add_task(&history);
    check_answer_begins(&history, &charges_then_ships_definition,
                        "FAILED 24: history has event 7 (ACTIVITY_TASK_SCHEDULED) \"3\" of type \"thank\" for which "
                        "the workflow code issues no command");
    history_deinit(&history);
}

static void extra_command_is_named_also_on_an_open_history(void **state)
{
    (void)state;
    struct history_builder history;
    begin_activity(&history, "1", "charge");
    const char *beginning = "FAILED 24: the workflow code issues SCHEDULE_ACTIVITY_TASK \"2\" ship, for which history "
                            "has no event after event 4 (WORKFLOW_TASK_COMPLETED)";
    check_answer_begins(&history, &charges_then_ships_definition, beginning);
    history_add_task(&history);
    check_answer_begins(&history, &charges_then_ships_definition, beginning);
    history_deinit(&history);
}

static void run_recovers_after_the_right_code_is_deployed(void **state)
{
    (void)state;
    struct history_builder history;
    int64_t activity = begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, activity, "1");
    history_add_task(&history);
    check_answer_begins(&history, &sleeps_definition, "FAILED 24: ");
    history_add_task_failed(&history, TASK_FAILED(NON_DETERMINISTIC_ERROR), "");
    history_add_task(&history);
    history_check(&history, &charges_definition,
                  (const char *const[]){"SCHEDULE_ACTIVITY_TASK 1 charge {\"cents\":5}",
                                        "COMPLETE_WORKFLOW_EXECUTION 1", NULL});
    history_deinit(&history);
}

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
        int64_t activity = begin_activity(&history, "1", "charge");
        Pb__HistoryEvent *event = history_add(&history, types[i]);
        history_add_activity_completed(&history, activity, "1");
        history_add_task(&history);
        check_answer_begins(&history, &charges_definition, "FAILED 24: history has event 6 (");
        event->worker_may_ignore = true;
        check_answer_begins(&history, &charges_definition, "COMPLETE_WORKFLOW_EXECUTION 1");
        history_deinit(&history);
    }
}

static void event_about_something_unknown_fails_the_task(void **state)
{
    (void)state;
    struct history_builder history;
    begin_activity(&history, "1", "charge");
    history_add_activity_completed(&history, 3, "1");
    history_add_task(&history);
    check_answer_begins(&history, &charges_definition,
                        "FAILED 24: history has event 6 (ACTIVITY_TASK_COMPLETED) for an activity that");
    history_truncate(&history, 5);
    history_add_timer_fired(&history, 5, "1");
    history_add_task(&history);
    check_answer_begins(&history, &charges_definition,
                        "FAILED 24: history has event 6 (TIMER_FIRED) for a timer that");
    history_deinit(&history);
}

/* ---- bugs of the author's ---- */

static json_t *forgets_timeouts(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", json_null(),
                                              &(struct temporal_activity_options){0});
}
DEFINE(forgets_timeouts);

static json_t *returns_nothing(struct temporal_workflow *workflow, const json_t *input)
{
    (void)workflow;
    (void)input;
    return NULL;
}
DEFINE(returns_nothing);

static json_t *takes_too_much(struct temporal_workflow *workflow, const json_t *input)
{
    (void)workflow;
    (void)input;
    json_t *list = json_array();
    while (json_array_append_new(list, json_string("a string that is not short at all")) == 0) {
    }
    return list;
}
DEFINE(takes_too_much);

static void bug_of_the_authors_fails_the_task_and_not_the_workflow(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    check_answer_begins(&history, &forgets_timeouts_definition,
                        "FAILED 14: activity \"charge\" was started with neither");
    check_answer_begins(&history, &returns_nothing_definition, "FAILED 14: workflow \"returns_nothing\" returned NULL");
    check_answer_begins(&history, &takes_too_much_definition, "FAILED 14: the workflow code holds more than");
    history_deinit(&history);
}

static json_t *passes_null(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    return temporal_workflow_execute_activity(workflow, "charge", NULL, MINUTE);
}
DEFINE(passes_null);

static void input_that_could_not_be_made_fails_the_call(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    check_answer_begins(&history, &passes_null_definition, "FAIL_WORKFLOW_EXECUTION [InvalidArgument|");
    history_deinit(&history);
}

/* ---- bytes ---- */

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
DEFINE(passes_bytes_on);

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
DEFINE(hoards);

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
        cmocka_unit_test(timer_fires_and_time_moves_on),
        cmocka_unit_test(activity_result_is_the_workflows),
        cmocka_unit_test(activity_failure_fails_the_workflow_with_its_cause),
        cmocka_unit_test(activity_timeout_is_told_with_its_kind),
        cmocka_unit_test(all_activity_options_are_sent),
        cmocka_unit_test(timer_cancelled_before_it_is_sent_leaves_no_command),
        cmocka_unit_test(activity_cancelled_before_it_is_sent_leaves_no_command),
        cmocka_unit_test(signal_before_the_first_task_is_received),
        cmocka_unit_test(signals_and_timer_of_one_sequence_keep_their_order),
        cmocka_unit_test(failed_and_timed_out_tasks_never_ran),
        cmocka_unit_test(heartbeat_tasks_are_merged),
        cmocka_unit_test(random_numbers_depend_on_the_original_run_and_on_resets_only),
        cmocka_unit_test(partial_history_is_refused_by_a_fresh_run),
        cmocka_unit_test(full_history_continues_a_cached_run),
        cmocka_unit_test(cached_run_whose_task_took_no_effect_is_refused),
        cmocka_unit_test(history_with_a_gap_or_an_early_end_fails_the_task),
        cmocka_unit_test(swapped_command_is_named),
        cmocka_unit_test(wrong_command_type_is_named),
        cmocka_unit_test(missing_command_is_named),
        cmocka_unit_test(extra_command_is_named_also_on_an_open_history),
        cmocka_unit_test(run_recovers_after_the_right_code_is_deployed),
        cmocka_unit_test(unsupported_event_fails_the_task_unless_it_may_be_ignored),
        cmocka_unit_test(event_about_something_unknown_fails_the_task),
        cmocka_unit_test(bug_of_the_authors_fails_the_task_and_not_the_workflow),
        cmocka_unit_test(input_that_could_not_be_made_fails_the_call),
        cmocka_unit_test(payload_passes_byte_for_byte),
        cmocka_unit_test(eviction_in_the_middle_frees_everything),
        cmocka_unit_test(many_cached_runs_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
