/* How failures travel, on the example that decided it (docs/adr/0008): a saga of five steps with compensation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "support_history_builder.h"
#include "workflow_failure.h"

static const struct temporal_activity_options s_options = {.start_to_close_ms = 60000};

struct step {
    const char *action;
    const char *compensation;
};
static const struct step s_steps[] = {
    {"reserveFlight", "cancelFlight"}, {"reserveHotel", "cancelHotel"}, {"reserveCar", "cancelCar"},
    {"chargeCard", "refundCard"},      {"sendTickets", NULL},
};
enum { STEPS = sizeof s_steps / sizeof s_steps[0] };

static json_t *book_trip(struct temporal_workflow *workflow, const json_t *trip)
{
    size_t done = 0;
    for (; done < STEPS; done++) {
        if (temporal_workflow_execute_activity(workflow, s_steps[done].action, json_deep_copy(trip), &s_options) ==
            NULL) {
            goto undo;
        }
    }
    return json_string("booked");

undo:
    temporal_workflow_cleanup_begin(workflow);
    while (done-- > 0) {
        (void)temporal_workflow_execute_activity(workflow, s_steps[done].compensation, json_deep_copy(trip),
                                                 &s_options);
    }
    temporal_workflow_cleanup_end(workflow);
    return NULL; /* with the failure that led here, whatever the compensations did */
}

static const struct temporal_workflow_definition s_book_trip = {.name = "bookTrip", .function = book_trip};

static int64_t add_activity(struct history_builder *history, const char *id, const char *type)
{
    history_add_task_completed(history);
    int64_t activity = history_add_activity_scheduled(history, id, type);
    history_add_activity_started(history, activity);
    return activity;
}

static void begin(struct history_builder *history)
{
    history_init(history);
    history_add_execution_started(history, "\"trip\"");
    history_add_task(history);
    history_add_activity_completed(history, add_activity(history, "1", "reserveFlight"), "1");
    history_add_task(history);
    history_add_activity_completed(history, add_activity(history, "2", "reserveHotel"), "2");
    history_add_task(history);
}

static void saga_compensates_in_reverse_and_keeps_the_first_failure(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_add_activity_failed(&history, add_activity(&history, "3", "reserveCar"), "NoCar", "none left");
    history_add_task(&history);
    history_add_activity_failed(&history, add_activity(&history, "4", "cancelHotel"), "Closed", "hotel is closed");
    history_add_task(&history);
    history_add_activity_completed(&history, add_activity(&history, "5", "cancelFlight"), "null");
    history_add_task(&history);
    history_check(&history, &s_book_trip,
                  (const char *const[]){
                      "SCHEDULE_ACTIVITY_TASK 1 reserveFlight \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 2 reserveHotel \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 3 reserveCar \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 4 cancelHotel \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 5 cancelFlight \"trip\"",
                      "FAIL_WORKFLOW_EXECUTION [reserveCar|activity failed] [NoCar|none left]",
                      NULL,
                  });
    history_deinit(&history);
}

static void cancelled_saga_compensates_and_ends_as_canceled(void **state)
{
    (void)state;
    struct history_builder history;
    begin(&history);
    history_add_task_completed(&history);
    int64_t car = history_add_activity_scheduled(&history, "3", "reserveCar");
    history_add_cancel_requested(&history);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_activity_cancel_requested(&history, car);
    int64_t hotel = history_add_activity_scheduled(&history, "4", "cancelHotel");
    history_add_activity_canceled(&history, car);
    history_add_activity_completed(&history, hotel, "null");
    history_add_task(&history);
    history_add_activity_completed(&history, add_activity(&history, "5", "cancelFlight"), "null");
    history_add_task(&history);
    history_check(&history, &s_book_trip,
                  (const char *const[]){
                      "SCHEDULE_ACTIVITY_TASK 1 reserveFlight \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 2 reserveHotel \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 3 reserveCar \"trip\"",
                      "REQUEST_CANCEL_ACTIVITY_TASK 17; SCHEDULE_ACTIVITY_TASK 4 cancelHotel \"trip\"",
                      "SCHEDULE_ACTIVITY_TASK 5 cancelFlight \"trip\"",
                      "CANCEL_WORKFLOW_EXECUTION",
                      NULL,
                  });
    history_deinit(&history);
}

