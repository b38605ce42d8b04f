/* POST /v1/workflows/{id}/queries/{name}: asks a workflow's worker. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/memory.h"
#include "json_text.h"
#include "value_json.h"
#include "workflow_call.h"

/* What only a worker can answer, and none did: there is none, or it did not come so far. */
static bool is_no_worker(enum status status)
{
    return status == STATUS_DEADLINE_EXCEEDED || status == STATUS_FAILED_PRECONDITION;
}

static void answer(struct workflow_call *call, const struct temporal_query_result *result)
{
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    value_json_member(&body, "result", &result->value);
    json_object_end(&body);
    workflow_call_answer(call, 200, NULL, &body);
}

static void reject(struct workflow_call *call, enum temporal_run_status status)
{
    char *detail = memory_format("the run's status is %s", temporal_run_status_name(status));
    workflow_call_problem(call, &(struct problem){409, "query-rejected", "The run is not in the state that was asked "
                                                                         "for", 0}, detail, NULL, NULL);
    free(detail);
}

/* rpc thread */
static void on_answer(void *user, enum status status, struct temporal_query_result *result, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK && result->rejected != TEMPORAL_RUN_UNKNOWN) {
        reject(call, result->rejected);
    } else if (status == STATUS_OK) {
        answer(call, result);
    } else if (result->failure != NULL) {
        workflow_call_problem(call, &(struct problem){422, "query-failed", "The query failed", 0},
                              result->failure->message, error, result->failure);
    } else if (is_no_worker(status)) {
        workflow_call_problem(call, &(struct problem){504, "no-worker", "No worker answered in time", 0}, error->text,
                              error, NULL);
    } else {
        workflow_call_fail(call, error);
    }
}

/* false: it is none. */
static bool read_condition(const char *text, enum temporal_query_reject *out_condition)
{
    if (text == NULL) {
        *out_condition = TEMPORAL_QUERY_REJECT_NONE;
    } else if (strcmp(text, "notOpen") == 0) {
        *out_condition = TEMPORAL_QUERY_REJECT_NOT_OPEN;
    } else if (strcmp(text, "notCompletedCleanly") == 0) {
        *out_condition = TEMPORAL_QUERY_REJECT_NOT_COMPLETED_CLEANLY;
    } else {
        return false;
    }
    return true;
}

void gateway_handle_workflow_query(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    struct arguments arguments = {0};
    enum temporal_query_reject condition = TEMPORAL_QUERY_REJECT_NONE;
    if (call == NULL) {
        return;
    }
    if (!read_condition(http_exchange_query(exchange, "rejectCondition"), &condition)) {
        workflow_call_invalid(call, "rejectCondition: expected notOpen or notCompletedCleanly");
        return;
    }
    if (!workflow_call_arguments(call, &arguments)) {
        return;
    }
    workflow_call_watch(call);
    const struct temporal_query_options options = {
        .run = call->run,
        .type = http_exchange_parameter(exchange, "name"),
        .arguments = arguments.payloads,
        .argument_count = arguments.count,
        .deadline_ms = workflow_call_answer_deadline(call),
        .reject_condition = condition,
        .cancel_token = call->cancel_token,
    };
    temporal_client_query_async(call->gateway->connection, &options, on_answer, call);
    arguments_deinit(&arguments);
}
