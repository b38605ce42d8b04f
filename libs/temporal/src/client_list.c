/* Client: which runs there are, and how many. */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"
#include "client_run.h"
#include "page_token.h"
#include "payload.h"

#define LIST_DEFAULT ((size_t)100)

struct list_call {
    size_t maximum;
    temporal_list_done_fn *done;
    void *user;
};

void temporal_list_result_deinit(struct temporal_list_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        temporal_describe_result_deinit(&result->runs[i]);
    }
    free(result->runs);
    free(result->next_page_token);
    *result = (struct temporal_list_result){0};
}

static void read_list(const Pb__ListWorkflowExecutionsResponse *reply, size_t maximum,
                      struct temporal_list_result *result)
{
    result->count = reply->n_executions < maximum ? reply->n_executions : maximum;
    result->has_more = reply->next_page_token.len > 0 || reply->n_executions > maximum;
    result->next_page_token = page_token_text(reply->next_page_token);
    result->runs = memory_alloc_array(result->count + 1, sizeof *result->runs);
    for (size_t i = 0; i < result->count; i++) {
        client_read_run(reply->executions[i], &result->runs[i]);
    }
}

static void listed(void *user, struct service_call_result *call_result)
{
    struct list_call *call = user;
    struct temporal_list_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        read_list((const Pb__ListWorkflowExecutionsResponse *)(const void *)call_result->reply, call->maximum, &result);
    }
    call->done(call->user, status, &result, status == STATUS_OK ? NULL : &error);
    temporal_list_result_deinit(&result);
    free(call);
}

void temporal_client_list_async(struct temporal_connection *connection, const struct temporal_list_options *options,
                                temporal_list_done_fn *done, void *user)
{
    struct list_call *call = memory_alloc(sizeof *call);
    call->maximum = options->maximum == 0 ? LIST_DEFAULT : options->maximum;
    call->maximum = call->maximum < TEMPORAL_LIST_MAX ? call->maximum : TEMPORAL_LIST_MAX;
    call->done = done;
    call->user = user;
    Pb__ListWorkflowExecutionsRequest request = PB__LIST_WORKFLOW_EXECUTIONS_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, options->namespace_name);
    request.page_size = (int32_t)call->maximum;
    request.query = client_text(options->query);
    request.next_page_token = page_token_read(options->page_token);
    /* A token that is not its own the server answers with UNKNOWN, which elsewhere passes: here it would be asked again
     * until the deadline. */
    struct service_call_options call_options = {
        .deadline_ms = client_deadline(options->deadline_ms),
        .retry = request.next_page_token.len > 0 ? RPC_RETRY_NONE : RPC_RETRY_STANDARD,
        .namespace_name = options->namespace_name};
    service_call_start(connection, &service_list_workflow_executions, &request.base, &call_options, listed, call,
                       NULL);
    free(request.next_page_token.data);
}

/* ---- count ---- */

struct count_call {
    temporal_count_done_fn *done;
    void *user;
};

void temporal_count_result_deinit(struct temporal_count_result *result)
{
    for (size_t i = 0; i < result->group_count; i++) {
        for (size_t k = 0; k < result->groups[i].value_count; k++) {
            temporal_value_deinit(&result->groups[i].values[k]);
        }
        free(result->groups[i].values);
    }
    free(result->groups);
    *result = (struct temporal_count_result){0};
}

static void read_group(const Pb__CountWorkflowExecutionsResponse__AggregationGroup *from,
                       struct temporal_count_group *group)
{
    group->count = from->count;
    group->value_count = from->n_group_values;
    group->values = memory_alloc_array(from->n_group_values + 1, sizeof *group->values);
    for (size_t i = 0; i < from->n_group_values; i++) {
        payload_to_value(from->group_values[i], &group->values[i]);
    }
}

static void counted(void *user, struct service_call_result *call_result)
{
    struct count_call *call = user;
    struct temporal_count_result result = {0};
    struct error error = {0};
    enum status status = client_status(call_result, &error);
    if (status == STATUS_OK) {
        const Pb__CountWorkflowExecutionsResponse *reply =
            (const Pb__CountWorkflowExecutionsResponse *)(const void *)call_result->reply;
        result.count = reply->count;
        result.group_count = reply->n_groups;
        result.groups = memory_alloc_array(reply->n_groups + 1, sizeof *result.groups);
        for (size_t i = 0; i < reply->n_groups; i++) {
            read_group(reply->groups[i], &result.groups[i]);
        }
    }
    call->done(call->user, status, &result, status == STATUS_OK ? NULL : &error);
    temporal_count_result_deinit(&result);
    free(call);
}

void temporal_client_count_async(struct temporal_connection *connection, const char *namespace_name, const char *query,
                                 int64_t deadline_ms, temporal_count_done_fn *done, void *user)
{
    struct count_call *call = memory_alloc(sizeof *call);
    call->done = done;
    call->user = user;
    Pb__CountWorkflowExecutionsRequest request = PB__COUNT_WORKFLOW_EXECUTIONS_REQUEST__INIT;
    request.namespace_ = client_namespace(connection, namespace_name);
    request.query = client_text(query);
    struct service_call_options options = {.deadline_ms = client_deadline(deadline_ms),
                                           .retry = RPC_RETRY_STANDARD,
                                           .namespace_name = namespace_name};
    service_call_start(connection, &service_count_workflow_executions, &request.base, &options, counted, call, NULL);
}
