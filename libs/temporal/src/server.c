/* See server.h. */
#include "temporal/server.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <temporal/api/operatorservice/v1/request_response.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/check.h"
#include "base/memory.h"
#include "client_common.h"

/* On the stack of the thread that waits. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;            /* lock, as the next three */
    enum status status;
    struct error error;
    ProtobufCMessage *reply;
};

/* rpc thread */
static void answered(void *user, struct service_call_result *result)
{
    struct waiter *waiter = user;
    pthread_mutex_lock(&waiter->lock);
    waiter->status = client_status(result, &waiter->error);
    waiter->reply = waiter->status == STATUS_OK ? service_call_take_reply(result) : NULL;
    waiter->is_done = true;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

/* *out_reply: to be freed with protobuf_c_message_free_unpacked. */
static enum status ask(struct temporal_connection *connection, const struct service_method *method,
                       const ProtobufCMessage *request, const char *namespace_name, int64_t deadline_ms,
                       ProtobufCMessage **out_reply, struct error *error)
{
    struct waiter waiter = {.reply = NULL};
    const struct service_call_options options = {
        .deadline_ms = client_deadline(deadline_ms), .retry = RPC_RETRY_NONE, .namespace_name = namespace_name};
    CHECK(pthread_mutex_init(&waiter.lock, NULL) == 0);
    CHECK(pthread_cond_init(&waiter.changed, NULL) == 0);
    service_call_start(connection, method, request, &options, answered, &waiter, NULL);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done) {
        pthread_cond_wait(&waiter.changed, &waiter.lock);
    }
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.changed);
    pthread_mutex_destroy(&waiter.lock);
    if (waiter.status == STATUS_OK) {
        *out_reply = waiter.reply;
    } else if (error != NULL) {
        *error = waiter.error;
    }
    return waiter.status;
}

/* Protobuf's texts are not const; they are only read. */
static char *text(const char *constant)
{
    return memory_copy_string(constant);
}

enum status temporal_server_describe_namespace(struct temporal_connection *connection, const char *namespace_name,
                                               int64_t deadline_ms, struct temporal_namespace *out_namespace,
                                               struct error *error)
{
    Pb__DescribeNamespaceRequest request = PB__DESCRIBE_NAMESPACE_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    char *name = text(client_namespace(connection, namespace_name));
    request.namespace_ = name;
    enum status status =
        ask(connection, &service_describe_namespace, &request.base, name, deadline_ms, &message, error);
    if (status == STATUS_OK) {
        const Pb__DescribeNamespaceResponse *reply = (const void *)message;
        const Google__Protobuf__Duration *retention =
            reply->config != NULL ? reply->config->workflow_execution_retention_ttl : NULL;
        const Pb__NamespaceInfo *info = reply->namespace_info;
        *out_namespace = (struct temporal_namespace){
            .retention_ms = retention != NULL ? retention->seconds * 1000 : 0,
            .blob_bytes_max = info != NULL && info->limits != NULL ? info->limits->blob_size_limit_error : 0,
        };
        protobuf_c_message_free_unpacked(message, NULL);
    }
    free(name);
    return status;
}

static enum status count_pollers(struct temporal_connection *connection, char *namespace_name, char *task_queue,
                                 Pb__TaskQueueType type, int64_t deadline_ms, size_t *out_count, struct error *error)
{
    Pb__DescribeTaskQueueRequest request = PB__DESCRIBE_TASK_QUEUE_REQUEST__INIT;
    Pb__TaskQueue queue = PB__TASK_QUEUE__INIT;
    ProtobufCMessage *message = NULL;
    queue.name = task_queue;
    queue.kind = PB__TASK_QUEUE_KIND__TASK_QUEUE_KIND_NORMAL;
    request.namespace_ = namespace_name;
    request.task_queue = &queue;
    request.task_queue_type = type;
    enum status status =
        ask(connection, &service_describe_task_queue, &request.base, namespace_name, deadline_ms, &message, error);
    if (status == STATUS_OK) {
        *out_count = ((const Pb__DescribeTaskQueueResponse *)(const void *)message)->n_pollers;
        protobuf_c_message_free_unpacked(message, NULL);
    }
    return status;
}

enum status temporal_server_count_pollers(struct temporal_connection *connection, const char *namespace_name,
                                          const char *task_queue, int64_t deadline_ms,
                                          struct temporal_pollers *out_pollers, struct error *error)
{
    struct temporal_pollers pollers = {0};
    char *name = text(client_namespace(connection, namespace_name));
    char *queue = text(task_queue);
    enum status status = count_pollers(connection, name, queue, PB__TASK_QUEUE_TYPE__TASK_QUEUE_TYPE_WORKFLOW,
                                       deadline_ms, &pollers.workflow, error);
    if (status == STATUS_OK) {
        status = count_pollers(connection, name, queue, PB__TASK_QUEUE_TYPE__TASK_QUEUE_TYPE_ACTIVITY, deadline_ms,
                               &pollers.activity, error);
    }
    if (status == STATUS_OK) {
        *out_pollers = pollers;
    }
    free(name);
    free(queue);
    return status;
}

static const char *type_name(Pb__IndexedValueType type)
{
    static const char *const names[] = {
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_TEXT] = "Text",
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_KEYWORD] = "Keyword",
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_INT] = "Int",
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_DOUBLE] = "Double",
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_BOOL] = "Bool",
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_DATETIME] = "Datetime",
        [PB__INDEXED_VALUE_TYPE__INDEXED_VALUE_TYPE_KEYWORD_LIST] = "KeywordList",
    };
    const size_t index = (size_t)type;
    return index < sizeof names / sizeof names[0] && names[index] != NULL ? names[index] : "";
}

static void add(struct temporal_search_attributes *attributes, const char *name, Pb__IndexedValueType type)
{
    attributes->attributes[attributes->count++] =
        (struct temporal_search_attribute){.name = text(client_text(name)), .type = type_name(type)};
}

enum status temporal_server_search_attributes(struct temporal_connection *connection, const char *namespace_name,
                                              int64_t deadline_ms, struct temporal_search_attributes *out_attributes,
                                              struct error *error)
{
    Pb__ListSearchAttributesRequest request = PB__LIST_SEARCH_ATTRIBUTES_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    char *name = text(client_namespace(connection, namespace_name));
    request.namespace_ = name;
    enum status status =
        ask(connection, &service_list_search_attributes, &request.base, name, deadline_ms, &message, error);
    if (status == STATUS_OK) {
        const Pb__ListSearchAttributesResponse *reply = (const void *)message;
        struct temporal_search_attributes all = {0};
        all.attributes = memory_alloc_array(reply->n_custom_attributes + reply->n_system_attributes + 1,
                                            sizeof *all.attributes);
        for (size_t i = 0; i < reply->n_custom_attributes; i++) {
            add(&all, reply->custom_attributes[i]->key, reply->custom_attributes[i]->value);
        }
        for (size_t i = 0; i < reply->n_system_attributes; i++) {
            add(&all, reply->system_attributes[i]->key, reply->system_attributes[i]->value);
        }
        *out_attributes = all;
        protobuf_c_message_free_unpacked(message, NULL);
    }
    free(name);
    return status;
}

void temporal_search_attributes_deinit(struct temporal_search_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++) {
        free(attributes->attributes[i].name);
    }
    free(attributes->attributes);
    *attributes = (struct temporal_search_attributes){0};
}
