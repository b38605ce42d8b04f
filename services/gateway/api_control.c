/* Workflows named by the caller: signal, cancel, terminate. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/buffer.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "gateway.h"
#include "workflow_request.h"

/* One request under way at Temporal; freed by its done function. */
struct control_call {
    struct http_exchange *exchange;
    int good_status; /* HTTP, when Temporal has taken it */
};

static struct control_call *call_new(struct http_exchange *exchange, int good_status)
{
    struct control_call *call = memory_alloc(sizeof *call);
    call->exchange = exchange;
    call->good_status = good_status;
    return call;
}

/* rpc thread */
static void on_done(void *user, enum status status, const struct error *error)
{
    struct control_call *call = user;
    if (status == STATUS_OK) {
        http_exchange_reply(call->exchange, call->good_status, "application/json", NULL, 0, "{}", 2);
    } else {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_WORKFLOW, error);
    }
    free(call);
}

static struct temporal_run run_of(struct http_exchange *exchange)
{
    return (struct temporal_run){
        .workflow_id = http_exchange_parameter(exchange, "id"),
        .run_id = http_exchange_query(exchange, "runId"),
    };
}

/* The whole body is one argument; an empty body is none. false: it has replied. */
static bool read_body(struct http_exchange *exchange, struct json_slice *out_value)
{
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    struct json_slice value = {0};
    if (length > 0 && !json_scan_value(body, length, &value)) {
        http_exchange_problem(exchange, 400, "malformed-json", "The request is not valid",
                              "the body is not valid JSON in UTF-8", 0);
        return false;
    }
    *out_value = value;
    return true;
}

void gateway_handle_workflow_signal(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct json_slice body;
    char request_id[CRYPTO_UUID_SIZE];
    const char *key = http_exchange_header(exchange, "idempotency-key");
    if (!read_body(exchange, &body)) {
        return;
    }
    const struct temporal_payload argument = {.data = body.data, .length = body.length};
    struct temporal_signal_options options = {
        .run = run_of(exchange),
        .name = http_exchange_parameter(exchange, "name"),
        .arguments = &argument,
        .argument_count = body.data == NULL ? 0 : 1,
    };
    if (key != NULL && *key != '\0') {
        char *name = memory_format("signal:%s:%s", options.run.workflow_id, key);
        crypto_stable_uuid(name, request_id);
        options.request_id = request_id;
        free(name);
    }
    temporal_client_signal_async(gateway->connection, &options, on_done, call_new(exchange, 202));
}

/* {"reason": "…"}, which may be left out; free() it. false: it has replied. */
static bool read_reason(struct http_exchange *exchange, char **out_reason)
{
    struct json_slice body;
    size_t length = 0;
    if (!read_body(exchange, &body)) {
        return false;
    }
    struct json_slice member = body;
    if (body.data != NULL) {
        member = json_scan_member(body.data, body.length, "reason");
    }
    char *reason = member.data == NULL ? NULL : json_scan_string(member, &length);
    if (member.data != NULL && (reason == NULL || strlen(reason) != length)) {
        free(reason);
        gateway_reply_invalid(exchange, "reason: expected a text");
        return false;
    }
    *out_reason = reason;
    return true;
}

void gateway_handle_workflow_cancel(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const struct temporal_run run = run_of(exchange);
    char *reason = NULL;
    if (read_reason(exchange, &reason)) {
        temporal_client_cancel_async(gateway->connection, &run, reason, 0, on_done, call_new(exchange, 202));
        free(reason);
    }
}

void gateway_handle_workflow_terminate(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    const struct temporal_run run = run_of(exchange);
    char *reason = NULL;
    if (read_reason(exchange, &reason)) {
        temporal_client_terminate_async(gateway->connection, &run, reason, 0, on_done, call_new(exchange, 200));
        free(reason);
    }
}
