/* Workflows named by the caller: start, describe, result. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "gateway.h"
#include "json_text.h"
#include "workflow_request.h"

#define RESULT_WAIT_MIN_MS 1000 /* a closed run's answer takes a moment, too */

/* One request under way at Temporal; freed by its done function. */
struct workflow_call {
    struct gateway *gateway;
    struct http_exchange *exchange;
    char *workflow_id;
};

static struct workflow_call *call_new(struct gateway *gateway, struct http_exchange *exchange, const char *workflow_id)
{
    struct workflow_call *call = memory_alloc(sizeof *call);
    call->gateway = gateway;
    call->exchange = exchange;
    call->workflow_id = memory_copy_string(workflow_id);
    return call;
}

static void call_destroy(struct workflow_call *call)
{
    free(call->workflow_id);
    free(call);
}

/* ---- start ---- */

/* rpc thread */
static void on_started(void *user, enum status status, struct temporal_start_result *result, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        bool is_new = result->started && temporal_run_status_is_open(result->status);
        const struct entry entry = {
            .outcome = is_new || result->status == TEMPORAL_RUN_UNKNOWN ? ENTRY_STARTED : ENTRY_CLOSED,
            .workflow_id = call->workflow_id,
            .run_id = result->run_id,
            .first_run_id = result->first_run_id != NULL ? result->first_run_id : result->run_id,
            .status = is_new ? NULL : temporal_run_status_name(result->status),
        };
        char *location = gateway_workflow_path(call->workflow_id);
        const struct http_header header = {.name = "Location", .value = location};
        struct buffer body;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        entry_write_single(&body, &entry);
        gateway_reply_json(call->exchange, entry_single_status(&entry), &header, 1, &body);
        buffer_deinit(&body);
        free(location);
    } else {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_WORKFLOW, error);
    }
    temporal_start_result_deinit(result);
    call_destroy(call);
}

void gateway_handle_workflow_start(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct workflow_request request = {0};
    struct error error = {0};
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    const char *key = http_exchange_header(exchange, "idempotency-key");
    if (workflow_request_parse(body, length, key, &request, &error) != STATUS_OK) {
        gateway_reply_invalid(exchange, error.text);
        return;
    }
    const struct temporal_payload input = {.data = request.input.data, .length = request.input.length};
    const struct temporal_start_options options = {
        .workflow_id = request.workflow_id,
        .workflow_type = request.workflow_type,
        .task_queue = request.task_queue,
        .arguments = &input,
        .argument_count = request.input.data == NULL ? 0 : 1,
        .request_id = request.has_key ? request.request_id : NULL,
        .id_reuse = TEMPORAL_REUSE_ALLOW,
        .id_conflict = TEMPORAL_CONFLICT_FAIL,
        .deadline_ms = gateway_start_deadline(gateway),
    };
    struct workflow_call *call = call_new(gateway, exchange, request.workflow_id);
    temporal_client_start_async(gateway->connection, &options, on_started, call);
    workflow_request_deinit(&request);
}

/* ---- describe ---- */

/* Memo values of other encodings than JSON are left out. */
static void write_memo(struct buffer *out, const struct temporal_describe_result *result)
{
    struct buffer memo;
    buffer_init(&memo, GATEWAY_REPLY_MAX);
    json_object_begin(&memo);
    for (size_t i = 0; i < result->memo_count; i++) {
        const struct temporal_memo_value *entry = &result->memo[i];
        char *name = json_quote(entry->key, strlen(entry->key));
        struct json_slice json = {0};
        if (name != NULL && entry->value.encoding != NULL &&
            strcmp(entry->value.encoding, TEMPORAL_ENCODING_JSON) == 0 &&
            json_scan_value(entry->value.data, entry->value.length, &json)) {
            CHECK(buffer_append_format(&memo, "%s%s:%.*s", memo.length > 1 ? "," : "", name, (int)json.length,
                                       json.data));
        }
        free(name);
    }
    json_object_end(&memo);
    json_member_raw(out, "memo", memo.data, memo.length);
    buffer_deinit(&memo);
}

