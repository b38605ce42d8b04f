/* Which attempt a run is, and whether another may follow it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "attempt.h"

static char s_run[] = "r-1";
static char s_other[] = "r-2";

static struct temporal_describe_result run_with(enum temporal_run_status status, char *run_id)
{
    return (struct temporal_describe_result){.status = status, .run_id = run_id, .first_run_id = s_run};
}

static void only_the_current_run_that_failed_is_followed(void **state)
{
    (void)state;
    static const struct {
        enum temporal_run_status status;
        enum attempt_verdict verdict;
    } cases[] = {
        {TEMPORAL_RUN_FAILED, ATTEMPT_START},        {TEMPORAL_RUN_TIMED_OUT, ATTEMPT_START},
        {TEMPORAL_RUN_CANCELED, ATTEMPT_START},      {TEMPORAL_RUN_TERMINATED, ATTEMPT_START},
        {TEMPORAL_RUN_RUNNING, ATTEMPT_ANSWER},      {TEMPORAL_RUN_COMPLETED, ATTEMPT_ANSWER},
        {TEMPORAL_RUN_PAUSED, ATTEMPT_ANSWER},       {TEMPORAL_RUN_UNKNOWN, ATTEMPT_ANSWER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct temporal_describe_result run = run_with(cases[i].status, s_run);
        assert_int_equal(attempt_decide(&run, "r-1", false), cases[i].verdict);
        assert_int_equal(attempt_decide(&run, "r-1", true), cases[i].verdict);
    }
}

static void a_run_that_another_has_followed_is_not_followed_again(void **state)
{
    (void)state;
    struct temporal_describe_result run = run_with(TEMPORAL_RUN_FAILED, s_other);
    assert_int_equal(attempt_decide(&run, "r-1", false), ATTEMPT_ANSWER);
    assert_int_equal(attempt_decide(&run, "r-1", true), ATTEMPT_ANSWER);
}

static void what_is_forgotten_runs_again_only_when_it_is_replayed(void **state)
{
    (void)state;
    assert_int_equal(attempt_decide(NULL, "r-1", false), ATTEMPT_UNKNOWN);
    assert_int_equal(attempt_decide(NULL, "r-1", true), ATTEMPT_START);
}

static int64_t attempt_with(char *json)
{
    static char key[] = "FerryAttempt";
    static char encoding[] = TEMPORAL_ENCODING_JSON;
    size_t length = 0;
    while (json[length] != '\0') {
        length++;
    }
    struct temporal_memo_value memo = {.key = key, .value = {.encoding = encoding, .data = json, .length = length}};
    struct temporal_describe_result run = run_with(TEMPORAL_RUN_FAILED, s_run);
    run.memo = &memo;
    run.memo_count = 1;
    return attempt_of_run(&run);
}

static void the_attempt_stands_in_the_memo(void **state)
{
    (void)state;
    char two[] = "2";
    char nothing[] = "0";
    char text[] = "\"2\"";
    char huge[] = "9223372036854775807";
    struct temporal_describe_result bare = run_with(TEMPORAL_RUN_FAILED, s_run);
    assert_int_equal(attempt_with(two), 2);
    assert_int_equal(attempt_with(nothing), 0);
    assert_int_equal(attempt_with(text), 0);
    assert_int_equal(attempt_with(huge), 0); /* one more would be beyond int64_t */
    assert_int_equal(attempt_of_run(&bare), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_current_run_that_failed_is_followed),
        cmocka_unit_test(a_run_that_another_has_followed_is_not_followed_again),
        cmocka_unit_test(what_is_forgotten_runs_again_only_when_it_is_replayed),
        cmocka_unit_test(the_attempt_stands_in_the_memo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
