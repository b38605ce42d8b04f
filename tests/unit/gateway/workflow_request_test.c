/* The body of POST /v1/workflows, and durations in query strings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "workflow_request.h"

static struct workflow_request parse(const char *body, const char *key)
{
    struct workflow_request request = {0};
    struct error error = {0};
    if (workflow_request_parse(body, strlen(body), key, &request, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return request;
}

static void assert_refused(const char *body, enum status status, const char *expected)
{
    struct workflow_request request = {0};
    struct error error = {0};
    assert_int_equal(workflow_request_parse(body, strlen(body), NULL, &request, &error), status);
    assert_string_equal(error.text, expected);
    assert_null(request.workflow_type);
}

static void the_input_passes_byte_for_byte(void **state)
{
    (void)state;
    struct workflow_request request =
        parse("{\"workflowType\":\"t\",\"taskQueue\":\"q\",\"workflowId\":\"w\",\"input\": {\"n\": 1.00} }", NULL);
    assert_string_equal(request.workflow_type, "t");
    assert_string_equal(request.task_queue, "q");
    assert_string_equal(request.workflow_id, "w");
    assert_false(request.has_key);
    assert_int_equal(request.input.length, strlen("{\"n\": 1.00}"));
    assert_memory_equal(request.input.data, "{\"n\": 1.00}", request.input.length);
    workflow_request_deinit(&request);
}

static void the_same_key_is_the_same_start(void **state)
{
    (void)state;
    const char *body = "{\"workflowType\":\"t\",\"taskQueue\":\"q\"}";
    struct workflow_request first = parse(body, "k");
    struct workflow_request again = parse(body, "k");
    struct workflow_request other = parse(body, "l");
    assert_true(first.has_key);
    assert_null(first.input.data);
    assert_string_equal(first.workflow_id, again.workflow_id);
    assert_string_equal(first.request_id, again.request_id);
    assert_string_not_equal(first.workflow_id, other.workflow_id);
    assert_string_not_equal(first.request_id, other.request_id);
    workflow_request_deinit(&first);
    workflow_request_deinit(&again);
    workflow_request_deinit(&other);
}

static void without_key_and_id_each_start_is_its_own(void **state)
{
    (void)state;
    const char *body = "{\"workflowType\":\"t\",\"taskQueue\":\"q\"}";
    struct workflow_request first = parse(body, NULL);
    struct workflow_request second = parse(body, "");
    assert_false(second.has_key);
    assert_string_not_equal(first.workflow_id, second.workflow_id);
    workflow_request_deinit(&first);
    workflow_request_deinit(&second);
}

static void refuses_what_is_no_start(void **state)
{
    (void)state;
    assert_refused("nope", STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    assert_refused("[]", STATUS_INVALID_ARGUMENT, "expected a JSON object");
    assert_refused("{\"taskQueue\":\"q\"}", STATUS_INVALID_ARGUMENT, "workflowType: expected a text, found none");
    assert_refused("{\"workflowType\":\"t\"}", STATUS_INVALID_ARGUMENT, "taskQueue: expected a text, found none");
    assert_refused("{\"workflowType\":7,\"taskQueue\":\"q\"}", STATUS_INVALID_ARGUMENT,
                   "workflowType: expected a text");
    assert_refused("{\"workflowType\":\"t\",\"taskQueue\":\"q\",\"workflowId\":\"a\\u0000b\"}",
                   STATUS_INVALID_ARGUMENT, "workflowId: expected a text");
}

static void reads_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected_ms; /* -1: refused */
    } cases[] = {{NULL, 0},      {"0", 0},     {"30s", 30000}, {"500ms", 500}, {"1m", 60000}, {"7", 7000},
                 {"61s", -1},    {"s", -1},    {"", -1},       {"-1s", -1},    {"1h", -1},    {"1 s", -1},
                 {"9999999999ms", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        int64_t wait_ms = -1;
        enum status status = workflow_request_wait(cases[i].text, 60000, &wait_ms, &error);
        assert_int_equal(status, cases[i].expected_ms < 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        assert_int_equal(wait_ms, cases[i].expected_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_input_passes_byte_for_byte),
        cmocka_unit_test(the_same_key_is_the_same_start),
        cmocka_unit_test(without_key_and_id_each_start_is_its_own),
        cmocka_unit_test(refuses_what_is_no_start),
        cmocka_unit_test(reads_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
