/* What is done to a run from outside: signal, cancel, terminate, reset, delete. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "support_client.h"
#include "temporal/client.h"

static void signals_carry_their_name_and_request_id(void **state)
{
    struct client_fixture *fixture = *state;
    struct temporal_payload argument = {.data = "1", .length = 1};
    struct temporal_signal_options options = {.run = client_some_run, .name = "approve", .arguments = &argument,
                                              .argument_count = 1, .deadline_ms = client_ready(fixture)};
    assert_int_equal(temporal_client_signal(fixture->connection, &options, NULL), STATUS_OK);
    client_recorded(fixture, 1);
    Pb__SignalWorkflowExecutionRequest *request =
        pb__signal_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->signal_name, "approve");
    assert_string_equal(request->workflow_execution->run_id, "run-1");
    assert_int_equal(strlen(request->request_id), 36);
    assert_int_equal(request->input->n_payloads, 1);
    pb__signal_workflow_execution_request__free_unpacked(request, NULL);
}

static void cancel_and_terminate_give_their_reason(void **state)
{
    struct client_fixture *fixture = *state;
    int64_t deadline_ms = client_ready(fixture);
    assert_int_equal(temporal_client_cancel(fixture->connection, &client_some_run, "late", deadline_ms, NULL),
                     STATUS_OK);
    assert_int_equal(temporal_client_terminate(fixture->connection, &client_some_run, NULL, deadline_ms, NULL),
                     STATUS_OK);
    client_recorded(fixture, 2);
    Pb__RequestCancelWorkflowExecutionRequest *cancel =
        pb__request_cancel_workflow_execution_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(cancel->reason, "late");
    assert_string_equal(cancel->workflow_execution->workflow_id, "order-1");
    pb__request_cancel_workflow_execution_request__free_unpacked(cancel, NULL);
    assert_string_equal(fixture->methods[1], "TerminateWorkflowExecution");
}

static void reset_delete_and_count_say_what_they_are_about(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__ResetWorkflowExecutionResponse reset = PB__RESET_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__DeleteWorkflowExecutionResponse deleted = PB__DELETE_WORKFLOW_EXECUTION_RESPONSE__INIT;
    Pb__CountWorkflowExecutionsResponse counted = PB__COUNT_WORKFLOW_EXECUTIONS_RESPONSE__INIT;
    reset.run_id = "new";
    counted.count = 3;
    fixture->step_count = 3;
    fixture->steps[0].reply = &reset.base;
    fixture->steps[1].reply = &deleted.base;
    fixture->steps[2].reply = &counted.base;
    const struct temporal_reset_options options = {
        .run = client_some_run, .event_id = 4, .reason = "bug", .deadline_ms = client_ready(fixture)};
    struct temporal_count_result result;
    char *run_id = NULL;
    assert_int_equal(temporal_client_reset(fixture->connection, &options, &run_id, NULL), STATUS_OK);
    assert_string_equal(run_id, "new");
    free(run_id);
    assert_int_equal(temporal_client_delete(fixture->connection, &client_some_run, client_ready(fixture), NULL),
                     STATUS_OK);
    assert_int_equal(temporal_client_count(fixture->connection, NULL, "A = 1", client_ready(fixture), &result, NULL),
                     STATUS_OK);
    assert_int_equal(result.count, 3);
    temporal_count_result_deinit(&result);
    client_recorded(fixture, 3);
    assert_true(client_body_has(fixture, 0, "bug"));
    assert_string_equal(fixture->methods[1], "DeleteWorkflowExecution");
    assert_true(client_body_has(fixture, 2, "A = 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(signals_carry_their_name_and_request_id),
        CLIENT_CASE(cancel_and_terminate_give_their_reason),
        CLIENT_CASE(reset_delete_and_count_say_what_they_are_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
