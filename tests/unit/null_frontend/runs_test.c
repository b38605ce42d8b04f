/* What a start comes to, and what is forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "runs.h"

#define CLOSE_DELAY_MS 100

static enum runs_outcome start(struct runs *runs, struct runs_start options, int64_t now_ms, char out_run_id[])
{
    enum runs_outcome outcome = RUNS_REFUSED;
    options.workflow_id = options.workflow_id != NULL ? options.workflow_id : "w";
    options.request_id = options.request_id != NULL ? options.request_id : "";
    const struct run *run = runs_start(runs, &options, now_ms, &outcome);
    (void)strcpy(out_run_id, run->run_id);
    return outcome;
}

static void the_same_request_is_the_same_run_open_or_closed(void **state)
{
    (void)state;
    struct runs *runs = runs_new(10, CLOSE_DELAY_MS);
    char first[RANDOM_UUID_SIZE];
    char again[RANDOM_UUID_SIZE];
    assert_int_equal(start(runs, (struct runs_start){.request_id = "r"}, 0, first), RUNS_STARTED);
    assert_int_equal(start(runs, (struct runs_start){.request_id = "r"}, 50, again), RUNS_REPEATED);
    assert_string_equal(first, again);
    assert_int_equal(start(runs, (struct runs_start){.request_id = "r"}, 500, again), RUNS_REPEATED);
    assert_string_equal(first, again);
    runs_destroy(runs);
}

static void an_open_run_is_attached_to_replaced_or_in_the_way(void **state)
{
    (void)state;
    struct runs *runs = runs_new(10, CLOSE_DELAY_MS);
    char first[RANDOM_UUID_SIZE];
    char second[RANDOM_UUID_SIZE];
    assert_int_equal(start(runs, (struct runs_start){0}, 0, first), RUNS_STARTED);
    assert_int_equal(start(runs, (struct runs_start){.may_follow = true}, 50, second), RUNS_REFUSED);
    assert_string_equal(first, second);
    assert_int_equal(start(runs, (struct runs_start){.attaches = true}, 50, second), RUNS_ATTACHED);
    assert_string_equal(first, second);
    assert_int_equal(start(runs, (struct runs_start){.replaces = true}, 50, second), RUNS_STARTED);
    assert_string_not_equal(first, second);
    assert_int_equal(runs_count(runs), 1);
    runs_destroy(runs);
}

static void a_closed_run_can_be_followed_or_is_in_the_way(void **state)
{
    (void)state;
    struct runs *runs = runs_new(10, CLOSE_DELAY_MS);
    char first[RANDOM_UUID_SIZE];
    char second[RANDOM_UUID_SIZE];
    assert_int_equal(start(runs, (struct runs_start){0}, 0, first), RUNS_STARTED);
    assert_int_equal(start(runs, (struct runs_start){.attaches = true}, CLOSE_DELAY_MS, second), RUNS_REFUSED);
    assert_string_equal(first, second);
    assert_int_equal(start(runs, (struct runs_start){.may_follow = true}, CLOSE_DELAY_MS, second), RUNS_STARTED);
    assert_null(runs_find(runs, "w", first));
    assert_non_null(runs_find(runs, "w", second));
    assert_non_null(runs_find(runs, "w", ""));
    runs_destroy(runs);
}

static void the_oldest_run_is_forgotten_first(void **state)
{
    (void)state;
    struct runs *runs = runs_new(2, CLOSE_DELAY_MS);
    char run_id[RANDOM_UUID_SIZE];
    for (const char *const *id = (const char *const[]){"a", "b", "c", NULL}; *id != NULL; id++) {
        assert_int_equal(start(runs, (struct runs_start){.workflow_id = *id}, 0, run_id), RUNS_STARTED);
    }
    assert_int_equal(runs_count(runs), 2);
    assert_null(runs_find(runs, "a", ""));
    assert_non_null(runs_find(runs, "b", ""));
    assert_non_null(runs_find(runs, "c", run_id));
    runs_destroy(runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_request_is_the_same_run_open_or_closed),
        cmocka_unit_test(an_open_run_is_attached_to_replaced_or_in_the_way),
        cmocka_unit_test(a_closed_run_can_be_followed_or_is_in_the_way),
        cmocka_unit_test(the_oldest_run_is_forgotten_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
