/* Pages of a list of runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "payload.h"
#include "support_client.h"
#include "temporal/client.h"

static void a_list_is_one_page_of_descriptions(void **state)
{
    struct client_fixture *fixture = *state;
    Pb__WorkflowExecution execution = PB__WORKFLOW_EXECUTION__INIT;
    execution.workflow_id = "order-1";
    Pb__SearchAttributes__IndexedFieldsEntry entry = PB__SEARCH_ATTRIBUTES__INDEXED_FIELDS_ENTRY__INIT;
    entry.key = "FerryMessageId";
    entry.value = payload_new("json/plain", "\"m\"", 3);
    Pb__SearchAttributes__IndexedFieldsEntry *entries[] = {&entry};
    Pb__SearchAttributes attributes = PB__SEARCH_ATTRIBUTES__INIT;
    attributes.indexed_fields = entries;
    attributes.n_indexed_fields = 1;
    Pb__WorkflowExecutionInfo info = PB__WORKFLOW_EXECUTION_INFO__INIT;
    info.execution = &execution;
    info.search_attributes = &attributes;
    Pb__WorkflowExecutionInfo *list[] = {&info, &info, &info};
    Pb__ListWorkflowExecutionsResponse reply = PB__LIST_WORKFLOW_EXECUTIONS_RESPONSE__INIT;
    reply.executions = list;
    reply.n_executions = 3; /* one more than was asked for */
    fixture->steps[0].reply = &reply.base;
    const struct temporal_list_options options = {
        .query = "a = 'b'", .maximum = 2, .deadline_ms = client_ready(fixture)};
    struct temporal_list_result result;
    assert_int_equal(temporal_client_list(fixture->connection, &options, &result, NULL), STATUS_OK);
    assert_int_equal(result.count, 2);
    assert_true(result.has_more);
    assert_string_equal(result.runs[1].workflow_id, "order-1");
    assert_string_equal(result.runs[1].search_attributes[0].key, "FerryMessageId");
    assert_string_equal(result.runs[1].search_attributes[0].value.data, "\"m\"");
    temporal_list_result_deinit(&result);
    client_recorded(fixture, 1);
    Pb__ListWorkflowExecutionsRequest *request =
        pb__list_workflow_executions_request__unpack(NULL, fixture->body_lengths[0], fixture->bodies[0]);
    assert_string_equal(request->query, "a = 'b'");
    assert_int_equal(request->page_size, 2);
    pb__list_workflow_executions_request__free_unpacked(request, NULL);
    pb__payload__free_unpacked(entry.value, NULL);
}

/* The server has UNKNOWN for it, which would be asked again until the deadline. */
static void a_page_token_of_somebody_else_is_refused_at_once(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->steps[0] = (struct client_step){.code = GRPC_STATUS_UNKNOWN,
                                             .message = "something went wrong, please retry"};
    const struct temporal_list_options options = {.page_token = "AAAA", .deadline_ms = client_ready(fixture)};
    struct temporal_list_result result;
    struct error error;
    assert_int_equal(temporal_client_list(fixture->connection, &options, &result, &error), STATUS_INTERNAL);
    client_recorded(fixture, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_CASE(a_list_is_one_page_of_descriptions),
        CLIENT_CASE(a_page_token_of_somebody_else_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