/* rpc thread */
static void on_described(void *user, enum status status, struct temporal_describe_result *result,
                         const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        struct buffer body;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        json_object_begin(&body);
        json_member_text(&body, "workflowId", result->workflow_id);
        json_member_text(&body, "runId", result->run_id);
        json_member_text(&body, "firstRunId", result->first_run_id);
        json_member_text(&body, "workflowType", result->workflow_type);
        json_member_text(&body, "taskQueue", result->task_queue);
        json_member_text(&body, "status", temporal_run_status_name(result->status));
        json_member_time(&body, "startTime", result->start_wall_ms);
        json_member_time(&body, "closeTime", result->close_wall_ms);
        json_member_integer(&body, "historyLength", result->history_length);
        write_memo(&body, result);
        json_object_end(&body);
        gateway_reply_json(call->exchange, 200, NULL, 0, &body);
        buffer_deinit(&body);
    } else {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_WORKFLOW, error);
    }
    temporal_describe_result_deinit(result);
    call_destroy(call);
}

void gateway_handle_workflow_describe(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct workflow_call *call = call_new(gateway, exchange, http_exchange_parameter(exchange, "id"));
    const struct temporal_run run = {
        .workflow_id = call->workflow_id,
        .run_id = http_exchange_query(exchange, "runId"),
    };
    temporal_client_describe_async(gateway->connection, &run, 0, on_described, call);
}

/* ---- result ---- */

/* The payload's own bytes where it is JSON; null where the workflow returned nothing; other encodings are left out. */
static void write_value(struct buffer *out, const struct temporal_value *value)
{
    struct json_slice json = {0};
    if (value->encoding == NULL || strcmp(value->encoding, TEMPORAL_ENCODING_NULL) == 0) {
        json_member_raw(out, "result", "null", 4);
    } else if (strcmp(value->encoding, TEMPORAL_ENCODING_JSON) == 0 &&
               json_scan_value(value->data, value->length, &json)) {
        json_member_raw(out, "result", json.data, json.length);
    }
}

static void write_failure(struct buffer *out, const struct temporal_close_result *result)
{
    json_t *json = result->failure == NULL ? NULL : temporal_failure_json(result->failure);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    if (text != NULL) {
        json_member_raw(out, "failure", text, strlen(text));
    }
    free(text);
    json_decref(json);
    json_member_text(out, "reason", result->reason);
}

/* rpc thread */
static void on_closed(void *user, enum status status, struct temporal_close_result *result, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK || status == STATUS_DEADLINE_EXCEEDED) {
        struct buffer body;
        bool is_open = status != STATUS_OK;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        json_object_begin(&body);
        json_member_text(&body, "workflowId", call->workflow_id);
        json_member_text(&body, "runId", result->run_id);
        json_member_text(&body, "status", temporal_run_status_name(is_open ? TEMPORAL_RUN_RUNNING : result->status));
        if (!is_open && result->status == TEMPORAL_RUN_COMPLETED) {
            write_value(&body, &result->result);
        } else if (!is_open) {
            write_failure(&body, result);
        }
        json_object_end(&body);
        gateway_reply_json(call->exchange, is_open ? 202 : 200, NULL, 0, &body);
        buffer_deinit(&body);
    } else {
        gateway_reply_error(call->exchange, PROBLEM_SUBJECT_WORKFLOW, error);
    }
    temporal_close_result_deinit(result);
    call_destroy(call);
}

void gateway_handle_workflow_result(struct http_exchange *exchange, void *user)
{
    struct gateway *gateway = user;
    struct error error = {0};
    int64_t wait_ms = 0;
    if (workflow_request_wait(http_exchange_query(exchange, "wait"), GATEWAY_WAIT_MAX_MS, &wait_ms, &error) !=
        STATUS_OK) {
        gateway_reply_invalid(exchange, error.text);
        return;
    }
    wait_ms = wait_ms < RESULT_WAIT_MIN_MS ? RESULT_WAIT_MIN_MS : wait_ms;
    struct workflow_call *call = call_new(gateway, exchange, http_exchange_parameter(exchange, "id"));
    const struct temporal_run run = {
        .workflow_id = call->workflow_id,
        .run_id = http_exchange_query(exchange, "runId"),
    };
    temporal_client_wait_async(gateway->connection, &run, clock_monotonic_ms() + wait_ms, on_closed, call, NULL);
}
