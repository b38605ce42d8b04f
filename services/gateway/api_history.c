/* GET /v1/workflows/{id}/history: a page of a run's events. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/memory.h"
#include "json_text.h"
#include "page_query.h"
#include "workflow_call.h"

/* What the request asks for; the page's token is the exchange's. */
struct history_query {
    struct page_query page;
    bool is_reverse;
    enum temporal_payload_form form;
};

struct history_call {
    struct workflow_call *call;
    enum temporal_payload_form form;
};

static enum status read_query(const struct workflow_call *call, struct history_query *query, struct error *error)
{
    struct http_exchange *exchange = call->exchange;
    const char *payloads = http_exchange_query(exchange, "payloads");
    query->form = TEMPORAL_PAYLOAD_READABLE;
    if (payloads != NULL && strcmp(payloads, "encoded") == 0) {
        query->form = TEMPORAL_PAYLOAD_ENCODED;
    } else if (payloads != NULL && strcmp(payloads, "readable") != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "payloads: expected readable or encoded");
    }
    enum status status = page_query_read_flag("reverse", http_exchange_query(exchange, "reverse"), &query->is_reverse,
                                              error);
    if (status == STATUS_OK && query->is_reverse && call->wait.wait_ms > 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "reverse: a history is waited for at its end only");
    }
    return status != STATUS_OK ? status
                               : page_query_read(http_exchange_query(exchange, "pageSize"),
                                                 http_exchange_query(exchange, "pageToken"), &query->page, error);
}

/* rpc thread */
static void on_fetched(void *user, enum status status, struct temporal_history_result *result,
                       const struct error *error)
{
    struct history_call *history = user;
    if (status == STATUS_OK) {
        struct buffer body;
        size_t length = 0;
        char *events = temporal_history_json(result->history, history->form, &length);
        buffer_init(&body, 2 * GATEWAY_REPLY_MAX);
        json_object_begin(&body);
        json_member_raw(&body, "events", events, length);
        json_member_text(&body, "nextPageToken", result->next_page_token);
        json_object_end(&body);
        free(events);
        workflow_call_answer(history->call, 200, NULL, &body);
    } else {
        workflow_call_fail(history->call, error);
    }
    free(history);
}

void gateway_handle_workflow_history(struct http_exchange *exchange, void *user)
{
    struct workflow_call *call = workflow_call_begin(exchange, user);
    struct history_query query;
    struct error error = {0};
    if (call == NULL) {
        return;
    }
    if (read_query(call, &query, &error) != STATUS_OK) {
        workflow_call_refuse(call, &error);
        return;
    }
    struct history_call *history = memory_alloc(sizeof *history);
    history->call = call;
    history->form = query.form;
    const struct temporal_history_options options = {
        .run = call->run,
        .maximum = query.page.size,
        .page_token = query.page.token,
        .is_reverse = query.is_reverse,
        .is_wait = call->wait.wait_ms > 0,
        .deadline_ms = call->wait.wait_ms > 0 ? workflow_call_wait_deadline(call) : 0,
    };
    temporal_client_history_async(call->gateway->connection, &options, on_fetched, history);
}
