/* Every HTTP outcome, every word of a batch entry, every final status, under every setting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "verdict.h"

static void only_413_429_and_200_are_not_the_targets_fault(void **state)
{
    (void)state;
    for (int status = 0; status < 600; status++) {
        enum forward_result expected = FORWARD_TARGET_FAILED;
        if (status == 200) {
            expected = FORWARD_ANSWERED;
        } else if (status == 413) {
            expected = FORWARD_REJECTED;
        } else if (status == 429) {
            expected = FORWARD_SLOWED;
        }
        assert_int_equal(verdict_of_forward(status, 1), expected);
    }
    assert_int_equal(verdict_of_forward(413, 2), FORWARD_SPLIT);
}

static struct verdict of_event(enum event_outcome outcome, enum run_status status, const struct settings_route *route)
{
    const struct run_end end = {.status = status, .attempt = 1};
    return verdict_of_event(outcome, false, &end, route);
}

static struct verdict of_run(enum run_status status, const struct settings_route *route)
{
    const struct run_end end = {.status = status, .attempt = 1};
    return verdict_of_run(&end, route);
}

static void outcomes_are_read_and_unknown_ones_are_tried_again(void **state)
{
    (void)state;
    const enum event_outcome all[] = {EVENT_STARTED, EVENT_ATTACHED, EVENT_CLOSED, EVENT_REJECTED, EVENT_RETRY};
    const struct settings_route route = {.ack = SETTINGS_ACK_WORKER};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(event_outcome_parse(event_outcome_name(all[i])), all[i]);
    }
    assert_int_equal(event_outcome_parse("postponed"), EVENT_UNKNOWN);
    assert_int_equal(event_outcome_parse(NULL), EVENT_UNKNOWN);
    assert_int_equal(of_event(EVENT_UNKNOWN, RUN_UNKNOWN, &route).action, VERDICT_RETRY);
    assert_int_equal(of_event(EVENT_RETRY, RUN_UNKNOWN, &route).action, VERDICT_RETRY);
}

static void statuses_are_read_in_every_spelling_of_temporals_tools(void **state)
{
    (void)state;
    assert_int_equal(run_status_parse("Completed"), RUN_COMPLETED);
    assert_int_equal(run_status_parse("WORKFLOW_EXECUTION_STATUS_TIMED_OUT"), RUN_TIMED_OUT);
    assert_int_equal(run_status_parse("TimedOut"), RUN_TIMED_OUT);
    assert_int_equal(run_status_parse("timed-out"), RUN_TIMED_OUT);
    assert_int_equal(run_status_parse("FAILED"), RUN_FAILED);
    assert_int_equal(run_status_parse("Canceled"), RUN_CANCELED);
    assert_int_equal(run_status_parse("Terminated"), RUN_TERMINATED);
    assert_int_equal(run_status_parse("NotFound"), RUN_NOT_FOUND);
    assert_int_equal(run_status_parse("Running"), RUN_OPEN);
    assert_int_equal(run_status_parse("ContinuedAsNew"), RUN_OPEN);
    assert_int_equal(run_status_parse(""), RUN_UNKNOWN);
    assert_int_equal(run_status_parse(NULL), RUN_UNKNOWN);
    assert_int_equal(run_status_parse("a word that is far longer than any status could ever be in this world"),
                     RUN_UNKNOWN);
}

static void a_start_is_waited_for_unless_it_settles(void **state)
{
    (void)state;
    struct settings_route route = {.ack = SETTINGS_ACK_WORKER};
    assert_int_equal(of_event(EVENT_STARTED, RUN_UNKNOWN, &route).action, VERDICT_WAIT);
    assert_int_equal(of_event(EVENT_ATTACHED, RUN_UNKNOWN, &route).action, VERDICT_WAIT);
    route.ack = SETTINGS_ACK_COMPLETION;
    assert_int_equal(of_event(EVENT_STARTED, RUN_UNKNOWN, &route).action, VERDICT_WAIT);
    route.ack = SETTINGS_ACK_START;
    assert_int_equal(of_event(EVENT_STARTED, RUN_UNKNOWN, &route).action, VERDICT_DELETE);
    assert_int_equal(of_event(EVENT_ATTACHED, RUN_UNKNOWN, &route).action, VERDICT_DELETE);
    assert_int_equal(of_event(EVENT_CLOSED, RUN_FAILED, &route).action, VERDICT_DELETE);
}

static void a_rejected_message_is_returned_in_every_mode(void **state)
{
    (void)state;
    struct settings_route route = {.ack = SETTINGS_ACK_START, .on_failed = SETTINGS_CLOSED_DELETE};
    assert_int_equal(of_event(EVENT_REJECTED, RUN_UNKNOWN, &route).action, VERDICT_RETURN);
}

static void the_final_status_decides(void **state)
{
    (void)state;
    struct settings_route route = {.ack = SETTINGS_ACK_WORKER};
    assert_int_equal(of_run(RUN_COMPLETED, &route).action, VERDICT_DELETE);
    assert_int_equal(of_run(RUN_FAILED, &route).action, VERDICT_RETURN);
    assert_int_equal(of_run(RUN_TIMED_OUT, &route).action, VERDICT_RETURN);
    assert_int_equal(of_run(RUN_CANCELED, &route).action, VERDICT_RETURN);
    assert_int_equal(of_run(RUN_TERMINATED, &route).action, VERDICT_RETURN);
    assert_int_equal(of_run(RUN_NOT_FOUND, &route).action, VERDICT_RETURN);
    assert_int_equal(of_run(RUN_OPEN, &route).action, VERDICT_WAIT);
    assert_int_equal(of_run(RUN_UNKNOWN, &route).action, VERDICT_WAIT);
    assert_int_equal(of_event(EVENT_CLOSED, RUN_COMPLETED, &route).action, VERDICT_DELETE);
    assert_int_equal(of_event(EVENT_CLOSED, RUN_FAILED, &route).action, VERDICT_RETURN);
    assert_int_equal(of_event(EVENT_CLOSED, RUN_UNKNOWN, &route).action, VERDICT_WAIT);
}

static void on_failed_and_on_canceled_are_two_settings(void **state)
{
    (void)state;
    struct settings_route route = {.ack = SETTINGS_ACK_COMPLETION, .on_failed = SETTINGS_CLOSED_DELETE};
    assert_int_equal(of_run(RUN_FAILED, &route).action, VERDICT_DELETE);
    assert_int_equal(of_run(RUN_TIMED_OUT, &route).action, VERDICT_DELETE);
    assert_int_equal(of_run(RUN_CANCELED, &route).action, VERDICT_RETURN);
    route = (struct settings_route){.ack = SETTINGS_ACK_COMPLETION, .on_canceled = SETTINGS_CLOSED_DELETE};
    assert_int_equal(of_run(RUN_FAILED, &route).action, VERDICT_RETURN);
    assert_int_equal(of_run(RUN_TERMINATED, &route).action, VERDICT_DELETE);
    assert_int_equal(of_run(RUN_NOT_FOUND, &route).action, VERDICT_RETURN);
    assert_string_equal(of_run(RUN_TERMINATED, &route).reason, "terminated");
}

static void a_failed_run_is_tried_again_until_the_attempts_are_used_up(void **state)
{
    (void)state;
    const struct settings_route route = {
        .ack = SETTINGS_ACK_COMPLETION, .max_attempts = 3, .on_failed = SETTINGS_CLOSED_DEAD_LETTER};
    struct run_end end = {.status = RUN_FAILED, .attempt = 1};
    assert_int_equal(verdict_of_run(&end, &route).action, VERDICT_ATTEMPT);
    assert_int_equal(verdict_of_event(EVENT_CLOSED, false, &end, &route).action, VERDICT_ATTEMPT);
    end = (struct run_end){.status = RUN_TIMED_OUT, .attempt = 2};
    assert_int_equal(verdict_of_run(&end, &route).action, VERDICT_ATTEMPT);
    end.attempt = 3;
    assert_int_equal(verdict_of_run(&end, &route).action, VERDICT_DEAD_LETTER);
    end.attempt = 12; /* of other deliveries, under another limit */
    assert_int_equal(verdict_of_event(EVENT_CLOSED, false, &end, &route).action, VERDICT_DEAD_LETTER);
}

