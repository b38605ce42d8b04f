/* Client: queries. */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"
#include "payload.h"

struct query_call {
    temporal_query_done_fn *done;
    void *user;
};

static void answered(void *user, struct service_call_result *call_result)
{
    struct query_call *call = user;
    struct temporal_value value = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        const Pb__QueryWorkflowResponse *reply = (const Pb__QueryWorkflowResponse *)(const void *)call_result->reply;
        if (reply->query_result != NULL && reply->query_result->n_payloads > 0) {
            payload_to_value(reply->query_result->payloads[0], &value);
        }
    }
    call->done(call->user, status, &value, status == STATUS_OK ? NULL : &error);
    temporal_value_deinit(&value);
    free(call);
}

void temporal_client_query_async(struct temporal_connection *connection,
                                 const struct temporal_query_options *options, temporal_query_done_fn *done,
                                 void *user)
{
    struct query_call *call = memory_alloc(sizeof *call);
    call->done = done;
    call->user = user;
    Pb__WorkflowExecution execution;
    client_execution(&options->run, &execution);
    Pb__WorkflowQuery query = PB__WORKFLOW_QUERY__INIT;
    query.query_type = client_text(options->type);
    query.query_args = client_payloads(options->arguments, options->argument_count);
    Pb__QueryWorkflowRequest request = PB__QUERY_WORKFLOW_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, options->run.namespace_name);
    request.execution = &execution;
    request.query = &query;
    request.query_reject_condition = PB__QUERY_REJECT_CONDITION__QUERY_REJECT_CONDITION_NONE;
    /* One attempt may take all the time: the worker may have to replay a long history first. */
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .attempt_timeout_ms = INT64_MAX,
                                                .retry = RPC_RETRY_STANDARD,
                                                .namespace_name = options->run.namespace_name};
    service_call_start(connection, &service_query_workflow, &request.base, &call_options, answered, call, NULL);
    if (query.query_args != NULL) {
        pb__payloads__free_unpacked(query.query_args, NULL);
    }
}
