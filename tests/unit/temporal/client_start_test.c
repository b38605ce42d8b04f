/* What a start sends, what its answer says, and which of its errors are final. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "support_client.h"
#include "temporal/client.h"
#include "temporal/workflow.h"

static enum status start(struct client_fixture *fixture, struct temporal_start_result *out_result, struct error *error)
{
    static const char *const types[] = {"Bad", "Worse", NULL};
    static const struct temporal_retry_options retry = {.initial_interval_ms = 1500, .maximum_attempts = 3,
                                                        .non_retryable_types = types};
    struct temporal_payload argument = {.data = "{\"a\": 1.00}", .length = 11};
    struct temporal_memo_entry memo = {.key = "attempt", .value = {.data = "1", .length = 1}};
    struct temporal_start_options options = {
        .workflow_id = "order-1",
        .workflow_type = "order",
        .task_queue = "orders",
        .arguments = &argument,
        .argument_count = 1,
        .request_id = "r-1",
        .id_reuse = TEMPORAL_REUSE_REJECT,
        .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
        .run_timeout_ms = 61500,
        .retry = &retry,
        .memo = &memo,
        .memo_count = 1,
        .deadline_ms = client_ready(fixture),
    };
    return temporal_client_start(fixture->connection, &options, out_result, error);
}

static void start_sends_all_that_was_asked_for(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__StartWorkflowExecutionResponse reply = PB__START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    reply.run_id = "run-1";
    reply.first_execution_run_id = "run-0";
    reply.started = 1;
    reply.status = PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_RUNNING;
    fixture->steps[0].reply = &reply.base;
    struct temporal_start_result result;
    assert_int_equal(start(fixture, &result, NULL), STATUS_OK);
    assert_string_equal(result.workflow_id, "order-1");
    assert_string_equal(result.run_id, "run-1");
    assert_string_equal(result.first_run_id, "run-0");
    assert_true(result.started);
    assert_int_equal(result.status, TEMPORAL_RUN_RUNNING);
    temporal_start_result_deinit(&result);

    client_recorded(fixture, 1);
    assert_string_equal(fixture->methods[0], "StartWorkflowExecution");
    assert_string_equal(fixture->metadata[0], "shop");
    Pb__StartWorkflowExecutionRequest *request =
        pb__start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->namespace_, "shop");
    assert_string_equal(request->identity, "me");
    assert_string_equal(request->workflow_type->name, "order");
    assert_string_equal(request->task_queue->name, "orders");
    assert_string_equal(request->request_id, "r-1");
    assert_memory_equal(request->input->payloads[0]->data.data, "{\"a\": 1.00}", 11);
    assert_int_equal(request->workflow_id_reuse_policy,
                     PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
    assert_int_equal(request->workflow_id_conflict_policy,
                     PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
    assert_int_equal(request->workflow_run_timeout->seconds, 61);
    assert_int_equal(request->workflow_run_timeout->nanos, 500000000);
    assert_null(request->workflow_execution_timeout);
    assert_int_equal(request->retry_policy->n_non_retryable_error_types, 2);
    assert_string_equal(request->retry_policy->non_retryable_error_types[1], "Worse");
    assert_string_equal(request->memo->fields[0]->key, "attempt");
    pb__start_workflow_execution_request__free_unpacked(request, NULL);
}

static void start_sends_namespace_attributes_priority_and_callbacks(void **state)
{
    struct client_fixture *fixture = *state;
    const struct temporal_memo_entry attribute = {.key = "FerryMessageId", .value = {.data = "\"m-1\"", .length = 5}};
    const struct temporal_header header = {.name = "x-key", .value = "17"};
    const struct temporal_callback callbacks[] = {{.url = "http://here/1", .headers = &header, .header_count = 1},
                                                  {.url = "http://here/2"}};
    struct temporal_start_options options = {
        .namespace_name = "other", .workflow_id = "a", .workflow_type = "b", .task_queue = "c",
        .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
        .search_attributes = &attribute, .search_attribute_count = 1,
        .priority = {.key = 2, .fairness_key = "tenant", .fairness_weight = 1.5},
        .callbacks = callbacks, .callback_count = 2, .deadline_ms = client_ready(fixture)};
    struct temporal_start_result result;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, NULL), STATUS_OK);
    temporal_start_result_deinit(&result);
    client_recorded(fixture, 1);
    Pb__StartWorkflowExecutionRequest *request =
        pb__start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->namespace_, "other");
    assert_string_equal(fixture->metadata[0], "other");
    assert_int_equal(request->search_attributes->n_indexed_fields, 1);
    assert_string_equal(request->search_attributes->indexed_fields[0]->key, "FerryMessageId");
    assert_memory_equal(request->search_attributes->indexed_fields[0]->value->data.data, "\"m-1\"", 5);
    assert_int_equal(request->priority->priority_key, 2);
    assert_string_equal(request->priority->fairness_key, "tenant");
    assert_float_equal(request->priority->fairness_weight, 1.5, 0.001);
    assert_int_equal(request->n_completion_callbacks, 2);
    assert_string_equal(request->completion_callbacks[0]->nexus->url, "http://here/1");
    assert_int_equal(request->completion_callbacks[0]->nexus->n_header, 1);
    assert_string_equal(request->completion_callbacks[0]->nexus->header[0]->value, "17");
    assert_string_equal(request->completion_callbacks[1]->nexus->url, "http://here/2");
    assert_int_equal(request->completion_callbacks[1]->nexus->n_header, 0);
    assert_true(request->on_conflict_options->attach_completion_callbacks);
    assert_true(request->on_conflict_options->attach_request_id);
    pb__start_workflow_execution_request__free_unpacked(request, NULL);
}

static void a_start_with_a_signal_is_one_call(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__SignalWithStartWorkflowExecutionResponse reply = PB__SIGNAL_WITH_START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    reply.run_id = "run-2";
    reply.first_execution_run_id = "run-1";
    fixture->steps[0].reply = &reply.base;
    const struct temporal_payload argument = {.data = "{}", .length = 2};
    const struct temporal_start_signal signal = {.name = "message", .arguments = &argument, .argument_count = 1};
    struct temporal_start_options options = {.workflow_id = "a", .workflow_type = "b", .task_queue = "c",
                                             .request_id = "r-1", .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING,
                                             .signal = &signal, .deadline_ms = client_ready(fixture)};
    struct temporal_start_result result;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_false(result.started);
    assert_string_equal(result.run_id, "run-2");
    assert_string_equal(result.first_run_id, "run-1");
    assert_int_equal(result.status, TEMPORAL_RUN_UNKNOWN);
    temporal_start_result_deinit(&result);
    client_recorded(fixture, 1);
    assert_string_equal(fixture->methods[0], "SignalWithStartWorkflowExecution");
    Pb__SignalWithStartWorkflowExecutionRequest *request =
        pb__signal_with_start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->namespace_, "shop");
    assert_string_equal(request->request_id, "r-1");
    assert_string_equal(request->signal_name, "message");
    assert_memory_equal(request->signal_input->payloads[0]->data.data, "{}", 2);
    assert_null(request->input);
    pb__signal_with_start_workflow_execution_request__free_unpacked(request, NULL);
}

static void a_repeated_start_has_the_same_request_id(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->steps[0] = (struct client_step){.code = GRPC_STATUS_UNAVAILABLE, .message = "later"};
    fixture->step_count = 2;
    struct temporal_start_options options = {.workflow_id = "a", .workflow_type = "b", .task_queue = "c",
                                             .deadline_ms = client_ready(fixture)};
    struct temporal_start_result result;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, NULL), STATUS_OK);
    temporal_start_result_deinit(&result);
    client_recorded(fixture, 2);
    Pb__StartWorkflowExecutionRequest *request =
        pb__start_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_int_equal(strlen(request->request_id), 36);
    pb__start_workflow_execution_request__free_unpacked(request, NULL);
    assert_int_equal(fixture->body_lengths[1], fixture->body_lengths[0]);
    assert_memory_equal(fixture->bodies[1], fixture->bodies[0], fixture->body_lengths[0]);
}

static void a_start_that_is_there_already_tells_its_run(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__WorkflowExecutionAlreadyStartedFailure detail = PB__WORKFLOW_EXECUTION_ALREADY_STARTED_FAILURE__INIT;
    detail.run_id = "run-7";
    detail.first_execution_run_id = "run-5";
    fixture->steps[0] = (struct client_step){.code = GRPC_STATUS_ALREADY_EXISTS, .message = "is there",
                                      .detail = &detail.base};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(start(fixture, &result, &error), STATUS_ALREADY_EXISTS);
    assert_false(error.retryable);
    assert_string_equal(result.workflow_id, "order-1");
    assert_string_equal(result.run_id, "run-7");
    assert_string_equal(result.first_run_id, "run-5");
    assert_false(result.started);
    temporal_start_result_deinit(&result);
}

static void an_unknown_namespace_is_not_final(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__NamespaceNotFoundFailure detail = PB__NAMESPACE_NOT_FOUND_FAILURE__INIT;
    fixture->steps[0] = (struct client_step){.code = GRPC_STATUS_NOT_FOUND, .message = "Namespace shop is not found.",
                                      .detail = &detail.base};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(start(fixture, &result, &error), STATUS_NOT_FOUND);
    assert_true(error.retryable);
}

static void a_payload_over_the_limit_is_too_large_and_final(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->steps[0] = (struct client_step){.code = GRPC_STATUS_INVALID_ARGUMENT,
                                      .message = "Blob data size exceeds limit."};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(start(fixture, &result, &error), STATUS_TOO_LARGE);
    assert_int_equal(error.status, STATUS_TOO_LARGE);
    assert_false(error.retryable);
}

static void what_can_never_be_taken_is_not_sent(void **state)
{
    struct client_fixture *fixture = *state;
    size_t length = (size_t)5 << 20;
    char *large = memory_alloc(length);
    struct temporal_payload argument = {.data = large, .length = length};
    struct temporal_start_options options = {.workflow_id = "a", .workflow_type = "b", .task_queue = "c",
                                             .arguments = &argument, .argument_count = 1,
                                             .deadline_ms = client_ready(fixture)};
    struct temporal_start_result result;
    struct error error;
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, &error), STATUS_TOO_LARGE);
    options.argument_count = 0;
    options.workflow_id = "\xff";
    assert_int_equal(temporal_client_start(fixture->connection, &options, &result, &error), STATUS_INVALID_ARGUMENT);
    assert_false(error.retryable);
    assert_int_equal(test_server_call_count(fixture->server), 0);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(start_sends_all_that_was_asked_for),
        CLIENT_CASE(start_sends_namespace_attributes_priority_and_callbacks),
        CLIENT_CASE(a_start_with_a_signal_is_one_call),
        CLIENT_CASE(a_repeated_start_has_the_same_request_id),
        CLIENT_CASE(a_start_that_is_there_already_tells_its_run),
        CLIENT_CASE(an_unknown_namespace_is_not_final),
        CLIENT_CASE(a_payload_over_the_limit_is_too_large_and_final),
        CLIENT_CASE(what_can_never_be_taken_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