static void a_failure_that_is_not_retryable_ends_the_attempts_at_once(void **state)
{
    (void)state;
    const struct settings_route route = {
        .ack = SETTINGS_ACK_COMPLETION, .max_attempts = 3, .on_failed = SETTINGS_CLOSED_RETURN};
    const struct run_end end = {.status = RUN_FAILED, .attempt = 1, .is_non_retryable = true};
    assert_int_equal(verdict_of_run(&end, &route).action, VERDICT_RETURN);
}

static void canceled_and_terminated_runs_are_not_tried_again(void **state)
{
    (void)state;
    const struct settings_route route = {
        .ack = SETTINGS_ACK_COMPLETION, .max_attempts = 3, .on_canceled = SETTINGS_CLOSED_DEAD_LETTER};
    assert_int_equal(of_run(RUN_CANCELED, &route).action, VERDICT_DEAD_LETTER);
    assert_int_equal(of_run(RUN_TERMINATED, &route).action, VERDICT_DEAD_LETTER);
    assert_int_equal(of_run(RUN_NOT_FOUND, &route).action, VERDICT_RETURN);
}

static void the_back_off_doubles_up_to_its_limit(void **state)
{
    (void)state;
    const struct settings_route route = {.backoff_ms = 1000, .backoff_max_ms = 5000};
    assert_int_equal(verdict_attempt_delay_ms(1, &route), 1000);
    assert_int_equal(verdict_attempt_delay_ms(2, &route), 2000);
    assert_int_equal(verdict_attempt_delay_ms(3, &route), 4000);
    assert_int_equal(verdict_attempt_delay_ms(4, &route), 5000);
    assert_int_equal(verdict_attempt_delay_ms(INT64_MAX, &route), 5000);
    const struct settings_route none = {0};
    assert_int_equal(verdict_attempt_delay_ms(9, &none), 0);
}

