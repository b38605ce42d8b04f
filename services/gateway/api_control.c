/* Workflows named by the caller: signal, cancel, terminate, delete. */
#include <stdlib.h>

#include "api.h"
#include "base/check.h"
#include "base/memory.h"
#include "json_member.h"
#include "messages/idempotency.h"
#include "workflow_call.h"

static void answer_empty(struct workflow_call *call, int status)
{
    struct buffer body;
    buffer_init(&body, GATEWAY_REPLY_MAX);
    CHECK(buffer_append_string(&body, "{}"));
    workflow_call_answer(call, status, NULL, &body);
}

/* rpc thread: Temporal has taken it; the workflow may take its time. */
static void on_accepted(void *user, enum status status, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        answer_empty(call, 202);
    } else {
        workflow_call_fail(call, error);
    }
}

/* rpc thread: it has happened. */
static void on_done(void *user, enum status status, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        answer_empty(call, 200);
    } else {
        workflow_call_fail(call, error);
    }
}

void gateway_handle_workflow_signal(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    struct arguments arguments = {0};
    const char *key = NULL;
    char request_id[CRYPTO_UUID_SIZE];
    if (call == NULL || !workflow_call_key(call, &key) || !workflow_call_arguments(call, &arguments)) {
        return;
    }
    struct temporal_signal_options options = {
        .run = call->run,
        .name = http_exchange_parameter(exchange, "name"),
        .arguments = arguments.payloads,
        .argument_count = arguments.count,
    };
    if (key != NULL) {
        char *what = memory_format("signal:%s", options.name);
        idempotency_request_id(what, options.run.workflow_id, key, request_id);
        options.request_id = request_id;
        free(what);
    }
    temporal_client_signal_async(call->gateway->connection, &options, on_accepted, call);
    arguments_deinit(&arguments);
}

/* {"reason": "…"}, which may be left out, as may the whole body. */
static bool read_reason(struct workflow_call *call, char **out_reason)
{
    static const struct json_member_reader members[] = {{"reason", json_member_read_text, 0}};
    struct error error = {0};
    size_t length = 0;
    const char *body = http_exchange_body(call->exchange, &length);
    enum status status =
        length > 0 ? json_member_read_body(body, length, members, 1, out_reason, &error) : STATUS_OK;
    if (status != STATUS_OK) {
        workflow_call_refuse(call, &error);
    }
    return status == STATUS_OK;
}

void gateway_handle_workflow_cancel(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    char *reason = NULL;
    if (call != NULL && read_reason(call, &reason)) {
        temporal_client_cancel_async(call->gateway->connection, &call->run, reason, 0, on_accepted, call);
    }
    free(reason);
}

void gateway_handle_workflow_terminate(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    char *reason = NULL;
    if (call != NULL && read_reason(call, &reason)) {
        temporal_client_terminate_async(call->gateway->connection, &call->run, reason, 0, on_done, call);
    }
    free(reason);
}

void gateway_handle_workflow_delete(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    if (call != NULL) {
        temporal_client_delete_async(call->gateway->connection, &call->run, 0, on_accepted, call);
    }
}