/* Everything that can be asked about a failure, and a failure around it. */
static json_t *explains(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    if (temporal_workflow_failure_kind(workflow) != TEMPORAL_FAILURE_NONE) {
        return json_null();
    }
    (void)temporal_workflow_execute_activity(workflow, "work", json_null(), &s_options);
    json_t *code = json_object_get(temporal_workflow_failure_detail(workflow, 0), "code");
    bool is_right = temporal_workflow_failure_kind(workflow) == TEMPORAL_FAILURE_APPLICATION &&
                    temporal_workflow_failure_is_non_retryable(workflow) &&
                    strcmp(temporal_workflow_failure_type(workflow), "Broken") == 0 &&
                    strcmp(temporal_workflow_failure_message(workflow), "it broke") == 0 &&
                    json_integer_value(code) == 7 && temporal_workflow_failure_detail(workflow, 1) == NULL;
    if (!is_right) {
        return json_null();
    }
    struct temporal_kept_failure *aside = temporal_workflow_failure_take(workflow);
    if (temporal_workflow_failure_kind(workflow) != TEMPORAL_FAILURE_NONE) {
        return json_null();
    }
    (void)temporal_workflow_failure_restore(workflow, aside);
    return temporal_workflow_fail_with(workflow, &(struct temporal_fail_options){
                                                     .type = "Outer",
                                                     .message = "around it",
                                                     .has_cause = true,
                                                     .details = json_pack("[i]", 1),
                                                 });
}
static const struct temporal_workflow_definition s_explains = {.name = "explains", .function = explains};

static void failure_can_be_looked_at_put_aside_and_wrapped(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_activity_failed(&history, add_activity(&history, "1", "work"), "Broken", "it broke");
    history_add_task(&history);
    history_check(&history, &s_explains,
                  (const char *const[]){
                      "SCHEDULE_ACTIVITY_TASK 1 work null",
                      "FAIL_WORKFLOW_EXECUTION [Outer|around it] [work|activity failed] [Broken|it broke]",
                      NULL,
                  });
    history_deinit(&history);
}

static json_t *wraps_for_ever(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    for (int i = 0; i < 1000; i++) {
        (void)temporal_workflow_fail_with(
            workflow, &(struct temporal_fail_options){.type = "T", .message = "m\xff", .has_cause = true});
    }
    return NULL;
}
static const struct temporal_workflow_definition s_wraps = {.name = "wraps", .function = wraps_for_ever};

static void chain_of_causes_is_bounded_and_its_text_is_utf8(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    char *answer = history_replay(&history, &s_wraps);
    size_t links = 0;
    for (const char *link = answer; (link = strstr(link, "[T|m?]")) != NULL; link++) {
        links++;
    }
    assert_int_equal(links, WORKFLOW_FAILURE_DEPTH_MAX);
    free(answer);
    history_deinit(&history);
}

/* ---- concurrency as one would want to read it ---- */

static json_t *two_of_three(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *votes[3];
    for (size_t i = 0; i < 3; i++) {
        votes[i] = temporal_workflow_start_activity(workflow, "vote", json_integer((json_int_t)i), &s_options);
    }
    json_t *answers = json_array();
    for (size_t left = 3; left > 1; left--) {
        size_t first = temporal_workflow_wait_any(workflow, votes, left);
        json_array_append_new(answers, temporal_future_wait(workflow, votes[first]));
        votes[first] = votes[left - 1];
    }
    return answers;
}
static const struct temporal_workflow_definition s_two_of_three = {.name = "two", .function = two_of_three};

static void first_two_of_three_come_in_the_order_of_history(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_execution_started(&history, NULL);
    history_add_task(&history);
    history_add_task_completed(&history);
    history_add_activity_scheduled(&history, "1", "vote");
    history_add_activity_scheduled(&history, "2", "vote");
    history_add_activity_scheduled(&history, "3", "vote");
    history_add_activity_completed(&history, 7, "\"third\"");
    history_add_activity_completed(&history, 5, "\"first\"");
    history_add_task(&history);
    history_check(&history, &s_two_of_three,
                  (const char *const[]){
                      "SCHEDULE_ACTIVITY_TASK 1 vote 0; SCHEDULE_ACTIVITY_TASK 2 vote 1; SCHEDULE_ACTIVITY_TASK 3 "
                      "vote 2",
                      "COMPLETE_WORKFLOW_EXECUTION [\"third\",\"first\"]",
                      NULL,
                  });
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saga_compensates_in_reverse_and_keeps_the_first_failure),
        cmocka_unit_test(cancelled_saga_compensates_and_ends_as_canceled),
        cmocka_unit_test(failure_can_be_looked_at_put_aside_and_wrapped),
        cmocka_unit_test(chain_of_causes_is_bounded_and_its_text_is_utf8),
        cmocka_unit_test(first_two_of_three_come_in_the_order_of_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
