/* The body of POST /v1/runs/wait. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "run_list.h"

static const struct settings s_settings = {0};

static void assert_refused(const char *body, enum status status, const char *expected)
{
    struct run_list list = {0};
    struct error error = {0};
    assert_int_equal(run_list_parse(body, strlen(body), &s_settings, 60000, &list, &error), status);
    assert_string_equal(error.text, expected);
    assert_null(list.runs);
}

static struct run_list parse(const char *body)
{
    struct run_list list = {0};
    struct error error = {0};
    if (run_list_parse(body, strlen(body), &s_settings, 60000, &list, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return list;
}

static void reads_runs_and_time(void **state)
{
    (void)state;
    struct run_list list = parse("{\"waitMs\":60000,\"runs\":[{\"firstRunId\":\"r1\",\"workflowId\":\"w\\n1\"},"
                                 "{\"workflowId\":\"w2\",\"firstRunId\":\"r2\",\"more\":[]}]}");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.wait_ms, 60000);
    assert_string_equal(list.runs[0].workflow_id, "w\n1");
    assert_string_equal(list.runs[0].first_run_id, "r1");
    assert_string_equal(list.runs[1].workflow_id, "w2");
    run_list_deinit(&list);
}

static void no_time_is_none_and_no_runs_are_fine(void **state)
{
    (void)state;
    struct run_list list = parse("{\"runs\":[]}");
    assert_int_equal(list.count, 0);
    assert_int_equal(list.wait_ms, 0);
    run_list_deinit(&list);
}

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    const char *no_run = "runs[1]: expected {\"workflowId\", \"firstRunId\"}, both texts of 1 to 1000 bytes";
    const char *no_time = "waitMs: expected a whole number from 0 to 60000";
    assert_refused("{", STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    assert_refused("[]", STATUS_INVALID_ARGUMENT, "runs: expected a list of runs");
    assert_refused("{\"runs\":{}}", STATUS_INVALID_ARGUMENT, "runs: expected a list of runs");
    assert_refused("{\"runs\":[{\"workflowId\":\"w\",\"firstRunId\":\"r\"},7]}", STATUS_INVALID_ARGUMENT, no_run);
    assert_refused("{\"runs\":[{\"workflowId\":\"w\",\"firstRunId\":\"r\"},{\"workflowId\":\"w\"}]}",
                   STATUS_INVALID_ARGUMENT, no_run);
    assert_refused("{\"runs\":[{\"workflowId\":\"w\",\"firstRunId\":\"r\"},"
                   "{\"workflowId\":\"\",\"firstRunId\":\"r\"}]}",
                   STATUS_INVALID_ARGUMENT, no_run);
    assert_refused("{\"runs\":[],\"waitMs\":60001}", STATUS_INVALID_ARGUMENT, no_time);
    assert_refused("{\"runs\":[],\"waitMs\":-1}", STATUS_INVALID_ARGUMENT, no_time);
    assert_refused("{\"runs\":[],\"waitMs\":1.5}", STATUS_INVALID_ARGUMENT, no_time);
    assert_refused("{\"runs\":[],\"waitMs\":\"1\"}", STATUS_INVALID_ARGUMENT, no_time);
}

static void refuses_too_many_runs(void **state)
{
    (void)state;
    struct buffer body;
    buffer_init(&body, 100000);
    assert_true(buffer_append_string(&body, "{\"runs\":["));
    for (size_t i = 0; i <= RUN_LIST_MAX; i++) {
        assert_true(buffer_append_format(&body,
                                         "%s{\"workflowId\":\"w\",\"firstRunId\":\"%zu\"}", i == 0 ? "" : ",", i));
    }
    assert_true(buffer_append_string(&body, "]}"));
    assert_refused(body.data, STATUS_INVALID_ARGUMENT, "runs: expected at most 1000");
    buffer_deinit(&body);
}

static void a_run_s_namespace_is_its_route_s(void **state)
{
    (void)state;
    static char plain[] = "plain";
    static char far[] = "plain-far";
    static char space[] = "elsewhere";
    static char other[] = "bare";
    static char none[] = "";
    struct settings_route routes[] = {{.name = plain, .id_prefix = plain},
                                      {.name = far, .id_prefix = far, .namespace_ = space},
                                      {.name = other, .id_prefix = none, .namespace_ = other}};
    const struct settings settings = {.routes = routes, .route_count = 3};
    static const char body[] = "{\"runs\":[{\"workflowId\":\"plain-1\",\"firstRunId\":\"r\"},"
                               "{\"workflowId\":\"plain-far-1\",\"firstRunId\":\"r\"},"
                               "{\"workflowId\":\"plain-far-1\",\"firstRunId\":\"r\",\"route\":\"plain\"},"
                               "{\"workflowId\":\"1\",\"firstRunId\":\"r\",\"route\":\"bare\"},"
                               "{\"workflowId\":\"1\",\"firstRunId\":\"r\",\"route\":\"gone\"}]}";
    struct settings_route only_prefixes[] = {routes[0], routes[1]};
    const struct settings others = {.routes = only_prefixes, .route_count = 2};
    struct run_list list = {0};
    assert_int_equal(run_list_parse(body, sizeof body - 1, &settings, 60000, &list, NULL), STATUS_OK);
    assert_int_equal(list.count, 5);
    assert_null(list.runs[0].namespace_name);
    assert_string_equal(list.runs[1].namespace_name, "elsewhere"); /* the longest prefix */
    assert_null(list.runs[2].namespace_name);                      /* unless the route is named */
    assert_string_equal(list.runs[3].namespace_name, "bare");
    assert_string_equal(list.runs[4].namespace_name, "bare"); /* the route without a prefix takes what has none */
    run_list_deinit(&list);
    assert_int_equal(run_list_parse(body, sizeof body - 1, &others, 60000, &list, NULL), STATUS_OK);
    assert_null(list.runs[4].namespace_name);
    run_list_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_s_namespace_is_its_route_s),
        cmocka_unit_test(reads_runs_and_time),
        cmocka_unit_test(no_time_is_none_and_no_runs_are_fine),
        cmocka_unit_test(refuses_what_it_does_not_understand),
        cmocka_unit_test(refuses_too_many_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