static void a_signal_that_is_durable_settles(void **state)
{
    (void)state;
    const struct settings_route route = {.ack = SETTINGS_ACK_COMPLETION, .target = SETTINGS_TARGET_SIGNAL};
    const struct run_end open = {.status = RUN_OPEN};
    assert_int_equal(verdict_of_event(EVENT_STARTED, true, &open, &route).action, VERDICT_DELETE);
    assert_int_equal(verdict_of_event(EVENT_ATTACHED, true, &open, &route).action, VERDICT_DELETE);
}

static void a_rejected_message_goes_to_the_dead_letter_queue_that_its_route_names(void **state)
{
    (void)state;
    char url[] = "http://q/dead";
    const struct settings_route route = {.ack = SETTINGS_ACK_START, .dead_letter_queue = url};
    assert_int_equal(of_event(EVENT_REJECTED, RUN_UNKNOWN, &route).action, VERDICT_DEAD_LETTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_413_429_and_200_are_not_the_targets_fault),
        cmocka_unit_test(outcomes_are_read_and_unknown_ones_are_tried_again),
        cmocka_unit_test(statuses_are_read_in_every_spelling_of_temporals_tools),
        cmocka_unit_test(a_start_is_waited_for_unless_it_settles),
        cmocka_unit_test(a_rejected_message_is_returned_in_every_mode),
        cmocka_unit_test(the_final_status_decides),
        cmocka_unit_test(on_failed_and_on_canceled_are_two_settings),
        cmocka_unit_test(a_failed_run_is_tried_again_until_the_attempts_are_used_up),
        cmocka_unit_test(a_failure_that_is_not_retryable_ends_the_attempts_at_once),
        cmocka_unit_test(canceled_and_terminated_runs_are_not_tried_again),
        cmocka_unit_test(the_back_off_doubles_up_to_its_limit),
        cmocka_unit_test(a_signal_that_is_durable_settles),
        cmocka_unit_test(a_rejected_message_goes_to_the_dead_letter_queue_that_its_route_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
