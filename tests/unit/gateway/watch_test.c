/* The watch table with a source that does what the test says. */
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

#define FOLLOWS_MAX 16

struct answer_seen {
    size_t answers;
    size_t count;
    char runs[4][64];
    char statuses[4][32];
};

struct fixture {
    struct loop *loop;
    struct watch_table *table;
    size_t follows;
    size_t cancels;
    struct watch *watches[FOLLOWS_MAX];
    char first_run_ids[FOLLOWS_MAX][64];
};

static void *follow(void *user, const struct watch_run *run, struct watch *watch)
{
    struct fixture *fixture = user;
    assert_true(fixture->follows < FOLLOWS_MAX);
    (void)strncpy(fixture->first_run_ids[fixture->follows], run->first_run_id, 63);
    fixture->watches[fixture->follows] = watch;
    return &fixture->watches[fixture->follows++];
}

static void cancel(void *user, void *following)
{
    struct fixture *fixture = user;
    assert_non_null(following);
    fixture->cancels++;
}

static int setup_with(void **state, size_t maximum, int64_t linger_ms)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    fixture->loop = loop_new();
    fixture->table = watch_table_new(&(struct watch_table_options){
        .loop = fixture->loop,
        .source = {.follow = follow, .cancel = cancel, .user = fixture},
        .maximum = maximum,
        .long_polls = SIZE_MAX,
        .linger_ms = linger_ms,
        .gather_ms = 0,
    });
    *state = fixture;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, 8, 60000);
}

static int setup_without_linger(void **state)
{
    return setup_with(state, 2, 0);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    watch_table_answer_all(fixture->table);
    watch_table_destroy(fixture->table);
    loop_destroy(fixture->loop);
    free(fixture);
    return 0;
}

static void on_answer(void *user, const struct watch_closed *closed, size_t count)
{
    struct answer_seen *seen = user;
    seen->answers++;
    seen->count = count;
    for (size_t i = 0; i < count && i < 4; i++) {
        (void)strncpy(seen->runs[i], closed[i].run.first_run_id, 63);
        (void)strncpy(seen->statuses[i], closed[i].result->status, 31);
    }
}

static void ask(struct fixture *fixture, const char *first, const char *second, int64_t wait_ms,
                struct answer_seen *seen)
{
    struct watch_run runs[2] = {{"w", first, NULL}, {"w", second, NULL}};
    watch_table_wait(fixture->table, runs, second == NULL ? 1 : 2, clock_monotonic_ms() + wait_ms, on_answer, seen);
}

static void finish(struct fixture *fixture, size_t index, const char *status)
{
    struct watch_result result = {.status = status, .run_id = memory_copy_string("last")};
    watch_finish(fixture->watches[index], &result);
    assert_null(result.run_id);
}

static void answers_when_a_run_closes(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    ask(fixture, "1", "2", 60000, &seen);
    assert_int_equal(fixture->follows, 2);
    assert_int_equal(seen.answers, 0);
    finish(fixture, 1, "Failed");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.runs[0], "2");
    assert_string_equal(seen.statuses[0], "Failed");
}

static void runs_that_close_together_are_answered_together(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    ask(fixture, "1", "2", 60000, &seen);
    finish(fixture, 0, "Completed");
    finish(fixture, 1, "Completed");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(seen.count, 2);
}

static void answers_with_nothing_at_the_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    ask(fixture, "1", NULL, 0, &seen);
    loop_run_once(fixture->loop, 0);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(seen.count, 0);
}

static void asking_again_costs_no_further_calls(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen first = {0};
    struct answer_seen second = {0};
    struct answer_seen third = {0};
    ask(fixture, "1", "2", 60000, &first);
    finish(fixture, 0, "Completed");
    loop_run_once(fixture->loop, 0);
    ask(fixture, "2", "3", 60000, &second);
    assert_int_equal(fixture->follows, 3);
    assert_string_equal(fixture->first_run_ids[2], "3");
    assert_int_equal(fixture->cancels, 0);
    finish(fixture, 1, "Completed");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(second.count, 1);
    /* level-triggered: what has closed is said again, at once, without a call */
    ask(fixture, "1", "3", 60000, &third);
    assert_int_equal(third.answers, 1);
    assert_string_equal(third.runs[0], "1");
    assert_int_equal(fixture->follows, 3);
}

static void an_end_other_than_completed_is_looked_at_again_for_whoever_asks_later(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    ask(fixture, "run-1", NULL, 60000, &seen);
    finish(fixture, 0, "Failed");
    while (seen.answers == 0) {
        loop_run_once(fixture->loop, 100);
    }
    assert_string_equal(seen.statuses[0], "Failed");
    /* It may have been reset meanwhile. */
    ask(fixture, "run-1", NULL, 60000, &seen);
    assert_int_equal(fixture->follows, 2);
    assert_int_equal(seen.answers, 1);
    finish(fixture, 1, "Completed");
    while (seen.answers == 1) {
        loop_run_once(fixture->loop, 100);
    }
    assert_string_equal(seen.statuses[0], "Completed");
}

