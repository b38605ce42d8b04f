/* GET /v1/workflows/{id}/history: a page of a run's events, or a stream of them. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/check.h"
#include "base/media_type.h"
#include "base/memory.h"
#include "event_stream.h"
#include "history_stream.h"
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

static enum status read_form(const struct http_exchange *exchange, enum temporal_payload_form *out_form,
                             struct error *error)
{
    const char *payloads = http_exchange_query(exchange, "payloads");
    *out_form = TEMPORAL_PAYLOAD_READABLE;
    if (payloads != NULL && strcmp(payloads, "encoded") == 0) {
        *out_form = TEMPORAL_PAYLOAD_ENCODED;
    } else if (payloads != NULL && strcmp(payloads, "readable") != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "payloads: expected readable or encoded");
    }
    return STATUS_OK;
}

/* Only streams go by it, and what is none is refused in either form. */
static enum status check_position(const struct http_exchange *exchange, struct error *error)
{
    struct event_stream_position position = {0};
    enum status status =
        event_stream_position_read(http_exchange_header(exchange, "last-event-id"), &position, error);
    free(position.run_id);
    return status;
}

static enum status read_query(const struct workflow_call *call, struct history_query *query, struct error *error)
{
    struct http_exchange *exchange = call->exchange;
    enum status status = read_form(exchange, &query->form, error);
    if (status == STATUS_OK) {
        status = check_position(exchange, error);
    }
    if (status == STATUS_OK) {
        status = page_query_read_flag("reverse", http_exchange_query(exchange, "reverse"), &query->is_reverse, error);
    }
    if (status == STATUS_OK && query->is_reverse && call->wait.wait_ms > 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "reverse: a history is waited for at its end only");
    }
    return status != STATUS_OK ? status
                               : page_query_read(http_exchange_query(exchange, "pageSize"),
                                                 http_exchange_query(exchange, "pageToken"), &query->page, error);
}

/* The events whose JSON lacks what a newer server has said of them. */
static void write_incomplete(struct buffer *body, const struct temporal_history *history)
{
    struct buffer list;
    buffer_init(&list, GATEWAY_REPLY_MAX);
    for (size_t i = 0; i < temporal_history_count(history); i++) {
        if (temporal_history_event_is_incomplete(history, i)) {
            CHECK(buffer_append_format(&list, "%s\"%lld\"", list.length == 0 ? "[" : ",",
                                       (long long)temporal_history_event_id(history, i)));
        }
    }
    if (list.length > 0) {
        CHECK(buffer_append(&list, "]", 1));
        json_member_raw(body, "unknownFields", list.data, list.length);
    }
    buffer_deinit(&list);
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
        write_incomplete(&body, result->history);
        json_member_text(&body, "nextPageToken", result->next_page_token);
        json_object_end(&body);
        free(events);
        workflow_call_answer(history->call, 200, NULL, &body);
    } else {
        workflow_call_fail(history->call, error);
    }
    free(history);
}

/* A stream has all of a run's events, in their order. */
static enum status check_stream_query(const struct http_exchange *exchange, struct error *error)
{
    static const char *const names[] = {"pageSize", "pageToken", "reverse", "wait"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (http_exchange_query(exchange, names[i]) != NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "%s: a stream (" EVENT_STREAM_TYPE ") knows no such thing",
                             names[i]);
        }
    }
    return STATUS_OK;
}

static void stream_history(struct http_exchange *exchange, struct gateway *gateway)
{
    struct workflow_call *call = workflow_call_begin_as(exchange, gateway, EVENT_STREAM_TYPE);
    enum temporal_payload_form form;
    struct error error = {0};
    if (call == NULL) {
        return;
    }
    enum status status = read_form(exchange, &form, &error);
    if (status == STATUS_OK) {
        status = check_stream_query(exchange, &error);
    }
    if (status != STATUS_OK) {
        workflow_call_refuse(call, &error);
        return;
    }
    history_stream_begin(call, form);
}

void gateway_handle_workflow_history(struct http_exchange *exchange, void *user)
{
    if (media_type_is_named(http_exchange_header(exchange, "accept"), EVENT_STREAM_TYPE)) {
        stream_history(exchange, user);
        return;
    }
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
    workflow_call_watch(call);
    struct history_call *history = memory_alloc(sizeof *history);
    history->call = call;
    history->form = query.form;
    const struct temporal_history_options options = {
        .run = call->run,
        .maximum = query.page.size,
        .page_token = query.page.token,
        .is_reverse = query.is_reverse,
        .is_wait = call->wait.wait_ms > 0,
        .keeps_encoded = query.form == TEMPORAL_PAYLOAD_ENCODED,
        .deadline_ms = call->wait.wait_ms > 0 ? workflow_call_wait_deadline(call) : 0,
        .cancel_token = call->cancel_token,
    };
    temporal_client_history_async(call->gateway->connection, &options, on_fetched, history);
}
