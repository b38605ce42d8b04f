/* Client: updates. One is sent until it is accepted (the server's answer may come before that); then, where its
 * outcome is wanted, that is asked for until it is there. The same update ID is the same update, so both may repeat. */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cancel_token.h"
#include "client_common.h"
#include "client_start_parts.h"
#include "failure.h"
#include "payload.h"

/* The server ends its waiting about a second before the deadline that it is told, and answers at once where there is
 * less: what is not there by then is not asked for again. */
#define LAST_ASK_MS 1500

/* Until done has returned it belongs to the rpc thread. */
struct update_call {
    struct temporal_connection *connection;
    char *namespace_name; /* NULL: the connection's */
    char *workflow_id;
    char *run_id; /* NULL: the current one; once it is accepted, the one that did */
    char *name;   /* NULL: only polled */
    char *update_id;
    Pb__Payloads *arguments;
    enum temporal_update_stage wait_stage;
    int64_t deadline_ms;
    struct temporal_cancel_token *cancel_token; /* a reference; NULL: none */
    temporal_update_done_fn *done; /* NULL: with_start_done */
    temporal_update_with_start_done_fn *with_start_done;
    void *user;
    struct temporal_start_result start;   /* with a start */
    struct temporal_update_result result; /* as far as it is known */
};

void temporal_update_result_deinit(struct temporal_update_result *result)
{
    free(result->update_id);
    free(result->run_id);
    temporal_value_deinit(&result->value);
    temporal_failure_destroy(result->failure);
    *result = (struct temporal_update_result){0};
}

static struct update_call *call_new(struct temporal_connection *connection, const struct temporal_run *run,
                                    const struct temporal_update_options *options)
{
    char update_id[RANDOM_UUID_SIZE];
    struct update_call *call = memory_alloc(sizeof *call);
    call->connection = connection;
    call->namespace_name = memory_copy_string(run->namespace_name);
    call->workflow_id = memory_copy_string(client_text(run->workflow_id));
    call->run_id = memory_copy_string(run->run_id);
    call->name = memory_copy_string(client_text(options->name));
    call->update_id = memory_copy_string(client_request_id(options->update_id, update_id));
    call->arguments = client_payloads(options->arguments, options->argument_count);
    call->wait_stage = options->wait_stage;
    call->deadline_ms = client_deadline(options->deadline_ms);
    call->cancel_token = cancel_token_retain(options->cancel_token);
    call->result.update_id = memory_copy_string(call->update_id);
    return call;
}

static void finish(struct update_call *call, enum status status, const struct error *error)
{
    if (call->done != NULL) {
        call->done(call->user, status, &call->result, error);
    } else {
        call->with_start_done(call->user, status, &call->start, &call->result, error);
    }
    temporal_start_result_deinit(&call->start);
    temporal_update_result_deinit(&call->result);
    if (call->arguments != NULL) {
        pb__payloads__free_unpacked(call->arguments, NULL);
    }
    free(call->namespace_name);
    free(call->workflow_id);
    free(call->run_id);
    free(call->name);
    free(call->update_id);
    temporal_cancel_token_release(call->cancel_token);
    free(call);
}

/* ---- answers ---- */

static void read_outcome(const Pb__Outcome *outcome, struct temporal_update_result *result)
{
    if (outcome == NULL || outcome->value_case == PB__OUTCOME__VALUE__NOT_SET || result->has_outcome) {
        return;
    }
    result->has_outcome = true;
    if (outcome->value_case == PB__OUTCOME__VALUE_FAILURE) {
        result->failure = failure_from_message(outcome->failure);
    } else if (outcome->success != NULL && outcome->success->n_payloads > 0) {
        payload_to_value(outcome->success->payloads[0], &result->value);
    }
}

