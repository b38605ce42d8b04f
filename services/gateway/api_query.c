/* POST /v1/workflows/{id}/queries/{name}: asks a workflow's worker. */
#include "api.h"
#include "json_text.h"
#include "value_json.h"
#include "workflow_call.h"

/* What only a worker can answer, and none did: there is none, or it did not come so far. */
static bool is_no_worker(enum status status)
{
    return status == STATUS_DEADLINE_EXCEEDED || status == STATUS_FAILED_PRECONDITION;
}

/* rpc thread */
static void on_answer(void *user, enum status status, struct temporal_value *value, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        struct buffer body;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        json_object_begin(&body);
        value_json_member(&body, "result", value);
        json_object_end(&body);
        workflow_call_answer(call, 200, NULL, &body);
    } else if (is_no_worker(status)) {
        workflow_call_problem(call, 504, "no-worker", "No worker answered in time", error->text);
    } else {
        workflow_call_fail(call, error);
    }
}

void gateway_handle_workflow_query(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    struct arguments arguments = {0};
    if (call == NULL || !workflow_call_arguments(call, &arguments)) {
        return;
    }
    const struct temporal_query_options options = {
        .run = call->run,
        .type = http_exchange_parameter(exchange, "name"),
        .arguments = arguments.payloads,
        .argument_count = arguments.count,
        .deadline_ms = workflow_call_answer_deadline(call),
    };
    temporal_client_query_async(call->gateway->connection, &options, on_answer, call);
    arguments_deinit(&arguments);
}
