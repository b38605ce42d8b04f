/* Client: queries. */
#include <stdlib.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"
#include "failure.h"
#include "payload.h"

struct query_call {
    temporal_query_done_fn *done;
    void *user;
};

void temporal_query_result_deinit(struct temporal_query_result *result)
{
    temporal_value_deinit(&result->value);
    temporal_failure_destroy(result->failure);
    *result = (struct temporal_query_result){0};
}

static void read_reply(const Pb__QueryWorkflowResponse *reply, struct temporal_query_result *result)
{
    if (reply->query_rejected != NULL) {
        result->rejected = (enum temporal_run_status)reply->query_rejected->status;
    } else if (reply->query_result != NULL && reply->query_result->n_payloads > 0) {
        payload_to_value(reply->query_result->payloads[0], &result->value);
    }
}

/* The server says so only where a worker did: an INVALID_ARGUMENT of its own has no such detail. */
static void read_failure(const struct service_call_result *call, const struct error *error,
                         struct temporal_query_result *result)
{
    ProtobufCMessage *message = service_call_detail(call, &pb__query_failed_failure__descriptor);
    if (message == NULL) {
        return;
    }
    const Pb__QueryFailedFailure *detail = (const Pb__QueryFailedFailure *)(const void *)message;
    Pb__Failure words = PB__FAILURE__INIT; /* workers of older SDKs send no failure */
    words.message = error->text;
    result->failure = failure_from_message(detail->failure != NULL ? detail->failure : &words);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void answered(void *user, struct service_call_result *call_result)
{
    struct query_call *call = user;
    struct temporal_query_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        read_reply((const Pb__QueryWorkflowResponse *)(const void *)call_result->reply, &result);
    } else if (status == STATUS_INVALID_ARGUMENT) {
        read_failure(call_result, &error, &result);
    }
    call->done(call->user, status, &result, status == STATUS_OK ? NULL : &error);
    temporal_query_result_deinit(&result);
    free(call);
}

static Pb__QueryRejectCondition reject_of(enum temporal_query_reject condition)
{
    switch (condition) {
    case TEMPORAL_QUERY_REJECT_NOT_OPEN:
        return PB__QUERY_REJECT_CONDITION__QUERY_REJECT_CONDITION_NOT_OPEN;
    case TEMPORAL_QUERY_REJECT_NOT_COMPLETED_CLEANLY:
        return PB__QUERY_REJECT_CONDITION__QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY;
    case TEMPORAL_QUERY_REJECT_NONE:
        break;
    }
    return PB__QUERY_REJECT_CONDITION__QUERY_REJECT_CONDITION_NONE;
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
    request.query_reject_condition = reject_of(options->reject_condition);
    /* One attempt may take all the time: the worker may have to replay a long history first. */
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .attempt_timeout_ms = INT64_MAX,
                                                .retry = RPC_RETRY_STANDARD,
                                                .namespace_name = options->run.namespace_name,
                                                .cancel_token = options->cancel_token};
    service_call_start(connection, &service_query_workflow, &request.base, &call_options, answered, call, NULL);
    if (query.query_args != NULL) {
        pb__payloads__free_unpacked(query.query_args, NULL);
    }
}
