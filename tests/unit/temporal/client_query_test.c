/* The answer to a query. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "payload.h"
#include "support_client.h"
#include "temporal/client.h"

static void a_query_answers_its_value(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__QueryWorkflowResponse reply = PB__QUERY_WORKFLOW_RESPONSE__INIT;
    json_t *value = json_integer(5);
    reply.query_result = payloads_from_json(value);
    fixture->steps[0].reply = &reply.base;
    struct temporal_query_options options = {
        .run = client_some_run, .type = "state", .deadline_ms = client_ready(fixture)};
    struct temporal_query_result answer;
    assert_int_equal(temporal_client_query(fixture->connection, &options, &answer, NULL), STATUS_OK);
    assert_string_equal(answer.value.data, "5");
    assert_int_equal(answer.rejected, TEMPORAL_RUN_UNKNOWN);
    temporal_query_result_deinit(&answer);
    client_recorded(fixture, 1);
    json_decref(value);
    pb__payloads__free_unpacked(reply.query_result, NULL);
}

static void a_query_can_be_rejected_by_the_runs_status(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__QueryRejected rejected = PB__QUERY_REJECTED__INIT;
    Pb__QueryWorkflowResponse reply = PB__QUERY_WORKFLOW_RESPONSE__INIT;
    rejected.status = PB__WORKFLOW_EXECUTION_STATUS__WORKFLOW_EXECUTION_STATUS_COMPLETED;
    reply.query_rejected = &rejected;
    fixture->steps[0].reply = &reply.base;
    struct temporal_query_options options = {.run = client_some_run,
                                             .type = "state",
                                             .deadline_ms = client_ready(fixture),
                                             .reject_condition = TEMPORAL_QUERY_REJECT_NOT_OPEN};
    struct temporal_query_result answer;
    assert_int_equal(temporal_client_query(fixture->connection, &options, &answer, NULL), STATUS_OK);
    assert_int_equal(answer.rejected, TEMPORAL_RUN_COMPLETED);
    temporal_query_result_deinit(&answer);
    client_recorded(fixture, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(a_query_answers_its_value),
        CLIENT_CASE(a_query_can_be_rejected_by_the_runs_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
