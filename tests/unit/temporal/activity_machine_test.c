/* The table of an activity's states, events and cancellation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "activity_machine.h"
#include "support_history_builder.h"

struct fixture {
    struct history_builder history;
    struct activity_machine machine;
};

static void begin(struct fixture *fixture, enum temporal_cancellation cancellation)
{
    history_init(&fixture->history);
    activity_machine_init(&fixture->machine, "1", "work", cancellation);
    activity_machine_sent(&fixture->machine);
    int64_t id = history_add_activity_scheduled(&fixture->history, "1", "work");
    assert_null(activity_machine_on_scheduled(&fixture->machine, fixture->history.events[id - 1]));
}

static void end(struct fixture *fixture)
{
    activity_machine_deinit(&fixture->machine);
    history_deinit(&fixture->history);
}

static bool feed(struct fixture *fixture, int64_t id, bool *out_resolves)
{
    return activity_machine_on_event(&fixture->machine, fixture->history.events[id - 1], out_resolves);
}

static void runs_to_its_end_once(void **state)
{
    (void)state;
    struct fixture fixture;
    bool resolves = true;
    begin(&fixture, TEMPORAL_CANCELLATION_TRY);
    assert_true(feed(&fixture, history_add_activity_started(&fixture.history, 1), &resolves));
    assert_false(resolves);
    assert_false(feed(&fixture, history_add_activity_started(&fixture.history, 1), &resolves));
    assert_true(feed(&fixture, history_add_activity_completed(&fixture.history, 1, NULL), &resolves));
    assert_true(resolves);
    assert_int_equal(fixture.machine.state, ACTIVITY_CLOSED);
    assert_false(feed(&fixture, history_add_activity_completed(&fixture.history, 1, NULL), &resolves));
    struct activity_cancel_effect effect = activity_machine_cancel(&fixture.machine);
    assert_false(effect.drops_command || effect.requests_cancel || effect.resolves);
    end(&fixture);
}

static void ends_without_having_started(void **state)
{
    (void)state;
    struct fixture fixture;
    bool resolves = false;
    begin(&fixture, TEMPORAL_CANCELLATION_TRY);
    int64_t id = history_add_activity_timed_out(&fixture.history, 1,
                                                PB__TIMEOUT_TYPE__TIMEOUT_TYPE_SCHEDULE_TO_START);
    assert_true(feed(&fixture, id, &resolves));
    assert_true(resolves);
    end(&fixture);
}

static void cancellation_follows_its_option(void **state)
{
    (void)state;
    static const struct {
        enum temporal_cancellation cancellation;
        bool requests;
        bool resolves;
    } rows[] = {
        {TEMPORAL_CANCELLATION_TRY, true, true},
        {TEMPORAL_CANCELLATION_WAIT, true, false},
        {TEMPORAL_CANCELLATION_ABANDON, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        begin(&fixture, rows[i].cancellation);
        struct activity_cancel_effect effect = activity_machine_cancel(&fixture.machine);
        assert_false(effect.drops_command);
        assert_int_equal(effect.requests_cancel, rows[i].requests);
        assert_int_equal(effect.resolves, rows[i].resolves);
        effect = activity_machine_cancel(&fixture.machine);
        assert_false(effect.drops_command || effect.requests_cancel || effect.resolves);

        int64_t id = history_add_activity_cancel_requested(&fixture.history, 1);
        const char *mismatch =
            activity_machine_on_cancel_requested(&fixture.machine, fixture.history.events[id - 1]);
        assert_int_equal(mismatch == NULL, rows[i].requests);
        bool resolves = false;
        assert_true(feed(&fixture, history_add_activity_completed(&fixture.history, 1, NULL), &resolves));
        assert_int_equal(resolves, !rows[i].resolves);
        end(&fixture);
    }
}

static void canceled_without_a_request_is_impossible(void **state)
{
    (void)state;
    struct fixture fixture;
    bool resolves = false;
    begin(&fixture, TEMPORAL_CANCELLATION_TRY);
    assert_false(feed(&fixture, history_add_activity_canceled(&fixture.history, 1), &resolves));
    (void)activity_machine_cancel(&fixture.machine);
    assert_true(feed(&fixture, history_add_activity_canceled(&fixture.history, 1), &resolves));
    assert_false(resolves);
    end(&fixture);
}

static void other_id_or_type_does_not_fit(void **state)
{
    (void)state;
    struct history_builder history;
    history_init(&history);
    history_add_activity_scheduled(&history, "2", "work");
    history_add_activity_scheduled(&history, "1", "rest");
    struct activity_machine machine;
    activity_machine_init(&machine, "1", "work", TEMPORAL_CANCELLATION_TRY);
    assert_non_null(activity_machine_on_scheduled(&machine, history.events[0])); /* not sent yet */
    activity_machine_sent(&machine);
    assert_string_equal(activity_machine_on_scheduled(&machine, history.events[0]), "the activity IDs differ");
    assert_string_equal(activity_machine_on_scheduled(&machine, history.events[1]), "the activity types differ");
    activity_machine_deinit(&machine);
    history_deinit(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_to_its_end_once),
        cmocka_unit_test(ends_without_having_started),
        cmocka_unit_test(cancellation_follows_its_option),
        cmocka_unit_test(canceled_without_a_request_is_impossible),
        cmocka_unit_test(other_id_or_type_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
