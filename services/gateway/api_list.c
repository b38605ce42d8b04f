/* GET /v1/workflows and /v1/workflow-count: runs as Temporal's visibility store knows them. */
#include "api.h"
#include "base/check.h"
#include "json_text.h"
#include "page_query.h"
#include "run_json.h"
#include "value_json.h"
#include "workflow_call.h"

/* rpc thread */
static void on_listed(void *user, enum status status, struct temporal_list_result *result, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        struct buffer body;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        CHECK(buffer_append_string(&body, "{\"workflows\":["));
        for (size_t i = 0; i < result->count; i++) {
            if (i > 0) {
                CHECK(buffer_append(&body, ",", 1));
            }
            run_json_append(&body, &result->runs[i]);
        }
        CHECK(buffer_append(&body, "]", 1));
        json_member_text(&body, "nextPageToken", result->next_page_token);
        json_object_end(&body);
        workflow_call_answer(call, 200, NULL, &body);
    } else if (error->status == STATUS_INTERNAL && http_exchange_query(call->exchange, "pageToken") != NULL) {
        /* The server's answer to a token that it did not make is UNKNOWN, without a reason. */
        struct error refusal = {0};
        (void)error_set(&refusal, STATUS_INVALID_ARGUMENT, "pageToken: Temporal does not take it: %s", error->text);
        workflow_call_refuse(call, &refusal);
    } else {
        workflow_call_fail(call, error);
    }
    temporal_list_result_deinit(result);
}

void gateway_handle_workflow_list(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    struct page_query page;
    struct error error = {0};
    if (call == NULL) {
        return;
    }
    if (page_query_read(http_exchange_query(exchange, "pageSize"), http_exchange_query(exchange, "pageToken"), &page,
                        &error) != STATUS_OK) {
        workflow_call_refuse(call, &error);
        return;
    }
    const struct temporal_list_options options = {
        .namespace_name = call->run.namespace_name,
        .query = http_exchange_query(exchange, "query"),
        .maximum = page.size,
        .page_token = page.token,
    };
    temporal_client_list_async(call->gateway->connection, &options, on_listed, call);
}

/* ---- count ---- */

static void write_group(struct buffer *out, const struct temporal_count_group *group)
{
    json_object_begin(out);
    value_json_list(out, "values", group->values, group->value_count);
    json_member_integer(out, "count", group->count);
    json_object_end(out);
}

/* rpc thread */
static void on_counted(void *user, enum status status, struct temporal_count_result *result, const struct error *error)
{
    struct workflow_call *call = user;
    if (status == STATUS_OK) {
        struct buffer body;
        buffer_init(&body, GATEWAY_REPLY_MAX);
        json_object_begin(&body);
        json_member_integer(&body, "count", result->count);
        for (size_t i = 0; i < result->group_count; i++) {
            CHECK(buffer_append_string(&body, i == 0 ? ",\"groups\":[" : ","));
            write_group(&body, &result->groups[i]);
        }
        CHECK(buffer_append_string(&body, result->group_count > 0 ? "]" : ""));
        json_object_end(&body);
        workflow_call_answer(call, 200, NULL, &body);
    } else {
        workflow_call_fail(call, error);
    }
    temporal_count_result_deinit(result);
}

void gateway_handle_workflow_count(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    if (call != NULL) {
        temporal_client_count_async(call->gateway->connection, call->run.namespace_name,
                                    http_exchange_query(exchange, "query"), 0, on_counted, call);
    }
}
