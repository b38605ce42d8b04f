/* An update from its acceptance to its outcome, alone and with a start. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "payload.h"
#include "support_client.h"
#include "temporal/client.h"

static void an_update_that_is_only_accepted_is_asked_for_its_outcome(void **state)
{
    struct client_fixture *fixture = *state;
    json_t *value = json_integer(5);
    Pb__UpdateWorkflowExecutionResponse accepted = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__PollWorkflowExecutionUpdateResponse outcome = PB__POLL_WORKFLOW_EXECUTION_UPDATE_RESPONSE__INIT;
    Pb__Outcome success = PB__OUTCOME__INIT;
    accepted.stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    success.value_case = PB__OUTCOME__VALUE_SUCCESS;
    success.success = payloads_from_json(value);
    outcome.outcome = &success;
    fixture->step_count = 2;
    fixture->steps[0].reply = &accepted.base;
    fixture->steps[1].reply = &outcome.base;
    const struct temporal_update_options options = {.run = client_some_run,
                                                    .name = "put",
                                                    .update_id = "u-1",
                                                    .wait_stage = TEMPORAL_UPDATE_COMPLETED,
                                                    .deadline_ms = client_ready(fixture)};
    struct temporal_update_result result;
    assert_int_equal(temporal_client_update(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_int_equal(result.stage, TEMPORAL_UPDATE_COMPLETED);
    assert_string_equal(result.update_id, "u-1");
    assert_string_equal(result.value.data, "5");
    assert_null(result.failure);
    temporal_update_result_deinit(&result);
    client_recorded(fixture, 2);
    assert_string_equal(fixture->methods[0], "UpdateWorkflowExecution");
    assert_string_equal(fixture->methods[1], "PollWorkflowExecutionUpdate");
    assert_true(client_body_has(fixture, 1, "u-1"));
    json_decref(value);
    pb__payloads__free_unpacked(success.success, NULL);
}

/* The server keeps nothing of an update that its validator has refused. */
static void a_failed_update_that_the_server_does_not_know_was_refused(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__Failure failure = PB__FAILURE__INIT;
    Pb__Outcome outcome = PB__OUTCOME__INIT;
    Pb__UpdateWorkflowExecutionResponse reply = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    failure.message = "no";
    outcome.value_case = PB__OUTCOME__VALUE_FAILURE;
    outcome.failure = &failure;
    reply.outcome = &outcome;
    fixture->step_count = 2;
    fixture->steps[0].reply = &reply.base;
    fixture->steps[1] = (struct client_step){.code = GRPC_STATUS_NOT_FOUND, .message = "update \"u\" not found"};
    const struct temporal_update_options options = {
        .run = client_some_run, .name = "put", .wait_stage = TEMPORAL_UPDATE_ACCEPTED,
        .deadline_ms = client_ready(fixture)};
    struct temporal_update_result result;
    assert_int_equal(temporal_client_update(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_true(result.is_rejected);
    assert_string_equal(result.failure->message, "no");
    temporal_update_result_deinit(&result);
    client_recorded(fixture, 2);
}

static void record_both(void *user, enum status status, struct temporal_start_result *start,
                        struct temporal_update_result *update, const struct error *error)
{
    struct client_end *end = user;
    (void)error;
    end->start = *start;
    end->update = *update;
    *start = (struct temporal_start_result){0};
    *update = (struct temporal_update_result){0};
    client_end_record(end, status);
}

static void start_with_update(struct client_fixture *fixture, struct client_end *end)
{
    const struct temporal_start_options start = {.workflow_id = "order-1",
                                                 .workflow_type = "order",
                                                 .task_queue = "orders",
                                                 .id_conflict = TEMPORAL_CONFLICT_USE_EXISTING};
    const struct temporal_update_options update = {.name = "put",
                                                   .update_id = "u-1",
                                                   .wait_stage = TEMPORAL_UPDATE_COMPLETED,
                                                   .deadline_ms = client_ready(fixture)};
    temporal_client_update_with_start_async(fixture->connection, &start, &update, record_both, end);
}

static void an_update_with_start_sends_both_and_asks_for_the_outcome(void **state)
{
    struct client_fixture *fixture = *state;
    struct client_end end;
    json_t *value = json_integer(5);
    Pb__StartWorkflowExecutionResponse started = PB__START_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__UpdateWorkflowExecutionResponse accepted = PB__UPDATE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__ExecuteMultiOperationResponse__Response one = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__INIT;
    Pb__ExecuteMultiOperationResponse__Response two = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__INIT;
    Pb__ExecuteMultiOperationResponse__Response *list[] = {&one, &two};
    Pb__ExecuteMultiOperationResponse both = PB__EXECUTE_MULTI_OPERATION_RESPONSE__INIT;
    Pb__PollWorkflowExecutionUpdateResponse outcome = PB__POLL_WORKFLOW_EXECUTION_UPDATE_RESPONSE__INIT;
    Pb__Outcome success = PB__OUTCOME__INIT;
    started.run_id = "run-1";
    started.started = 1;
    accepted.stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    one.response_case = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__RESPONSE_START_WORKFLOW;
    one.start_workflow = &started;
    two.response_case = PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__RESPONSE_UPDATE_WORKFLOW;
    two.update_workflow = &accepted;
    both.responses = list;
    both.n_responses = 2;
    success.value_case = PB__OUTCOME__VALUE_SUCCESS;
    success.success = payloads_from_json(value);
    outcome.outcome = &success;
    fixture->step_count = 2;
    fixture->steps[0].reply = &both.base;
    fixture->steps[1].reply = &outcome.base;
    client_end_init(&end);
    start_with_update(fixture, &end);
    assert_int_equal(client_end_await(&end), STATUS_OK);
    assert_true(end.start.started);
    assert_string_equal(end.start.run_id, "run-1");
    assert_int_equal(end.update.stage, TEMPORAL_UPDATE_COMPLETED);
    assert_string_equal(end.update.value.data, "5");
    client_recorded(fixture, 2);
    assert_string_equal(fixture->methods[0], "ExecuteMultiOperation");
    assert_true(client_body_has(fixture, 0, "orders") && client_body_has(fixture, 0, "u-1"));
    assert_string_equal(fixture->methods[1], "PollWorkflowExecutionUpdate");
    assert_true(client_body_has(fixture, 1, "run-1"));
    client_end_deinit(&end);
    json_decref(value);
    pb__payloads__free_unpacked(success.success, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(an_update_that_is_only_accepted_is_asked_for_its_outcome),
        CLIENT_CASE(a_failed_update_that_the_server_does_not_know_was_refused),
        CLIENT_CASE(an_update_with_start_sends_both_and_asks_for_the_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
