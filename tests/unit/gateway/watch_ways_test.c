/* How watches learn of their runs' ends, with a source that does what the test says. The rates are so high, or so low,
 * that no test depends on the time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "watch.h"

#define CALLS_MAX 64
#define NEVER_MS ((int64_t)3600 * 1000)

struct call {
    struct watch *watch;
    char run[64];
    bool is_look;
    bool is_over;
};

struct fixture {
    struct loop *loop;
    struct watch_table *table;
    struct call calls[CALLS_MAX];
    size_t count;
    size_t cancels;
    size_t answers;
    size_t closed;
};

static void *call(struct fixture *fixture, const struct watch_run *run, struct watch *watch, bool is_look)
{
    assert_true(fixture->count < CALLS_MAX);
    struct call *call = &fixture->calls[fixture->count++];
    *call = (struct call){.watch = watch, .is_look = is_look};
    (void)strncpy(call->run, run->first_run_id, sizeof call->run - 1);
    return call;
}

static void *follow(void *user, const struct watch_run *run, struct watch *watch)
{
    return call(user, run, watch, false);
}

static void *look(void *user, const struct watch_run *run, struct watch *watch)
{
    return call(user, run, watch, true);
}

static void cancel(void *user, void *following)
{
    struct fixture *fixture = user;
    assert_non_null(following);
    fixture->cancels++;
}

/* The workflow ID is the token; "none" has none. */
static bool token(void *user, const struct watch_run *run, char out_token[WATCH_TOKEN_SIZE])
{
    (void)user;
    (void)strncpy(out_token, run->workflow_id, WATCH_TOKEN_SIZE - 1);
    out_token[WATCH_TOKEN_SIZE - 1] = '\0';
    return strcmp(run->workflow_id, "none") != 0;
}

static struct fixture *fixture_with(size_t long_polls, size_t looks_per_second, int64_t again_ms)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    fixture->loop = loop_new();
    fixture->table = watch_table_new(&(struct watch_table_options){
        .loop = fixture->loop,
        .source = {.follow = follow, .look = look, .cancel = cancel, .token = token, .user = fixture},
        .maximum = 1000,
        .long_polls = long_polls,
        .looks_per_second = looks_per_second,
        .look_again_ms = again_ms,
        .look_again_callback_ms = NEVER_MS,
        .linger_ms = 60000,
    });
    return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
    watch_table_answer_all(fixture->table);
    watch_table_destroy(fixture->table);
    loop_destroy(fixture->loop);
    free(fixture);
}

static void on_answer(void *user, const struct watch_closed *closed, size_t count)
{
    struct fixture *fixture = user;
    (void)closed;
    fixture->answers++;
    fixture->closed += count;
}

static void ask(struct fixture *fixture, const char *workflow_id, const char *first_run_id)
{
    const struct watch_run run = {.workflow_id = workflow_id, .first_run_id = first_run_id};
    watch_table_wait(fixture->table, &run, 1, clock_monotonic_ms() + NEVER_MS, on_answer, fixture);
}

/* Until the source was called that often. */
static void run_until(struct fixture *fixture, size_t count)
{
    while (fixture->count < count) {
        loop_run_once(fixture->loop, 1000);
    }
    assert_int_equal(fixture->count, count);
}

static void finish(struct fixture *fixture, size_t index)
{
    struct watch_result result = {.status = "Completed"};
    fixture->calls[index].is_over = true;
    watch_finish(fixture->calls[index].watch, &result);
}

static void runs_beyond_the_long_polls_are_looked_at(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(2, 1000, NEVER_MS);
    ask(fixture, "a", "1");
    ask(fixture, "b", "2");
    ask(fixture, "c", "3");
    assert_int_equal(fixture->count, 2);
    assert_int_equal(watch_table_open_count(fixture->table), 3);
    run_until(fixture, 3);
    assert_true(fixture->calls[2].is_look);
    assert_string_equal(fixture->calls[2].run, "3");
    finish(fixture, 2);
    assert_int_equal(watch_table_open_count(fixture->table), 2);
    while (fixture->answers == 0) {
        loop_run_once(fixture->loop, 1000);
    }
    assert_int_equal(fixture->closed, 1);
    fixture_destroy(fixture);
}

static void a_long_poll_that_becomes_free_is_taken_by_who_waits_longest(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(1, 1000, NEVER_MS);
    ask(fixture, "a", "1");
    ask(fixture, "b", "2");
    ask(fixture, "c", "3");
    finish(fixture, 0);
    assert_int_equal(fixture->count, 2);
    assert_false(fixture->calls[1].is_look);
    assert_string_equal(fixture->calls[1].run, "2");
    fixture_destroy(fixture);
}

static void an_open_run_is_looked_at_again(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 1000, 0);
    ask(fixture, "a", "1");
    for (size_t i = 0; i < 3; i++) {
        run_until(fixture, i + 1);
        watch_still_open(fixture->calls[i].watch, false);
    }
    run_until(fixture, 4);
    fixture_destroy(fixture);
}

static void looks_begin_no_faster_than_they_may(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 0, 0);
    ask(fixture, "a", "1");
    for (int i = 0; i < 5; i++) {
        loop_run_once(fixture->loop, 1);
    }
    assert_int_equal(fixture->count, 0);
    fixture_destroy(fixture);
}

