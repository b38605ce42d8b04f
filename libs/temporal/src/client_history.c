/* Client: a page of a run's events. */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "client_close.h"
#include "client_common.h"
#include "page_token.h"
#include "proto_json.h"

#define PAGE_DEFAULT ((size_t)100)
#define JSON_MAX ((size_t)256 << 20)

struct temporal_history {
    ProtobufCMessage *reply;
    const Pb__History *events; /* of the reply; NULL: none */
};

struct history_call {
    bool is_reverse;
    temporal_history_done_fn *done;
    void *user;
};

size_t temporal_history_count(const struct temporal_history *history)
{
    return history->events != NULL ? history->events->n_events : 0;
}

int64_t temporal_history_event_id(const struct temporal_history *history, size_t index)
{
    CHECK(index < temporal_history_count(history));
    return history->events->events[index]->event_id;
}

int temporal_history_event_type(const struct temporal_history *history, size_t index)
{
    CHECK(index < temporal_history_count(history));
    return (int)history->events->events[index]->event_type;
}

bool temporal_history_event_is_incomplete(const struct temporal_history *history, size_t index)
{
    CHECK(index < temporal_history_count(history));
    return proto_json_is_incomplete(&history->events->events[index]->base);
}

const char *temporal_history_event_type_name(const struct temporal_history *history, size_t index)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &pb__event_type__descriptor, temporal_history_event_type(history, index));
    return value != NULL ? value->name : NULL;
}

enum temporal_run_status temporal_history_event_closes(const struct temporal_history *history, size_t index,
                                                       const char **out_next_run_id)
{
    struct temporal_close_result close = {0};
    enum temporal_run_status status = TEMPORAL_RUN_UNKNOWN;
    CHECK(index < temporal_history_count(history));
    *out_next_run_id = "";
    if (client_close_read(history->events->events[index], &close, out_next_run_id)) {
        status = close.status;
        temporal_close_result_deinit(&close);
    }
    return status;
}

char *temporal_history_event_json(const struct temporal_history *history, size_t index,
                                  enum temporal_payload_form form, size_t *out_length)
{
    struct buffer text;
    CHECK(index < temporal_history_count(history));
    buffer_init(&text, JSON_MAX);
    proto_json_append(&text, &history->events->events[index]->base, form);
    return buffer_take(&text, out_length);
}

char *temporal_history_json(const struct temporal_history *history, enum temporal_payload_form form,
                            size_t *out_length)
{
    struct buffer text;
    buffer_init(&text, JSON_MAX);
    CHECK(buffer_append(&text, "[", 1));
    for (size_t i = 0; i < temporal_history_count(history); i++) {
        CHECK(buffer_append_string(&text, i == 0 ? "" : ","));
        proto_json_append(&text, &history->events->events[i]->base, form);
    }
    CHECK(buffer_append(&text, "]", 1));
    return buffer_take(&text, out_length);
}

void temporal_history_result_deinit(struct temporal_history_result *result)
{
    if (result->history != NULL) {
        protobuf_c_message_free_unpacked(result->history->reply, NULL);
        free(result->history);
    }
    free(result->next_page_token);
    *result = (struct temporal_history_result){0};
}

static void read_reply(const struct history_call *call, ProtobufCMessage *message,
                       struct temporal_history_result *result)
{
    ProtobufCBinaryData token;
    result->history = memory_alloc(sizeof *result->history);
    result->history->reply = message;
    if (call->is_reverse) {
        const Pb__GetWorkflowExecutionHistoryReverseResponse *reply =
            (const Pb__GetWorkflowExecutionHistoryReverseResponse *)(const void *)message;
        result->history->events = reply->history;
        token = reply->next_page_token;
    } else {
        const Pb__GetWorkflowExecutionHistoryResponse *reply =
            (const Pb__GetWorkflowExecutionHistoryResponse *)(const void *)message;
        result->history->events = reply->history;
        token = reply->next_page_token;
    }
    result->next_page_token = page_token_text(token);
}

static void fetched(void *user, struct service_call_result *call_result)
{
    struct history_call *call = user;
    struct temporal_history_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        read_reply(call, service_call_take_reply(call_result), &result);
    }
    call->done(call->user, status, &result, status == STATUS_OK ? NULL : &error);
    temporal_history_result_deinit(&result);
    free(call);
}

void temporal_client_history_async(struct temporal_connection *connection,
                                   const struct temporal_history_options *options, temporal_history_done_fn *done,
                                   void *user)
{
    struct history_call *call = memory_alloc(sizeof *call);
    size_t maximum = options->maximum == 0 ? PAGE_DEFAULT : options->maximum;
    call->is_reverse = options->is_reverse;
    call->done = done;
    call->user = user;
    Pb__WorkflowExecution execution;
    client_execution(&options->run, &execution);
    ProtobufCBinaryData token = page_token_read(options->page_token);
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .retry = RPC_RETRY_STANDARD,
                                                .namespace_name = options->run.namespace_name,
                                                .cancel_token = options->cancel_token,
                                                .keeps_encoded = options->keeps_encoded};
    maximum = maximum < TEMPORAL_LIST_MAX ? maximum : TEMPORAL_LIST_MAX;
    if (options->is_reverse) {
        Pb__GetWorkflowExecutionHistoryReverseRequest request =
            PB__GET_WORKFLOW_EXECUTION_HISTORY_REVERSE_REQUEST__INIT;
        request.namespace_ = client_namespace(connection, options->run.namespace_name);
        request.execution = &execution;
        request.maximum_page_size = (int32_t)maximum;
        request.next_page_token = token;
        service_call_start(connection, &service_get_workflow_execution_history_reverse, &request.base, &call_options,
                           fetched, call, NULL);
    } else {
        Pb__GetWorkflowExecutionHistoryRequest request = PB__GET_WORKFLOW_EXECUTION_HISTORY_REQUEST__INIT;
        request.namespace_ = client_namespace(connection, options->run.namespace_name);
        request.execution = &execution;
        request.maximum_page_size = (int32_t)maximum;
        request.next_page_token = token;
        request.wait_new_event = options->is_wait;
        request.skip_archival = 1;
        if (options->is_wait) {
            call_options.attempt_timeout_ms = INT64_MAX;
        }
        service_call_start(connection, &service_get_workflow_execution_history, &request.base, &call_options, fetched,
                           call, NULL);
    }
    free(token.data);
}
