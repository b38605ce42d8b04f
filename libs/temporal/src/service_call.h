/* One call of Temporal's WorkflowService or OperatorService: packs the request, sends it through libs/rpc, checks and
 * unpacks the answer.
 *
 *     service_call_start(connection, &service_poll_activity_task_queue,
 *                        &request.base, &(struct service_call_options){.deadline_ms = now + 70000}, polled, worker,
 *                        NULL);
 *
 * The request is only read during service_call_start: it may live on the stack. Its payloads are sent as the
 * connection's codec encodes them, and the reply's are decoded; one that cannot be is left as it came, and logged. */
#ifndef TEMPORAL_SERVICE_CALL_H
#define TEMPORAL_SERVICE_CALL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <google/rpc/status.pb-c.h>

#include "base/error.h"
#include "rpc/channel.h"
#include "temporal/cancel_token.h"
#include "temporal/connection.h"

struct service_method {
    const char *path;                        /* "/temporal.api.workflowservice.v1.WorkflowService/..." */
    const char *name;                        /* "StartWorkflowExecution" */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *reply;
    size_t index; /* position in SERVICE_METHODS */
};

/* X(variable, name, message prefix in generated C) */
#define SERVICE_METHODS(X)                                                                                            \
    X(service_start_workflow_execution, StartWorkflowExecution, start_workflow_execution)                             \
    X(service_signal_with_start_workflow_execution, SignalWithStartWorkflowExecution,                                 \
      signal_with_start_workflow_execution)                                                                           \
    X(service_signal_workflow_execution, SignalWorkflowExecution, signal_workflow_execution)                          \
    X(service_request_cancel_workflow_execution, RequestCancelWorkflowExecution, request_cancel_workflow_execution)   \
    X(service_terminate_workflow_execution, TerminateWorkflowExecution, terminate_workflow_execution)                 \
    X(service_describe_workflow_execution, DescribeWorkflowExecution, describe_workflow_execution)                    \
    X(service_get_workflow_execution_history, GetWorkflowExecutionHistory, get_workflow_execution_history)            \
    X(service_query_workflow, QueryWorkflow, query_workflow)                                                          \
    X(service_list_workflow_executions, ListWorkflowExecutions, list_workflow_executions)                             \
    X(service_count_workflow_executions, CountWorkflowExecutions, count_workflow_executions)                          \
    X(service_update_workflow_execution, UpdateWorkflowExecution, update_workflow_execution)                          \
    X(service_poll_workflow_execution_update, PollWorkflowExecutionUpdate, poll_workflow_execution_update)            \
    X(service_get_workflow_execution_history_reverse, GetWorkflowExecutionHistoryReverse,                             \
      get_workflow_execution_history_reverse)                                                                         \
    X(service_execute_multi_operation, ExecuteMultiOperation, execute_multi_operation)                                \
    X(service_delete_workflow_execution, DeleteWorkflowExecution, delete_workflow_execution)                          \
    X(service_reset_workflow_execution, ResetWorkflowExecution, reset_workflow_execution)                             \
    X(service_get_system_info, GetSystemInfo, get_system_info)                                                        \
    X(service_describe_namespace, DescribeNamespace, describe_namespace)                                              \
    X(service_poll_workflow_task_queue, PollWorkflowTaskQueue, poll_workflow_task_queue)                              \
    X(service_respond_workflow_task_completed, RespondWorkflowTaskCompleted, respond_workflow_task_completed)         \
    X(service_respond_workflow_task_failed, RespondWorkflowTaskFailed, respond_workflow_task_failed)                  \
    X(service_respond_query_task_completed, RespondQueryTaskCompleted, respond_query_task_completed)                  \
    X(service_poll_activity_task_queue, PollActivityTaskQueue, poll_activity_task_queue)                              \
    X(service_respond_activity_task_completed, RespondActivityTaskCompleted, respond_activity_task_completed)         \
    X(service_respond_activity_task_failed, RespondActivityTaskFailed, respond_activity_task_failed)                  \
    X(service_respond_activity_task_canceled, RespondActivityTaskCanceled, respond_activity_task_canceled)            \
    X(service_record_activity_task_heartbeat, RecordActivityTaskHeartbeat, record_activity_task_heartbeat)            \
    X(service_respond_activity_task_completed_by_id, RespondActivityTaskCompletedById,                                \
      respond_activity_task_completed_by_id)                                                                          \
    X(service_respond_activity_task_failed_by_id, RespondActivityTaskFailedById, respond_activity_task_failed_by_id)  \
    X(service_respond_activity_task_canceled_by_id, RespondActivityTaskCanceledById,                                  \
      respond_activity_task_canceled_by_id)                                                                           \
    X(service_record_activity_task_heartbeat_by_id, RecordActivityTaskHeartbeatById,                                  \
      record_activity_task_heartbeat_by_id)                                                                           \
    X(service_shutdown_worker, ShutdownWorker, shutdown_worker)                                                       \
    X(service_describe_task_queue, DescribeTaskQueue, describe_task_queue)