static void two_requests_share_a_watch(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen first = {0};
    struct answer_seen second = {0};
    ask(fixture, "1", NULL, 60000, &first);
    ask(fixture, "1", "2", 60000, &second);
    assert_int_equal(fixture->follows, 2);
    finish(fixture, 0, "Completed");
    loop_run_once(fixture->loop, 0);
    loop_run_once(fixture->loop, 0);
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 1);
}

static void a_run_named_twice_is_answered_once(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    ask(fixture, "1", "1", 60000, &seen);
    assert_int_equal(fixture->follows, 1);
    finish(fixture, 0, "Completed");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(seen.count, 1);
}

static void a_broken_long_poll_is_taken_up_again(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    struct error error = {0};
    (void)error_set(&error, STATUS_UNAVAILABLE, "gone");
    ask(fixture, "1", NULL, 60000, &seen);
    watch_fail(fixture->watches[0], &error);
    for (int turns = 0; fixture->follows == 1 && turns < 1000; turns++) {
        loop_run_once(fixture->loop, 100);
    }
    assert_int_equal(fixture->follows, 2);
    assert_string_equal(fixture->first_run_ids[1], "1");
    finish(fixture, 1, "Completed");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(seen.count, 1);
}

static void a_full_table_makes_room_from_what_nobody_wants(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen first = {0};
    struct answer_seen second = {0};
    struct answer_seen third = {0};
    ask(fixture, "1", "2", 0, &first);
    loop_run_once(fixture->loop, 0);
    assert_int_equal(first.answers, 1);
    ask(fixture, "3", NULL, 60000, &second);
    assert_int_equal(fixture->cancels, 2);
    assert_int_equal(fixture->follows, 3);
    assert_int_equal(watch_table_count(fixture->table), 1);
    /* "3" is wanted: one place is left */
    ask(fixture, "4", "5", 60000, &third);
    assert_int_equal(fixture->follows, 4);
    assert_int_equal(watch_table_count(fixture->table), 2);
    watch_table_answer_all(fixture->table); /* who still waits is answered while the answers' places are there */
    assert_int_equal(second.answers, 1);
    assert_int_equal(third.answers, 1);
}

static int setup_small(void **state)
{
    return setup_with(state, 3, 60000);
}

/* At many runs a second the table would be full of what has ended, and none of the new ones watched. */
static void a_full_table_makes_room_from_what_has_been_told(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen[4] = {0};
    static const char *const runs[] = {"1", "2", "3"};
    for (size_t i = 0; i < 3; i++) {
        ask(fixture, runs[i], NULL, 60000, &seen[i]);
        finish(fixture, i, "Completed");
        loop_run_once(fixture->loop, 0);
        assert_int_equal(seen[i].count, 1);
    }
    ask(fixture, "2", NULL, 60000, &seen[1]); /* told again: the newest of the three now */
    assert_int_equal(seen[1].answers, 2);
    ask(fixture, "4", "5", 60000, &seen[3]);
    assert_int_equal(fixture->follows, 5);
    assert_int_equal(watch_table_count(fixture->table), 3);
    ask(fixture, "2", NULL, 60000, &seen[1]);
    assert_int_equal(seen[1].answers, 3);
    assert_int_equal(fixture->follows, 5); /* it was kept */
    finish(fixture, 4, "Completed");
    loop_run_once(fixture->loop, 0);
    assert_int_equal(seen[3].count, 1);
}

static void the_drain_answers_everybody(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen first = {0};
    struct answer_seen second = {0};
    ask(fixture, "1", NULL, 60000, &first);
    ask(fixture, "2", NULL, 60000, &second);
    watch_table_answer_all(fixture->table);
    assert_int_equal(first.answers, 1);
    assert_int_equal(second.answers, 1);
}

static void nothing_asked_is_answered_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct answer_seen seen = {0};
    watch_table_wait(fixture->table, NULL, 0, clock_monotonic_ms() + 60000, on_answer, &seen);
    assert_int_equal(seen.answers, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_when_a_run_closes),
        TEST(runs_that_close_together_are_answered_together),
        TEST(answers_with_nothing_at_the_deadline),
        TEST(asking_again_costs_no_further_calls),
        TEST(an_end_other_than_completed_is_looked_at_again_for_whoever_asks_later),
        TEST(two_requests_share_a_watch),
        TEST(a_run_named_twice_is_answered_once),
        TEST(a_broken_long_poll_is_taken_up_again),
        cmocka_unit_test_setup_teardown(a_full_table_makes_room_from_what_nobody_wants, setup_without_linger,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_table_makes_room_from_what_has_been_told, setup_small, teardown),
        TEST(the_drain_answers_everybody),
        TEST(nothing_asked_is_answered_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
