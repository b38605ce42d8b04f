/* Workflows named by the caller: describe, result. */
#include <stdlib.h>

#include "api.h"
#include "base/clock.h"
#include "base/memory.h"
#include "json_text.h"
#include "run_json.h"
#include "run_wait.h"
#include "value_json.h"
#include "workflow_call.h"

/* ---- describe ---- */

/* rpc thread */
static void on_described(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        struct buffer body;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        run_json_append(&body, result);
        workflow_call_answer(call, 200, NULL, &body);
    } else {
        workflow_call_fail(call, error);
    }
    temporal_describe_result_deinit(result);
}

void gateway_handle_workflow_describe(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    if (call != NULL) {
        temporal_client_describe_async(call->gateway->connection, &call->run, 0, on_described, call);
    }
}

/* ---- result ---- */

/* What a run's result is asked for with: its chain is described first, so that one that is open is known as such. */
struct result_call {
    struct workflow_call *call;
    char *run_id;
};

static void answer(struct result_call *result, int status, const char *run_id,
                   const struct temporal_close_result *close)
{
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    json_object_begin(&body);
    json_member_text(&body, "workflowId", result->call->run.workflow_id);
    json_member_text(&body, "runId", run_id);
    if (close != NULL) {
        value_json_close(&body, close);
    } else {
        json_member_text(&body, "status", temporal_run_status_name(TEMPORAL_RUN_RUNNING));
    }
    json_object_end(&body);
    workflow_call_answer(result->call, status, NULL, &body);
    free(result->run_id);
    free(result);
}

static void fail(struct result_call *result, const struct error *error)
{
    workflow_call_fail(result->call, error);
    free(result->run_id);
    free(result);
}

/* rpc thread */
static void on_closed(void *user, enum status status, struct temporal_close_result *close, const struct error *error)
{
    struct result_call *result = user;
    if (status == STATUS_OK) {
        answer(result, 200, close->run_id, close);
    } else if (status == STATUS_DEADLINE_EXCEEDED || status == STATUS_CANCELED) {
        answer(result, 202, result->run_id, NULL);
    } else {
        fail(result, error);
    }
    temporal_close_result_deinit(close);
}

/* rpc thread */
static void on_found(void *user, enum status status, struct temporal_describe_result *run, const struct error *error)
{
    struct result_call *result = user;
    const struct workflow_call *call = result->call;
    bool is_open = status == STATUS_OK && temporal_run_status_is_open(run->status);
    if (status != STATUS_OK) {
        fail(result, error);
    } else if (is_open && call->wait.wait_ms == 0) {
        answer(result, 202, run->run_id, NULL);
    } else {
        const struct temporal_run found = {.workflow_id = call->run.workflow_id,
                                           .run_id = run->run_id,
                                           .namespace_name = call->run.namespace_name};
        result->run_id = memory_copy_string(run->run_id);
        run_wait_begin(call->gateway, call->exchange, &found, workflow_call_wait_deadline(call), on_closed, result);
    }
    temporal_describe_result_deinit(run);
}

void gateway_handle_workflow_result(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    if (call == NULL) {
        return;
    }
    struct result_call *result = memory_alloc(sizeof *result);
    result->call = call;
    temporal_client_describe_async(call->gateway->connection, &call->run, 0, on_found, result);
}