static void read_progress(struct update_call *call, const Pb__UpdateRef *reference, const Pb__Outcome *outcome,
                          int stage)
{
    struct temporal_update_result *result = &call->result;
    if (reference != NULL && reference->workflow_execution != NULL &&
        reference->workflow_execution->run_id[0] != '\0') {
        free(result->run_id);
        result->run_id = memory_copy_string(reference->workflow_execution->run_id);
    }
    read_outcome(outcome, result);
    if (stage > (int)result->stage && stage <= TEMPORAL_UPDATE_COMPLETED) {
        result->stage = (enum temporal_update_stage)stage;
    }
    if (result->has_outcome) {
        result->stage = TEMPORAL_UPDATE_COMPLETED;
    }
}

static void ask_outcome(struct update_call *call);
static void send_update(struct update_call *call);
static void ask_whether_rejected(struct update_call *call);

/* With what is known now. */
static void go_on(struct update_call *call)
{
    struct error error = {0};
    bool is_accepted = call->result.stage >= TEMPORAL_UPDATE_ACCEPTED;
    bool is_reached = call->result.has_outcome || (int)call->result.stage >= (int)call->wait_stage;
    bool is_late = call->deadline_ms - clock_monotonic_ms() <= LAST_ASK_MS;
    if (call->result.failure != NULL) {
        ask_whether_rejected(call);
    } else if (is_reached || (is_late && is_accepted)) {
        finish(call, STATUS_OK, NULL);
    } else if (is_late) {
        (void)error_set(&error, STATUS_DEADLINE_EXCEEDED, "no worker has accepted the update in time");
        finish(call, STATUS_DEADLINE_EXCEEDED, &error);
    } else if (is_accepted) {
        ask_outcome(call);
    } else {
        send_update(call);
    }
}

/* The deadline is no failure of what is accepted. */
static void fail(struct update_call *call, const struct service_call_result *call_result)
{
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_DEADLINE_EXCEEDED && call->result.stage == TEMPORAL_UPDATE_ACCEPTED) {
        finish(call, STATUS_OK, NULL);
    } else {
        finish(call, status, &error);
    }
}

static void updated(void *user, struct service_call_result *call_result)
{
    struct update_call *call = user;
    if (call_result->status != STATUS_OK) {
        fail(call, call_result);
        return;
    }
    const Pb__UpdateWorkflowExecutionResponse *reply =
        (const Pb__UpdateWorkflowExecutionResponse *)(const void *)call_result->reply;
    read_progress(call, reply->update_ref, reply->outcome, (int)reply->stage);
    go_on(call);
}

static void polled(void *user, struct service_call_result *call_result)
{
    struct update_call *call = user;
    if (call_result->status != STATUS_OK) {
        fail(call, call_result);
        return;
    }
    const Pb__PollWorkflowExecutionUpdateResponse *reply =
        (const Pb__PollWorkflowExecutionUpdateResponse *)(const void *)call_result->reply;
    read_progress(call, reply->update_ref, reply->outcome, (int)reply->stage);
    go_on(call);
}

/* What the validator refused is in no history: the server does not know it any more. */
static void known(void *user, struct service_call_result *call_result)
{
    struct update_call *call = user;
    call->result.is_rejected = call_result->status == STATUS_NOT_FOUND;
    finish(call, STATUS_OK, NULL);
}

/* ---- requests ---- */

/* What an update's messages are made of; all of it borrowed from the call. */
struct update_parts {
    Pb__WorkflowExecution execution;
    Pb__WaitPolicy wait;
    Pb__Meta meta;
    Pb__Input input;
    Pb__Request request;
};

static void fill_execution(const struct update_call *call, Pb__WorkflowExecution *execution)
{
    const struct temporal_run run = {
        .workflow_id = call->workflow_id,
        .run_id = call->result.run_id != NULL ? call->result.run_id : call->run_id,
    };
    client_execution(&run, execution);
}

