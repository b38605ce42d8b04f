/* The wait request and its answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "runs.h"

static void runs_are_written_escaped_and_in_order(void **state)
{
    (void)state;
    char first_id[] = "a\"1";
    char first_run[] = "r1";
    char second_id[] = "b";
    char second_run[] = "r2";
    struct run_watch first = {.workflow_id = first_id, .first_run_id = first_run};
    struct run_watch second = {.workflow_id = second_id, .first_run_id = second_run, .route = "orders"};
    struct list watches;
    struct buffer out;
    list_init(&watches);
    list_init(&first.link);
    list_init(&second.link);
    list_append(&watches, &first.link);
    list_append(&watches, &second.link);
    buffer_init(&out, 4096);
    assert_int_equal(runs_request(&out, &watches, 20000, NULL), STATUS_OK);
    assert_string_equal(out.data, "{\"runs\":[{\"workflowId\":\"a\\\"1\",\"firstRunId\":\"r1\"},"
                                  "{\"workflowId\":\"b\",\"firstRunId\":\"r2\",\"route\":\"orders\"}],"
                                  "\"waitMs\":20000}");
    buffer_deinit(&out);
    buffer_init(&out, 20);
    assert_int_equal(runs_request(&out, &watches, 20000, NULL), STATUS_TOO_LARGE);
    buffer_deinit(&out);
    first_id[0] = '\xff';
    buffer_init(&out, 4096);
    assert_int_equal(runs_request(&out, &watches, 20000, NULL), STATUS_INVALID_ARGUMENT);
    buffer_deinit(&out);
}

static void the_longest_list_of_the_longest_ids_fits_into_a_request(void **state)
{
    (void)state;
    static struct run_watch watches[RUNS_WAIT_MAX];
    char workflow_id[1001];
    char first_run[] = "00000000-0000-4000-8000-000000000000";
    char route[65];
    struct list list;
    struct buffer out;
    memset(workflow_id, '\x01', sizeof workflow_id - 1);
    workflow_id[sizeof workflow_id - 1] = '\0';
    memset(route, 'r', sizeof route - 1);
    route[sizeof route - 1] = '\0';
    list_init(&list);
    for (size_t i = 0; i < RUNS_WAIT_MAX; i++) {
        watches[i] = (struct run_watch){.workflow_id = workflow_id, .first_run_id = first_run, .route = route};
        list_init(&watches[i].link);
        list_append(&list, &watches[i].link);
    }
    buffer_init(&out, RUNS_REQUEST_MAX);
    assert_int_equal(runs_request(&out, &list, 20000, NULL), STATUS_OK);
    buffer_deinit(&out);
}

static void closed_chains_are_read(void **state)
{
    (void)state;
    static const char text[] = "{\"runs\":[{\"workflowId\":\"w\",\"firstRunId\":\"r1\",\"runId\":\"r9\","
                               "\"status\":\"Failed\",\"failureType\":\"T\",\"failureMessage\":\"m\"},{}]}";
    struct closed_runs runs = {0};
    assert_int_equal(closed_runs_parse(text, sizeof text - 1, &runs, NULL), STATUS_OK);
    assert_int_equal(runs.count, 2);
    assert_string_equal(runs.entries[0].run_id, "r9");
    assert_int_equal(runs.entries[0].status, RUN_FAILED);
    assert_string_equal(runs.entries[1].workflow_id, "");
    assert_int_equal(runs.entries[1].status, RUN_UNKNOWN);
    closed_runs_deinit(&runs);
}

static void none_closed_is_an_answer_and_anything_else_is_malformed(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "null", "[]", "{}", "{\"runs\":1}", "{\"runs\":["};
    struct closed_runs runs = {0};
    assert_int_equal(closed_runs_parse("{\"runs\":[]}", 11, &runs, NULL), STATUS_OK);
    assert_int_equal(runs.count, 0);
    closed_runs_deinit(&runs);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(closed_runs_parse(bad[i], strlen(bad[i]), &runs, NULL), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_written_escaped_and_in_order),
        cmocka_unit_test(the_longest_list_of_the_longest_ids_fits_into_a_request),
        cmocka_unit_test(closed_chains_are_read),
        cmocka_unit_test(none_closed_is_an_answer_and_anything_else_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