static void a_failed_look_is_repeated(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 1000, NEVER_MS);
    struct error error = {0};
    (void)error_set(&error, STATUS_UNAVAILABLE, "down");
    ask(fixture, "a", "1");
    run_until(fixture, 1);
    watch_fail(fixture->calls[0].watch, &error);
    run_until(fixture, 2);
    finish(fixture, 1);
    fixture_destroy(fixture);
}

static void a_callback_makes_its_runs_be_looked_at_at_once(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 0, NEVER_MS); /* only callbacks lead to looks */
    ask(fixture, "a", "1");
    ask(fixture, "a", "2"); /* an older chain of the same workflow */
    ask(fixture, "b", "3");
    watch_table_hint(fixture->table, "a");
    assert_int_equal(fixture->count, 2);
    assert_true(fixture->calls[0].is_look && fixture->calls[1].is_look);
    watch_table_hint(fixture->table, "b");
    assert_int_equal(fixture->count, 3);
    assert_string_equal(fixture->calls[2].run, "3");
    fixture_destroy(fixture);
}

static void a_callback_during_a_look_leads_to_another_look(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 0, NEVER_MS);
    ask(fixture, "a", "1");
    watch_table_hint(fixture->table, "a");
    watch_table_hint(fixture->table, "a");
    assert_int_equal(fixture->count, 1);
    watch_still_open(fixture->calls[0].watch, true);
    assert_int_equal(fixture->count, 2);
    watch_still_open(fixture->calls[1].watch, true);
    assert_int_equal(fixture->count, 2);
    fixture_destroy(fixture);
}

static void a_callback_that_came_before_anybody_watched_is_not_lost(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 0, NEVER_MS);
    watch_table_expect_callback(fixture->table, "a");
    watch_table_hint(fixture->table, "a");
    ask(fixture, "a", "1");
    assert_int_equal(fixture->count, 1);
    fixture_destroy(fixture);
}

static void a_run_with_a_callback_takes_no_long_poll_and_is_seldom_looked_at(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(1, 1000, NEVER_MS);
    ask(fixture, "x", "1");
    watch_table_expect_callback(fixture->table, "a");
    ask(fixture, "a", "2");
    finish(fixture, 0);
    assert_int_equal(fixture->count, 1);
    ask(fixture, "b", "3"); /* takes the free one */
    assert_int_equal(fixture->count, 2);
    assert_string_equal(fixture->calls[1].run, "3");
    fixture_destroy(fixture);
}

static void a_callback_that_was_not_needed_is_not_expected_of_the_next_run(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(1, 1000, NEVER_MS);
    watch_table_expect_callback(fixture->table, "a");
    ask(fixture, "a", "1"); /* gets the long poll */
    finish(fixture, 0);
    ask(fixture, "x", "2"); /* gets it now */
    ask(fixture, "a", "3"); /* the next attempt, started without a callback */
    run_until(fixture, 3);
    assert_true(fixture->calls[2].is_look);
    assert_string_equal(fixture->calls[2].run, "3");
    fixture_destroy(fixture);
}

static void an_end_tells_no_other_chain_of_the_workflow(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(0, 0, NEVER_MS);
    ask(fixture, "a", "1");
    ask(fixture, "a", "2");
    ask(fixture, "a", "3");
    watch_table_hint(fixture->table, "a");
    assert_int_equal(fixture->count, 3);
    for (size_t i = 0; i < 3; i++) { /* the ring loses its first, a middle one, then its last */
        if (strcmp(fixture->calls[i].run, "1") == 0) {
            finish(fixture, i);
        } else {
            watch_still_open(fixture->calls[i].watch, true);
        }
    }
    watch_table_hint(fixture->table, "a");
    assert_int_equal(fixture->count, 5);
    finish(fixture, 3);
    finish(fixture, 4);
    watch_table_hint(fixture->table, "a"); /* nobody is left */
    assert_int_equal(fixture->count, 5);
    assert_int_equal(watch_table_open_count(fixture->table), 0);
    fixture_destroy(fixture);
}

static void what_is_under_way_is_canceled_at_the_end(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_with(1, 0, NEVER_MS);
    ask(fixture, "a", "1");
    ask(fixture, "b", "2");
    ask(fixture, "c", "3");
    watch_table_hint(fixture->table, "b");
    assert_int_equal(fixture->count, 2);
    watch_table_answer_all(fixture->table);
    watch_table_destroy(fixture->table);
    assert_int_equal(fixture->cancels, 2);
    loop_destroy(fixture->loop);
    free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_beyond_the_long_polls_are_looked_at),
        cmocka_unit_test(a_long_poll_that_becomes_free_is_taken_by_who_waits_longest),
        cmocka_unit_test(an_open_run_is_looked_at_again),
        cmocka_unit_test(looks_begin_no_faster_than_they_may),
        cmocka_unit_test(a_failed_look_is_repeated),
        cmocka_unit_test(a_callback_makes_its_runs_be_looked_at_at_once),
        cmocka_unit_test(a_callback_during_a_look_leads_to_another_look),
        cmocka_unit_test(a_callback_that_came_before_anybody_watched_is_not_lost),
        cmocka_unit_test(a_run_with_a_callback_takes_no_long_poll_and_is_seldom_looked_at),
        cmocka_unit_test(a_callback_that_was_not_needed_is_not_expected_of_the_next_run),
        cmocka_unit_test(an_end_tells_no_other_chain_of_the_workflow),
        cmocka_unit_test(what_is_under_way_is_canceled_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
