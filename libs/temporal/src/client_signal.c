/* Client: signal, cancel, terminate, delete: calls whose only answer is that they were taken; and reset. */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"

struct plain_call {
    temporal_client_done_fn *done;
    void *user;
};

static void taken(void *user, struct service_call_result *call_result)
{
    struct plain_call *call = user;
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    call->done(call->user, status, status == STATUS_OK ? NULL : &error);
    free(call);
}

static void start_call(struct temporal_connection *connection, const struct service_method *method,
                       const ProtobufCMessage *request, const char *namespace_name, int64_t deadline_ms,
                       temporal_client_done_fn *done, void *user)
{
    struct plain_call *call = memory_alloc(sizeof *call);
    call->done = done;
    call->user = user;
    struct service_call_options options = {.deadline_ms = client_deadline(deadline_ms),
                                           .retry = RPC_RETRY_STANDARD,
                                           .namespace_name = namespace_name};
    service_call_start(connection, method, request, &options, taken, call, NULL);
}

void temporal_client_signal_async(struct temporal_connection *connection,
                                  const struct temporal_signal_options *options, temporal_client_done_fn *done,
                                  void *user)
{
    char request_id[RANDOM_UUID_SIZE];
    Pb__WorkflowExecution execution;
    client_execution(&options->run, &execution);
    Pb__SignalWorkflowExecutionRequest request = PB__SIGNAL_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, options->run.namespace_name);
    request.identity = temporal_connection_identity(connection);
    request.workflow_execution = &execution;
    request.signal_name = client_text(options->name);
    request.request_id = client_request_id(options->request_id, request_id);
    request.input = client_payloads(options->arguments, options->argument_count);
    start_call(connection, &service_signal_workflow_execution, &request.base, options->run.namespace_name,
               options->deadline_ms, done, user);
    if (request.input != NULL) {
        pb__payloads__free_unpacked(request.input, NULL);
    }
}

void temporal_client_cancel_async(struct temporal_connection *connection, const struct temporal_run *run,
                                  const char *reason, int64_t deadline_ms, temporal_client_done_fn *done, void *user)
{
    char request_id[RANDOM_UUID_SIZE];
    Pb__WorkflowExecution execution;
    client_execution(run, &execution);
    Pb__RequestCancelWorkflowExecutionRequest request = PB__REQUEST_CANCEL_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, run->namespace_name);
    request.identity = temporal_connection_identity(connection);
    request.workflow_execution = &execution;
    request.request_id = client_request_id(NULL, request_id);
    request.reason = client_text(reason);
    start_call(connection, &service_request_cancel_workflow_execution, &request.base, run->namespace_name, deadline_ms,
               done, user);
}

void temporal_client_terminate_async(struct temporal_connection *connection, const struct temporal_run *run,
                                     const char *reason, int64_t deadline_ms, temporal_client_done_fn *done,
                                     void *user)
{
    Pb__WorkflowExecution execution;
    client_execution(run, &execution);
    Pb__TerminateWorkflowExecutionRequest request = PB__TERMINATE_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, run->namespace_name);
    request.identity = temporal_connection_identity(connection);
    request.workflow_execution = &execution;
    request.reason = client_text(reason);
    start_call(connection, &service_terminate_workflow_execution, &request.base, run->namespace_name, deadline_ms, done,
               user);
}

void temporal_client_delete_async(struct temporal_connection *connection, const struct temporal_run *run,
                                  int64_t deadline_ms, temporal_client_done_fn *done, void *user)
{
    Pb__WorkflowExecution execution;
    client_execution(run, &execution);
    Pb__DeleteWorkflowExecutionRequest request = PB__DELETE_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, run->namespace_name);
    request.workflow_execution = &execution;
    start_call(connection, &service_delete_workflow_execution, &request.base, run->namespace_name, deadline_ms, done,
               user);
}

/* ---- reset ---- */

struct reset_call {
    temporal_reset_done_fn *done;
    void *user;
};

static void was_reset(void *user, struct service_call_result *call_result)
{
    struct reset_call *call = user;
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    const Pb__ResetWorkflowExecutionResponse *reply =
        (const Pb__ResetWorkflowExecutionResponse *)(const void *)call_result->reply;
    call->done(call->user, status, status == STATUS_OK ? reply->run_id : NULL, status == STATUS_OK ? NULL : &error);
    free(call);
}

void temporal_client_reset_async(struct temporal_connection *connection, const struct temporal_reset_options *options,
                                 temporal_reset_done_fn *done, void *user)
{
    struct reset_call *call = memory_alloc(sizeof *call);
    char request_id[RANDOM_UUID_SIZE];
    call->done = done;
    call->user = user;
    Pb__WorkflowExecution execution;
    client_execution(&options->run, &execution);
    Pb__ResetWorkflowExecutionRequest request = PB__RESET_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, options->run.namespace_name);
    request.identity = temporal_connection_identity(connection);
    request.workflow_execution = &execution;
    request.reason = client_text(options->reason);
    request.workflow_task_finish_event_id = options->event_id;
    request.request_id = client_request_id(options->request_id, request_id);
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .retry = RPC_RETRY_STANDARD,
                                                .namespace_name = options->run.namespace_name};
    service_call_start(connection, &service_reset_workflow_execution, &request.base, &call_options, was_reset, call,
                       NULL);
}
