/* Client: what a run is and how it stands. */
#include <stdlib.h>
#include <string.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"
#include "client_run.h"
#include "payload.h"
#include "proto_time.h"

struct describe_call {
    temporal_describe_done_fn *done;
    void *user;
};

static void free_values(struct temporal_memo_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(values[i].key);
        temporal_value_deinit(&values[i].value);
    }
    free(values);
}

void temporal_describe_result_deinit(struct temporal_describe_result *result)
{
    free(result->workflow_id);
    free(result->run_id);
    free(result->first_run_id);
    free(result->workflow_type);
    free(result->task_queue);
    free_values(result->memo, result->memo_count);
    free_values(result->search_attributes, result->search_attribute_count);
    for (size_t i = 0; i < result->callback_count; i++) {
        free(result->callback_urls[i]);
    }
    free(result->callback_urls);
    *result = (struct temporal_describe_result){0};
}

const struct temporal_value *temporal_describe_result_memo(const struct temporal_describe_result *result,
                                                           const char *key)
{
    for (size_t i = 0; i < result->memo_count; i++) {
        if (strcmp(result->memo[i].key, key) == 0) {
            return &result->memo[i].value;
        }
    }
    return NULL;
}

static void read_memo(const Pb__Memo *memo, struct temporal_describe_result *result)
{
    if (memo == NULL || memo->n_fields == 0) {
        return;
    }
    result->memo_count = memo->n_fields;
    result->memo = memory_alloc_array(memo->n_fields, sizeof *result->memo);
    for (size_t i = 0; i < memo->n_fields; i++) {
        result->memo[i].key = memory_copy_string(memo->fields[i]->key);
        payload_to_value(memo->fields[i]->value, &result->memo[i].value);
    }
}

static void read_search_attributes(const Pb__SearchAttributes *attributes, struct temporal_describe_result *result)
{
    if (attributes == NULL || attributes->n_indexed_fields == 0) {
        return;
    }
    result->search_attribute_count = attributes->n_indexed_fields;
    result->search_attributes = memory_alloc_array(attributes->n_indexed_fields, sizeof *result->search_attributes);
    for (size_t i = 0; i < attributes->n_indexed_fields; i++) {
        result->search_attributes[i].key = memory_copy_string(attributes->indexed_fields[i]->key);
        payload_to_value(attributes->indexed_fields[i]->value, &result->search_attributes[i].value);
    }
}

void client_read_run(const Pb__WorkflowExecutionInfo *info, struct temporal_describe_result *result)
{
    result->status = (enum temporal_run_status)info->status;
    result->workflow_id = memory_copy_string(info->execution != NULL ? info->execution->workflow_id : "");
    result->run_id = memory_copy_string(info->execution != NULL ? info->execution->run_id : "");
    result->first_run_id = memory_copy_string(info->first_run_id);
    result->workflow_type = memory_copy_string(info->type != NULL ? info->type->name : "");
    result->task_queue = memory_copy_string(info->task_queue);
    result->start_wall_ms = timestamp_to_ms(info->start_time);
    result->close_wall_ms = timestamp_to_ms(info->close_time);
    result->history_length = info->history_length;
    read_memo(info->memo, result);
    read_search_attributes(info->search_attributes, result);
}

static void read_callbacks(const Pb__DescribeWorkflowExecutionResponse *reply,
                           struct temporal_describe_result *result)
{
    result->callback_urls = memory_alloc_array(reply->n_callbacks + 1, sizeof *result->callback_urls);
    for (size_t i = 0; i < reply->n_callbacks; i++) {
        const Pb__Callback *callback = reply->callbacks[i]->callback;
        if (callback != NULL && callback->variant_case == PB__CALLBACK__VARIANT_NEXUS && callback->nexus != NULL) {
            result->callback_urls[result->callback_count++] = memory_copy_string(callback->nexus->url);
        }
    }
}

static void described(void *user, struct service_call_result *call_result)
{
    struct describe_call *call = user;
    struct temporal_describe_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        const Pb__DescribeWorkflowExecutionResponse *reply =
            (const Pb__DescribeWorkflowExecutionResponse *)(const void *)call_result->reply;
        if (reply->workflow_execution_info != NULL) {
            client_read_run(reply->workflow_execution_info, &result);
            read_callbacks(reply, &result);
        } else {
            status = error_set(&error, STATUS_MALFORMED, "DescribeWorkflowExecution: an answer without the workflow");
        }
    }
    call->done(call->user, status, &result, status == STATUS_OK ? NULL : &error);
    temporal_describe_result_deinit(&result);
    free(call);
}

void temporal_client_describe_async(struct temporal_connection *connection, const struct temporal_run *run,
                                    int64_t deadline_ms, temporal_describe_done_fn *done, void *user)
{
    struct describe_call *call = memory_alloc(sizeof *call);
    call->done = done;
    call->user = user;
    Pb__WorkflowExecution execution;
    client_execution(run, &execution);
    Pb__DescribeWorkflowExecutionRequest request = PB__DESCRIBE_WORKFLOW_EXECUTION_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, run->namespace_name);
    request.execution = &execution;
    struct service_call_options options = {.deadline_ms = client_deadline(deadline_ms),
                                           .retry = RPC_RETRY_STANDARD,
                                           .namespace_name = run->namespace_name};
    service_call_start(connection, &service_describe_workflow_execution, &request.base, &options, described, call,
                       NULL);
}

/* ---- status ---- */

static const char *const status_names[] = {"Unknown",    "Running",        "Completed", "Failed", "Canceled",
                                           "Terminated", "ContinuedAsNew", "TimedOut",  "Paused"};

const char *temporal_run_status_name(enum temporal_run_status status)
{
    return (size_t)status < sizeof status_names / sizeof status_names[0] ? status_names[status] : "Unknown";
}

bool temporal_run_status_is_open(enum temporal_run_status status)
{
    return status == TEMPORAL_RUN_RUNNING || status == TEMPORAL_RUN_PAUSED;
}