static void fill_update(const struct update_call *call, struct update_parts *parts,
                        Pb__UpdateWorkflowExecutionRequest *request)
{
    fill_execution(call, &parts->execution);
    pb__wait_policy__init(&parts->wait);
    parts->wait.lifecycle_stage =
        PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    pb__meta__init(&parts->meta);
    parts->meta.update_id = call->update_id;
    parts->meta.identity = temporal_connection_identity(call->connection);
    pb__input__init(&parts->input);
    parts->input.name = call->name;
    parts->input.args = call->arguments;
    pb__request__init(&parts->request);
    parts->request.meta = &parts->meta;
    parts->request.input = &parts->input;
    request->namespace_ = client_namespace(call->connection, call->namespace_name);
    request->workflow_execution = &parts->execution;
    request->wait_policy = &parts->wait;
    request->request = &parts->request;
}

/* One attempt may take all the time: the server holds it until there is an answer. */
static struct service_call_options call_options(const struct update_call *call)
{
    return (struct service_call_options){.deadline_ms = call->deadline_ms,
                                         .attempt_timeout_ms = INT64_MAX,
                                         .retry = RPC_RETRY_STANDARD,
                                         .namespace_name = call->namespace_name,
                                         .cancel_token = call->cancel_token};
}

static void send_update(struct update_call *call)
{
    struct update_parts parts;
    const struct service_call_options options = call_options(call);
    Pb__UpdateWorkflowExecutionRequest request = PB__UPDATE_WORKFLOW_EXECUTION_REQUEST__INIT;
    fill_update(call, &parts, &request);
    service_call_start(call->connection, &service_update_workflow_execution, &request.base, &options, updated, call,
                       NULL);
}

/* is_wait false: as it stands. */
static void send_poll(struct update_call *call, bool is_wait, int64_t deadline_ms, service_call_done_fn *done)
{
    Pb__WorkflowExecution execution;
    fill_execution(call, &execution);
    Pb__UpdateRef reference = PB__UPDATE_REF__INIT;
    reference.workflow_execution = &execution;
    reference.update_id = call->update_id;
    Pb__WaitPolicy wait = PB__WAIT_POLICY__INIT;
    wait.lifecycle_stage =
        call->wait_stage == TEMPORAL_UPDATE_ACCEPTED
            ? PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED
            : PB__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE__UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED;
    Pb__PollWorkflowExecutionUpdateRequest request = PB__POLL_WORKFLOW_EXECUTION_UPDATE_REQUEST__INIT;
    request.namespace_ = client_namespace(call->connection, call->namespace_name);
    request.update_ref = &reference;
    request.identity = temporal_connection_identity(call->connection);
    request.wait_policy = is_wait ? &wait : NULL;
    struct service_call_options options = call_options(call);
    options.deadline_ms = deadline_ms;
    service_call_start(call->connection, &service_poll_workflow_execution_update, &request.base, &options, done, call,
                       NULL);
}

static void ask_outcome(struct update_call *call)
{
    send_poll(call, true, call->deadline_ms, polled);
}

static void ask_whether_rejected(struct update_call *call)
{
    send_poll(call, false, client_deadline(0), known);
}

void temporal_client_update_async(struct temporal_connection *connection,
                                  const struct temporal_update_options *options, temporal_update_done_fn *done,
                                  void *user)
{
    struct update_call *call = call_new(connection, &options->run, options);
    call->done = done;
    call->user = user;
    send_update(call);
}

void temporal_client_poll_update_async(struct temporal_connection *connection,
                                       const struct temporal_update_options *options, temporal_update_done_fn *done,
                                       void *user)
{
    struct update_call *call = call_new(connection, &options->run, options);
    call->done = done;
    call->user = user;
    call->result.stage = TEMPORAL_UPDATE_ACCEPTED; /* or the server does not know it */
    ask_outcome(call);
}

/* ---- with a start ---- */

