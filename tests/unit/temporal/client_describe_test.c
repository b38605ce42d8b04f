/* The description of a run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "payload.h"
#include "support_client.h"
#include "temporal/client.h"

static void describe_reads_what_a_run_is(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = "order-1";
    execution.run_id = "run-3";
    Google__Protobuf__Timestamp close_time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    close_time.seconds = 1700000000;
    close_time.nanos = 123456789;
    Pb__Memo__FieldsEntry entry = PB__MEMO__FIELDS_ENTRY__INIT;
    entry.key = "attempt";
    entry.value = payload_new("json/plain", "2", 1);
    Pb__Memo__FieldsEntry *entries[] = {&entry};
    Pb__Memo memo = PB__MEMO__INIT;
    memo.fields = entries;
    memo.n_fields = 1;
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    info.status = PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_TIMED_OUT;
    info.close_time = &close_time;
    info.first_run_id = "run-1";
    info.history_length = 9;
    info.task_queue = "orders";
    info.memo = &memo;
    Pb__DescribeWorkflowExecutionResponse reply = PB__DESCRIBE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    reply.workflow_execution_info = &info;
    Pb__Callback__Nexus nexus = PB__CALLBACK__NEXUS__INIT;
    nexus.url = "http://here/1";
    Pb__Callback callback = PB__CALLBACK__INIT;
    callback.variant_case = PB__CALLBACK__VARIANT_NEXUS;
    callback.nexus = &nexus;
    Pb__CallbackInfo callback_info = PB__CALLBACK_INFO__INIT;
    callback_info.callback = &callback;
    Pb__CallbackInfo nobody = PB__CALLBACK_INFO__INIT;
    Pb__CallbackInfo *callbacks[] = {&nobody, &callback_info};
    reply.callbacks = callbacks;
    reply.n_callbacks = 2;
    fixture->steps[0].reply = &reply.base;
    struct temporal_describe_result result;
    assert_int_equal(temporal_client_describe(fixture->connection, &(struct temporal_run){.workflow_id = "order-1"},
                                              client_ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.status, TEMPORAL_RUN_TIMED_OUT);
    assert_string_equal(temporal_run_status_name(result.status), "TimedOut");
    assert_string_equal(result.run_id, "run-3");
    assert_string_equal(result.first_run_id, "run-1");
    assert_string_equal(result.workflow_type, "");
    assert_int_equal(result.close_wall_ms, 1700000000123);
    assert_int_equal(result.history_length, 9);
    assert_string_equal(temporal_describe_result_memo(&result, "attempt")->data, "2");
    assert_null(temporal_describe_result_memo(&result, "other"));
    assert_int_equal(result.callback_count, 1);
    assert_string_equal(result.callback_urls[0], "http://here/1");
    temporal_describe_result_deinit(&result);
    client_recorded(fixture, 1);
    pb__payload__free_unpacked(entry.value, NULL);
}

static void an_empty_description_is_malformed(void **state)
{
    struct client_fixture *fixture = *state;
    struct temporal_describe_result result;
    struct error error;
    int64_t deadline_ms = client_ready(fixture);
    assert_int_equal(temporal_client_describe(fixture->connection, &client_some_run, deadline_ms, &result, &error),
                     STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(describe_reads_what_a_run_is),
        CLIENT_CASE(an_empty_description_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
