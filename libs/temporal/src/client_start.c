/* Client: starting a workflow, with or without a signal. */
#include <stdlib.h>
#include <string.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/check.h"
#include "base/memory.h"
#include "client_common.h"
#include "client_start_parts.h"

struct start_call {
    temporal_start_done_fn *done;
    void *user;
    char *workflow_id;
    bool is_signal;
};

void temporal_start_result_deinit(struct temporal_start_result *result)
{
    free(result->workflow_id);
    free(result->run_id);
    free(result->first_run_id);
    *result = (struct temporal_start_result){0};
}

static char *copy_if_given(const char *text)
{
    return text[0] != '\0' ? memory_copy_string(text) : NULL;
}

static void read_reply(const Pb__StartWorkflowExecutionResponse *reply, struct temporal_start_result *result)
{
    result->run_id = copy_if_given(reply->run_id);
    result->first_run_id = copy_if_given(reply->first_execution_run_id);
    result->started = reply->started;
    result->status = (enum temporal_run_status)reply->status;
}

static void read_already_started(const struct service_call_result *call, struct temporal_start_result *result)
{
    ProtobufCMessage *message =
        service_call_detail(call, &pb__workflow_execution_already_started_failure__descriptor);
    if (message == NULL) {
        return;
    }
    const Pb__WorkflowExecutionAlreadyStartedFailure *detail =
        (const Pb__WorkflowExecutionAlreadyStartedFailure *)(const void *)message;
    result->run_id = copy_if_given(detail->run_id);
    result->first_run_id = copy_if_given(detail->first_execution_run_id);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void read_signaled(const Pb__SignalWithStartWorkflowExecutionResponse *reply,
                          struct temporal_start_result *result)
{
    result->run_id = copy_if_given(reply->run_id);
    result->first_run_id = copy_if_given(reply->first_execution_run_id);
    result->started = reply->started;
}

static void started(void *user, struct service_call_result *call_result)
{
    struct start_call *call = user;
    struct temporal_start_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK && call->is_signal) {
        read_signaled((const Pb__SignalWithStartWorkflowExecutionResponse *)(const void *)call_result->reply, &result);
    } else if (status == STATUS_OK) {
        read_reply((const Pb__StartWorkflowExecutionResponse *)(const void *)call_result->reply, &result);
    } else if (status == STATUS_ALREADY_EXISTS) {
        read_already_started(call_result, &result);
    }
    if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS) {
        result.workflow_id = call->workflow_id;
        call->workflow_id = NULL;
    }
    call->done(call->user, status, &result, status == STATUS_OK ? NULL : &error);
    temporal_start_result_deinit(&result);
    free(call->workflow_id);
    free(call);
}

/* ---- requests ---- */

/* The messages of the callbacks, in one block each. */
struct callback_parts {
    Pb__Callback **list;
    Pb__Callback *callbacks;
    Pb__Callback__Nexus *targets;
    Pb__Callback__Nexus__HeaderEntry **header_list;
    Pb__Callback__Nexus__HeaderEntry *headers;
    Pb__OnConflictOptions on_conflict;
};

static void set_callbacks(struct callback_parts *parts, const struct temporal_start_options *options,
                          Pb__StartWorkflowExecutionRequest *request)
{
    size_t count = options->callback_count;
    size_t header_count = 0;
    for (size_t i = 0; i < count; i++) {
        header_count += options->callbacks[i].header_count;
    }
    *parts = (struct callback_parts){
        .list = memory_alloc_array(count, sizeof *parts->list),
        .callbacks = memory_alloc_array(count, sizeof *parts->callbacks),
        .targets = memory_alloc_array(count, sizeof *parts->targets),
        .header_list = memory_alloc_array(header_count + 1, sizeof *parts->header_list),
        .headers = memory_alloc_array(header_count + 1, sizeof *parts->headers),
    };
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        const struct temporal_callback *callback = &options->callbacks[i];
        pb__callback__init(&parts->callbacks[i]);
        pb__callback__nexus__init(&parts->targets[i]);
        parts->targets[i].url = client_text(callback->url);
        parts->targets[i].header = &parts->header_list[next];
        parts->targets[i].n_header = callback->header_count;
        for (size_t k = 0; k < callback->header_count; k++, next++) {
            pb__callback__nexus__header_entry__init(&parts->headers[next]);
            parts->headers[next].key = client_text(callback->headers[k].name);
            parts->headers[next].value = client_text(callback->headers[k].value);
            parts->header_list[next] = &parts->headers[next];
        }
        parts->callbacks[i].variant_case = PB__CALLBACK__VARIANT_NEXUS;
        parts->callbacks[i].nexus = &parts->targets[i];
        parts->list[i] = &parts->callbacks[i];
    }
    request->n_completion_callbacks = count;
    request->completion_callbacks = parts->list;
    if (options->id_conflict == TEMPORAL_CONFLICT_USE_EXISTING) {
        pb__on_conflict_options__init(&parts->on_conflict);
        parts->on_conflict.attach_request_id = 1; /* the server attaches callbacks only together with it */
        parts->on_conflict.attach_completion_callbacks = 1;
        request->on_conflict_options = &parts->on_conflict;
    }
}

