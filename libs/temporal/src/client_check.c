/* Client: does the server answer, and does it know the namespace? */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "client_common.h"

struct check_call {
    struct temporal_connection *connection;
    char *namespace_name;
    int64_t deadline_ms;
    temporal_check_done_fn *done;
    void *user;
    char *version;
};

static void finish(struct check_call *call, enum status status, const struct error *error)
{
    call->done(call->user, status, status == STATUS_OK ? call->version : NULL, status == STATUS_OK ? NULL : error);
    free(call->version);
    free(call->namespace_name);
    free(call);
}

static void know_namespace(void *user, struct service_call_result *result)
{
    struct error error = {0};
    enum status status = client_status(result, &error);
    finish(user, status, &error);
}

static void know_server(void *user, struct service_call_result *result)
{
    struct check_call *call = user;
    struct error error = {0};
    enum status status = client_status(result, &error);
    if (status != STATUS_OK) {
        finish(call, status, &error);
        return;
    }
    const Pb__GetSystemInfoResponse *reply = (const Pb__GetSystemInfoResponse *)(const void *)result->reply;
    call->version = memory_copy_string(reply->server_version);
    Pb__DescribeNamespaceRequest request = PB__DESCRIBE_NAMESPACE_REQUEST__INIT;
    request.namespace_ = call->namespace_name;
    struct service_call_options options = {.deadline_ms = call->deadline_ms,
                                           .retry = RPC_RETRY_NONE,
                                           .namespace_name = call->namespace_name};
    service_call_start(call->connection, &service_describe_namespace, &request.base, &options, know_namespace, call,
                       NULL);
}

void temporal_client_check_namespace_async(struct temporal_connection *connection, const char *namespace_name,
                                           int64_t deadline_ms, temporal_check_done_fn *done, void *user)
{
    struct check_call *call = memory_alloc(sizeof *call);
    call->connection = connection;
    call->namespace_name = memory_copy_string(client_namespace(connection, namespace_name));
    call->deadline_ms = client_deadline(deadline_ms);
    call->done = done;
    call->user = user;
    Pb__GetSystemInfoRequest request = PB__GET_SYSTEM_INFO_REQUEST__INIT;
    struct service_call_options options = {.deadline_ms = call->deadline_ms,
                                           .retry = RPC_RETRY_NONE,
                                           .namespace_name = call->namespace_name};
    service_call_start(connection, &service_get_system_info, &request.base, &options, know_server, call, NULL);
}

void temporal_client_check_async(struct temporal_connection *connection, int64_t deadline_ms,
                                 temporal_check_done_fn *done, void *user)
{
    temporal_client_check_namespace_async(connection, NULL, deadline_ms, done, user);
}
