/* Client: starting a workflow. */
#include <stdlib.h>
#include <string.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"
#include "payload.h"
#include "proto_time.h"
#include "temporal/workflow.h"

struct start_call {
    temporal_start_done_fn *done;
    void *user;
    char *workflow_id;
};

/* The parts of a request that live in the caller's storage. */
struct start_request {
    Pb__StartWorkflowExecutionRequest request;
    Pb__WorkflowType type;
    Pb__TaskQueue task_queue;
    Google__Protobuf__Duration execution_timeout;
    Google__Protobuf__Duration run_timeout;
    Google__Protobuf__Duration task_timeout;
    Google__Protobuf__Duration start_delay;
    Pb__RetryPolicy retry;
    Google__Protobuf__Duration retry_initial;
    Google__Protobuf__Duration retry_maximum;
    Pb__Memo memo;
    char request_id[RANDOM_UUID_SIZE];
};

void temporal_start_result_deinit(struct temporal_start_result *result)
{
    free(result->workflow_id);
    free(result->run_id);
    free(result->first_run_id);
    *result = (struct temporal_start_result){0};
}

/* NULL for 0: the server's default. */
static Google__Protobuf__Duration *set_duration(Google__Protobuf__Duration *storage, int64_t ms)
{
    if (ms <= 0) {
        return NULL;
    }
    duration_init_ms(storage, ms);
    return storage;
}

static void set_retry(struct start_request *parts, const struct temporal_retry_options *retry)
{
    if (retry == NULL) {
        return;
    }
    pb__retry_policy__init(&parts->retry);
    parts->retry.initial_interval = set_duration(&parts->retry_initial, retry->initial_interval_ms);
    parts->retry.maximum_interval = set_duration(&parts->retry_maximum, retry->maximum_interval_ms);
    parts->retry.backoff_coefficient = retry->backoff_coefficient;
    parts->retry.maximum_attempts = retry->maximum_attempts;
    size_t count = 0;
    while (retry->non_retryable_types != NULL && retry->non_retryable_types[count] != NULL) {
        count++;
    }
    parts->retry.n_non_retryable_error_types = count;
    parts->retry.non_retryable_error_types = count > 0 ? memory_alloc_array(count, sizeof(char *)) : NULL;
    for (size_t i = 0; i < count; i++) {
        parts->retry.non_retryable_error_types[i] = retry->non_retryable_types[i];
    }
    parts->request.retry_policy = &parts->retry;
}

static void set_memo(struct start_request *parts, const struct temporal_memo_entry *entries, size_t count)
{
    if (count == 0) {
        return;
    }
    pb__memo__init(&parts->memo);
    parts->memo.n_fields = count;
    parts->memo.fields = memory_alloc_array(count, sizeof *parts->memo.fields);
    for (size_t i = 0; i < count; i++) {
        const struct temporal_payload *value = &entries[i].value;
        const char *encoding = value->encoding != NULL ? value->encoding : TEMPORAL_ENCODING_JSON;
        parts->memo.fields[i] = memory_alloc(sizeof *parts->memo.fields[i]);
        pb__memo__fields_entry__init(parts->memo.fields[i]);
        parts->memo.fields[i]->key = entries[i].key;
        parts->memo.fields[i]->value = payload_new(encoding, value->data, value->length);
    }
    parts->request.memo = &parts->memo;
}

static void set_policies(Pb__StartWorkflowExecutionRequest *request, const struct temporal_start_options *options)
{
    switch (options->id_reuse) {
    case TEMPORAL_REUSE_ALLOW:
        request->workflow_id_reuse_policy = PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE;
        break;
    case TEMPORAL_REUSE_FAILED_ONLY:
        request->workflow_id_reuse_policy =
            PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY;
        break;
    case TEMPORAL_REUSE_REJECT:
        request->workflow_id_reuse_policy = PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;
        break;
    }
    switch (options->id_conflict) {
    case TEMPORAL_CONFLICT_FAIL:
        request->workflow_id_conflict_policy = PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_FAIL;
        break;
    case TEMPORAL_CONFLICT_USE_EXISTING:
        request->workflow_id_conflict_policy =
            PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
        break;
    case TEMPORAL_CONFLICT_TERMINATE:
        request->workflow_id_conflict_policy =
            PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING;
        break;
    }
}

static void fill(struct start_request *parts, struct temporal_connection *connection,
                 const struct temporal_start_options *options)
{
    Pb__StartWorkflowExecutionRequest *request = &parts->request;
    pb__start_workflow_execution_request__init(request);
    pb__workflow_type__init(&parts->type);
    pb__task_queue__init(&parts->task_queue);
    parts->type.name = client_text(options->workflow_type);
    parts->task_queue.name = client_text(options->task_queue);
    request->namespace_ = temporal_connection_namespace(connection);
    request->identity = temporal_connection_identity(connection);
    request->workflow_id = client_text(options->workflow_id);
    request->workflow_type = &parts->type;
    request->task_queue = &parts->task_queue;
    request->request_id = client_request_id(options->request_id, parts->request_id);
    request->workflow_execution_timeout = set_duration(&parts->execution_timeout, options->execution_timeout_ms);
    request->workflow_run_timeout = set_duration(&parts->run_timeout, options->run_timeout_ms);
    request->workflow_task_timeout = set_duration(&parts->task_timeout, options->task_timeout_ms);
    request->workflow_start_delay = set_duration(&parts->start_delay, options->start_delay_ms);
    request->input = client_payloads(options->arguments, options->argument_count);
    set_policies(request, options);
    set_retry(parts, options->retry);
    set_memo(parts, options->memo, options->memo_count);
}

/* What fill allocated. */
static void release(struct start_request *parts)
{
    if (parts->request.input != NULL) {
        pb__payloads__free_unpacked(parts->request.input, NULL);
    }
    for (size_t i = 0; parts->request.memo != NULL && i < parts->memo.n_fields; i++) {
        pb__payload__free_unpacked(parts->memo.fields[i]->value, NULL);
        free(parts->memo.fields[i]);
    }
    free(parts->request.memo != NULL ? parts->memo.fields : NULL);
    free(parts->request.retry_policy != NULL ? parts->retry.non_retryable_error_types : NULL);
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

static void started(void *user, struct service_call_result *call_result)
{
    struct start_call *call = user;
    struct temporal_start_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
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

void temporal_client_start_async(struct temporal_connection *connection, const struct temporal_start_options *options,
                                 temporal_start_done_fn *done, void *user)
{
    struct start_call *call = memory_alloc(sizeof *call);
    call->done = done;
    call->user = user;
    call->workflow_id = memory_copy_string(client_text(options->workflow_id));
    struct start_request parts;
    fill(&parts, connection, options);
    struct service_call_options call_options = {.deadline_ms = client_deadline(options->deadline_ms),
                                                .retry = RPC_RETRY_STANDARD};
    service_call_start(connection, &service_start_workflow_execution, &parts.request.base, &call_options, started,
                       call, NULL);
    release(&parts);
}