static void free_callbacks(struct callback_parts *parts)
{
    free(parts->list);
    free(parts->callbacks);
    free(parts->targets);
    free(parts->header_list);
    free(parts->headers);
}

static void send_start(struct temporal_connection *connection, const struct temporal_start_options *options,
                       struct client_start_parts *parts, struct start_call *call)
{
    Pb__StartWorkflowExecutionRequest request = PB__START_WORKFLOW_EXECUTION_REQUEST__INIT;
    struct callback_parts callbacks = {0};
    client_start_request(connection, options, parts, &request);
    if (options->callback_count > 0) {
        set_callbacks(&callbacks, options, &request);
    }
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .retry = RPC_RETRY_STANDARD,
                                                .namespace_name = options->namespace_name};
    service_call_start(connection, &service_start_workflow_execution, &request.base, &call_options, started, call,
                       NULL);
    free_callbacks(&callbacks);
}

static void send_signal(struct temporal_connection *connection, const struct temporal_start_options *options,
                        struct client_start_parts *parts, struct start_call *call)
{
    Pb__SignalWithStartWorkflowExecutionRequest request = PB__SIGNAL_WITH_START_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, options->namespace_name);
    request.identity = temporal_connection_identity(connection);
    request.workflow_id = client_text(options->workflow_id);
    request.workflow_type = &parts->type;
    request.task_queue = &parts->task_queue;
    request.request_id = parts->request_id;
    request.workflow_execution_timeout = parts->execution_timeout;
    request.workflow_run_timeout = parts->run_timeout;
    request.workflow_task_timeout = parts->task_timeout;
    request.workflow_start_delay = parts->start_delay;
    request.input = parts->input;
    request.workflow_id_reuse_policy = parts->reuse;
    request.workflow_id_conflict_policy = parts->conflict;
    request.retry_policy = parts->retry;
    request.memo = parts->memo;
    request.header = parts->header;
    request.search_attributes = parts->search_attributes;
    request.priority = parts->priority;
    request.signal_name = client_text(options->signal->name);
    request.signal_input = client_payloads(options->signal->arguments, options->signal->argument_count);
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .retry = RPC_RETRY_STANDARD,
                                                .namespace_name = options->namespace_name};
    service_call_start(connection, &service_signal_with_start_workflow_execution, &request.base, &call_options, started,
                       call, NULL);
    if (request.signal_input != NULL) {
        pb__payloads__free_unpacked(request.signal_input, NULL);
    }
}

void temporal_client_start_async(struct temporal_connection *connection, const struct temporal_start_options *options,
                                 temporal_start_done_fn *done, void *user)
{
    CHECK(options->signal == NULL || options->callback_count == 0);
    struct start_call *call = memory_alloc(sizeof *call);
    call->done = done;
    call->user = user;
    call->is_signal = options->signal != NULL;
    call->workflow_id = memory_copy_string(client_text(options->workflow_id));
    struct client_start_parts parts;
    client_start_parts_init(&parts, options);
    if (call->is_signal) {
        send_signal(connection, options, &parts, call);
    } else {
        send_start(connection, options, &parts, call);
    }
    client_start_parts_deinit(&parts);
}