static void read_start(struct update_call *call, const Pb__StartWorkflowExecutionResponse *reply)
{
    struct temporal_start_result *start = &call->start;
    start->workflow_id = memory_copy_string(call->workflow_id);
    start->run_id = memory_copy_string(reply->run_id);
    start->first_run_id =
        reply->first_execution_run_id[0] != '\0' ? memory_copy_string(reply->first_execution_run_id) : NULL;
    start->started = reply->started;
    start->status = (enum temporal_run_status)reply->status;
    call->run_id = memory_copy_string(reply->run_id);
}

static void started_and_updated(void *user, struct service_call_result *call_result)
{
    struct update_call *call = user;
    struct error error = {0};
    if (call_result->status != STATUS_OK) {
        fail(call, call_result);
        return;
    }
    const Pb__ExecuteMultiOperationResponse *reply =
        (const Pb__ExecuteMultiOperationResponse *)(const void *)call_result->reply;
    if (reply->n_responses != 2 || reply->responses[0]->start_workflow == NULL ||
        reply->responses[0]->response_case != PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__RESPONSE_START_WORKFLOW ||
        reply->responses[1]->response_case !=
            PB__EXECUTE_MULTI_OPERATION_RESPONSE__RESPONSE__RESPONSE_UPDATE_WORKFLOW ||
        reply->responses[1]->update_workflow == NULL) {
        (void)error_set(&error, STATUS_MALFORMED, "ExecuteMultiOperation: an answer without a start and an update");
        finish(call, STATUS_MALFORMED, &error);
        return;
    }
    const Pb__UpdateWorkflowExecutionResponse *update = reply->responses[1]->update_workflow;
    read_start(call, reply->responses[0]->start_workflow);
    read_progress(call, update->update_ref, update->outcome, (int)update->stage);
    go_on(call);
}

void temporal_client_update_with_start_async(struct temporal_connection *connection,
                                             const struct temporal_start_options *start,
                                             const struct temporal_update_options *update,
                                             temporal_update_with_start_done_fn *done, void *user)
{
    const struct temporal_run run = {.workflow_id = start->workflow_id, .namespace_name = start->namespace_name};
    struct update_call *call = call_new(connection, &run, update);
    struct update_parts parts;
    struct client_start_parts start_parts;
    call->with_start_done = done;
    call->user = user;
    Pb__StartWorkflowExecutionRequest start_request = PB__START_WORKFLOW_EXECUTION_REQUEST__INIT;
    Pb__UpdateWorkflowExecutionRequest update_request = PB__UPDATE_WORKFLOW_EXECUTION_REQUEST__INIT;
    client_start_parts_init(&start_parts, start);
    client_start_request(connection, start, &start_parts, &start_request);
    fill_update(call, &parts, &update_request);
    Pb__ExecuteMultiOperationRequest__Operation operations[2] = {
        PB__EXECUTE_MULTI_OPERATION_REQUEST__OPERATION__INIT, PB__EXECUTE_MULTI_OPERATION_REQUEST__OPERATION__INIT};
    Pb__ExecuteMultiOperationRequest__Operation *list[2] = {&operations[0], &operations[1]};
    operations[0].operation_case = PB__EXECUTE_MULTI_OPERATION_REQUEST__OPERATION__OPERATION_START_WORKFLOW;
    operations[0].start_workflow = &start_request;
    operations[1].operation_case = PB__EXECUTE_MULTI_OPERATION_REQUEST__OPERATION__OPERATION_UPDATE_WORKFLOW;
    operations[1].update_workflow = &update_request;
    Pb__ExecuteMultiOperationRequest request = PB__EXECUTE_MULTI_OPERATION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, start->namespace_name);
    request.n_operations = 2;
    request.operations = list;
    const struct service_call_options options = call_options(call);
    service_call_start(connection, &service_execute_multi_operation, &request.base, &options, started_and_updated,
                       call, NULL);
    client_start_parts_deinit(&start_parts);
}