/* The same, of the OperatorService; their indices follow. */
#define SERVICE_OPERATOR_METHODS(X) X(service_list_search_attributes, ListSearchAttributes, list_search_attributes)

#define SERVICE_METHOD_DECLARE(variable, name_, prefix) extern const struct service_method variable;
SERVICE_METHODS(SERVICE_METHOD_DECLARE)
SERVICE_OPERATOR_METHODS(SERVICE_METHOD_DECLARE)
#undef SERVICE_METHOD_DECLARE

struct service_call_options {
    int64_t deadline_ms;        /* clock_monotonic_ms; 0: 30 s from now */
    int64_t attempt_timeout_ms; /* 0: 10,000 with RPC_RETRY_STANDARD, the deadline with RPC_RETRY_NONE */
    enum rpc_retry retry;
    bool wait_for_ready;        /* polls: wait for a connection instead of failing at once */
    const char *namespace_name; /* in the header that proxies route by; NULL: the connection's */
    struct temporal_cancel_token *cancel_token; /* NULL: none */
    bool keeps_encoded; /* the reply's payloads stay as they came: the connection's codec does not see them */
};

struct service_call_result {
    enum status status;
    enum rpc_code code;
    /* STATUS_OK: the method's reply, else NULL. Belongs to the call and is freed after the done function, unless that
     * takes it with service_call_take_reply. */
    ProtobufCMessage *reply;
    size_t reply_bytes;         /* on the wire */
    const struct error *error;  /* borrowed; set unless STATUS_OK */
    const Pb__Status *details;  /* borrowed; NULL: the server sent none */
    const struct temporal_codec *codec; /* what payloads in the details pass; NULL: none */
};

/* Exactly once for each call, on the rpc thread, never inside service_call_start. Must not block. Refused before
 * anything was sent: INVALID_ARGUMENT (a text is not UTF-8), TOO_LARGE (over SERVICE_REQUEST_MAX) or the codec's
 * error, all final.
 * MALFORMED: the answer does not parse or is nested too deeply. */
typedef void service_call_done_fn(void *user, struct service_call_result *result);

#define SERVICE_REQUEST_MAX ((size_t)4 << 20) /* the server takes no longer message */

struct service_call;

/* out_call NULL: not wanted. Else drop it with service_call_release. */
void service_call_start(struct temporal_connection *connection, const struct service_method *method,
                        const ProtobufCMessage *request, const struct service_call_options *options,
                        service_call_done_fn *done, void *user, struct service_call **out_call);
void service_call_cancel(struct service_call *call);  /* any thread; harmless after the end. NULL is fine */
void service_call_release(struct service_call *call); /* NULL is fine */

/* Inside the done function: the reply is the caller's; free it with protobuf_c_message_free_unpacked(reply, NULL). */
ProtobufCMessage *service_call_take_reply(struct service_call_result *result);

/* The first detail of that type ("temporal.api.errordetails.v1.NotFoundFailure"), to be freed with
 * protobuf_c_message_free_unpacked. NULL: there is none, or it does not parse. */
ProtobufCMessage *service_call_detail(const struct service_call_result *result,
                                      const ProtobufCMessageDescriptor *descriptor);

#endif
