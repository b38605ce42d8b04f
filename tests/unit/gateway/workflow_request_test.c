/* The bodies that start a workflow. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "workflow_request.h"

static struct workflow_request parse(enum workflow_request_kind kind, const char *body)
{
    struct workflow_request request = {0};
    struct error error = {0};
    if (workflow_request_parse(kind, body, strlen(body), &request, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return request;
}

/* members stand beside a workflow type and a task queue. */
static void assert_refused(const char *members, const char *expected)
{
    struct workflow_request request = {0};
    struct error error = {0};
    char body[4096];
    (void)snprintf(body, sizeof body, "{\"workflowType\":\"t\",\"taskQueue\":\"q\",%s}", members);
    assert_int_equal(workflow_request_parse(WORKFLOW_REQUEST_START, body, strlen(body), &request, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
    assert_null(request.workflow_type);
}

static void assert_slice(const struct temporal_payload *payload, const char *expected)
{
    assert_int_equal(payload->length, strlen(expected));
    assert_memory_equal(payload->data, expected, strlen(expected));
}

static void the_input_passes_byte_for_byte(void **state)
{
    (void)state;
    struct workflow_request request =
        parse(WORKFLOW_REQUEST_START,
              "{\"workflowType\":\"t\",\"taskQueue\":\"q\",\"workflowId\":\"w\",\"input\": {\"n\": 1.00} }");
    assert_string_equal(request.workflow_type, "t");
    assert_string_equal(request.task_queue, "q");
    assert_string_equal(request.workflow_id, "w");
    assert_int_equal(request.input.count, 1);
    assert_slice(&request.input.payloads[0], "{\"n\": 1.00}");
    assert_false(request.has_retry);
    assert_false(request.has_id_conflict);
    assert_int_equal(request.id_conflict, TEMPORAL_CONFLICT_FAIL);
    assert_int_equal(request.id_reuse, TEMPORAL_REUSE_ALLOW);
    workflow_request_deinit(&request);
}

static void every_member_becomes_an_option(void **state)
{
    (void)state;
    struct workflow_request request = parse(
        WORKFLOW_REQUEST_START,
        "{\"workflowType\":\"t\",\"taskQueue\":\"q\",\"arguments\":[1,null],\"memo\":{\"a\":1.0,\"\xC3\xA4\":[]},"
        "\"searchAttributes\":{\"Color\":\"red\"},\"executionTimeout\":\"1h\",\"runTimeout\":90,\"taskTimeout\":\"5s\","
        "\"startDelay\":\"250ms\",\"retryPolicy\":{\"initialInterval\":\"2s\",\"backoffCoefficient\":1.5,"
        "\"maximumInterval\":60,\"maximumAttempts\":4,\"nonRetryableErrorTypes\":[\"A\",\"B\"]},"
        "\"idReusePolicy\":\"failedOnly\",\"idConflictPolicy\":\"useExisting\","
        "\"priority\":{\"key\":2,\"fairnessKey\":\"tenant\",\"fairnessWeight\":2.5}}");
    struct temporal_retry_options retry;
    struct temporal_start_options options = {.workflow_id = "untouched"};
    workflow_request_options(&request, &retry, &options);
    assert_string_equal(options.workflow_id, "untouched");
    assert_string_equal(options.workflow_type, "t");
    assert_string_equal(options.task_queue, "q");
    assert_int_equal(options.argument_count, 2);
    assert_slice(&options.arguments[1], "null");
    assert_int_equal(options.memo_count, 2);
    assert_string_equal(options.memo[1].key, "\xC3\xA4");
    assert_slice(&options.memo[0].value, "1.0");
    assert_int_equal(options.search_attribute_count, 1);
    assert_slice(&options.search_attributes[0].value, "\"red\"");
    assert_int_equal(options.execution_timeout_ms, 3600000);
    assert_int_equal(options.run_timeout_ms, 90000);
    assert_int_equal(options.task_timeout_ms, 5000);
    assert_int_equal(options.start_delay_ms, 250);
    assert_ptr_equal(options.retry, &retry);
    assert_int_equal(retry.initial_interval_ms, 2000);
    assert_int_equal(retry.maximum_interval_ms, 60000);
    assert_int_equal(retry.maximum_attempts, 4);
    assert_true(retry.backoff_coefficient > 1.4 && retry.backoff_coefficient < 1.6);
    assert_string_equal(retry.non_retryable_types[1], "B");
    assert_null(retry.non_retryable_types[2]);
    assert_int_equal(options.id_reuse, TEMPORAL_REUSE_FAILED_ONLY);
    assert_int_equal(options.id_conflict, TEMPORAL_CONFLICT_USE_EXISTING);
    assert_int_equal(options.priority.key, 2);
    assert_string_equal(options.priority.fairness_key, "tenant");
    assert_true(options.priority.fairness_weight > 2.4 && options.priority.fairness_weight < 2.6);
    workflow_request_deinit(&request);
}

static void a_signal_and_an_update_have_their_arguments(void **state)
{
    (void)state;
    struct workflow_request request =
        parse(WORKFLOW_REQUEST_SIGNAL, "{\"workflowType\":\"t\",\"taskQueue\":\"q\",\"signal\":{\"a\":1},\"input\":2}");
    assert_slice(&request.message_arguments.payloads[0], "{\"a\":1}");
    assert_slice(&request.input.payloads[0], "2");
    workflow_request_deinit(&request);
    request = parse(WORKFLOW_REQUEST_UPDATE,
                    "{\"workflowType\":\"t\",\"taskQueue\":\"q\",\"updateArguments\":[1,2,3]}");
    assert_int_equal(request.message_arguments.count, 3);
    assert_int_equal(request.input.count, 0);
    workflow_request_deinit(&request);
    assert_refused("\"signal\":1", "signal: there is no such member");
    assert_refused("\"update\":1", "update: there is no such member");
}

static void refuses_what_is_no_start(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum status status;
        const char *expected;
    } cases[] = {{"nope", STATUS_MALFORMED, "the body is not valid JSON in UTF-8"},
                 {"", STATUS_MALFORMED, "the body is not valid JSON in UTF-8"},
                 {"[]", STATUS_INVALID_ARGUMENT, "expected a JSON object"},
                 {"{\"taskQueue\":\"q\"}", STATUS_INVALID_ARGUMENT, "workflowType: expected a text, found none"},
                 {"{\"workflowType\":\"t\"}", STATUS_INVALID_ARGUMENT, "taskQueue: expected a text, found none"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct workflow_request request = {0};
        struct error error = {0};
        assert_int_equal(workflow_request_parse(WORKFLOW_REQUEST_START, cases[i].body, strlen(cases[i].body), &request,
                                                &error), cases[i].status);
        assert_string_equal(error.text, cases[i].expected);
    }
}

static void a_wrong_member_is_named(void **state)
{
    (void)state;
    assert_refused("\"taskqueue\":\"q\"", "taskqueue: there is no such member");
    assert_refused("\"taskQueue\":\"r\"", "taskQueue: given twice");
    assert_refused("\"workflowId\":\"a\\u0000b\"", "workflowId: expected a text");
    assert_refused("\"input\":1,\"arguments\":[]", "arguments: one argument or a list of them, not both");
    assert_refused("\"arguments\":[],\"input\":1", "input: one argument or a list of them, not both");
    assert_refused("\"arguments\":{}", "arguments: expected a list of arguments");
    assert_refused("\"memo\":[]", "memo: expected an object");
    assert_refused("\"memo\":{\"FerryRoute\":1}", "memo: names that begin with Ferry are the gateway's own");
    assert_refused("\"memo\":{\"a\":1,\"\":2}", "memo: expected a text");
    assert_refused("\"searchAttributes\":null", "searchAttributes: expected an object");
    assert_refused("\"retryPolicy\":{\"maximumAttempts\":1.5}",
                   "retryPolicy.maximumAttempts: expected a whole number");
    assert_refused("\"retryPolicy\":{\"nonRetryableErrorTypes\":[\"A\",7]}",
                   "retryPolicy.nonRetryableErrorTypes: expected a text");
    assert_refused("\"retryPolicy\":{\"backoffCoefficient\":0.5}",
                   "retryPolicy.backoffCoefficient: expected a number from 1 to 1000");
    assert_refused("\"idReusePolicy\":\"never\"", "idReusePolicy: expected one of allow, failedOnly, reject");
    assert_refused("\"idConflictPolicy\":\"x\"", "idConflictPolicy: expected one of fail, useExisting, terminate");
    assert_refused("\"priority\":{\"weight\":1}", "priority.weight: there is no such member");
}

static void memos_are_limited(void **state)
{
    (void)state;
    char members[2048] = "\"memo\":{\"a\":0";
    for (size_t i = 0; i < WORKFLOW_REQUEST_ENTRIES_MAX; i++) {
        strcat(members, ",\"a\":0");
    }
    strcat(members, "}");
    assert_refused(members, "memo: at most 100 members are possible");
}

static void an_id_is_named_once_or_the_same_everywhere(void **state)
{
    (void)state;
    const char *id = NULL;
    struct error error = {0};
    assert_int_equal(workflow_request_choose_id(NULL, NULL, NULL, &id, NULL), STATUS_OK);
    assert_null(id);
    assert_int_equal(workflow_request_choose_id("a", NULL, "a", &id, NULL), STATUS_OK);
    assert_string_equal(id, "a");
    assert_int_equal(workflow_request_choose_id(NULL, "b", NULL, &id, NULL), STATUS_OK);
    assert_string_equal(id, "b");
    assert_int_equal(workflow_request_choose_id("a", "b", NULL, &id, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(workflow_request_choose_id(NULL, "a", "b", &id, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(workflow_request_choose_id(NULL, "", NULL, &id, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(id, "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_input_passes_byte_for_byte),
        cmocka_unit_test(every_member_becomes_an_option),
        cmocka_unit_test(a_signal_and_an_update_have_their_arguments),
        cmocka_unit_test(refuses_what_is_no_start),
        cmocka_unit_test(a_wrong_member_is_named),
        cmocka_unit_test(memos_are_limited),
        cmocka_unit_test(an_id_is_named_once_or_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
