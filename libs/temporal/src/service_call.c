/* Calls of the WorkflowService on top of libs/rpc. */
#include "service_call.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <temporal/api/operatorservice/v1/request_response.pb-c.h>
#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cancel_token.h"
#include "codec_message.h"
#include "connection.h"
#include "proto_check.h"

#define DEADLINE_DEFAULT_MS 30000
#define STACK_REQUEST_MAX 4096

enum {
#define SERVICE_METHOD_INDEX(variable, name_, prefix) INDEX_OF_##variable,
    SERVICE_METHODS(SERVICE_METHOD_INDEX) SERVICE_OPERATOR_METHODS(SERVICE_METHOD_INDEX)
#undef SERVICE_METHOD_INDEX
};

#define SERVICE_METHOD_DEFINE_OF(service, variable, name_, prefix)                                                    \
    const struct service_method variable = {.path = "/temporal.api." service "/" #name_,                              \
                                            .name = #name_,                                                           \
                                            .request = &pb__##prefix##_request__descriptor,                           \
                                            .reply = &pb__##prefix##_response__descriptor,                            \
                                            .index = INDEX_OF_##variable};
#define SERVICE_METHOD_DEFINE(variable, name_, prefix)                                                                \
    SERVICE_METHOD_DEFINE_OF("workflowservice.v1.WorkflowService", variable, name_, prefix)
#define SERVICE_OPERATOR_METHOD_DEFINE(variable, name_, prefix)                                                       \
    SERVICE_METHOD_DEFINE_OF("operatorservice.v1.OperatorService", variable, name_, prefix)
SERVICE_METHODS(SERVICE_METHOD_DEFINE)
SERVICE_OPERATOR_METHODS(SERVICE_OPERATOR_METHOD_DEFINE)
#undef SERVICE_METHOD_DEFINE
#undef SERVICE_OPERATOR_METHOD_DEFINE
#undef SERVICE_METHOD_DEFINE_OF

/* From start to the end of done it belongs to the rpc thread. */
struct service_call {
    struct temporal_connection *connection;
    const struct service_method *method;
    service_call_done_fn *done;
    void *user;
    int64_t started_us;
    bool keeps_encoded;
    struct error *refusal; /* NULL: it was sent */
    struct rpc_call *rpc;  /* for the handle and the cancel token; NULL: there is neither */
    struct cancel_token_place place;
    atomic_int references;
};

/* The server takes the call but not the size of what is in it. */
static bool is_about_blob_size(const struct rpc_reply *reply)
{
    return reply->code == RPC_INVALID_ARGUMENT && strstr(reply->message, "size exceeds limit") != NULL;
}

static enum status reply_status(const struct service_call *call, const struct rpc_reply *reply, struct error *error)
{
    if (call->refusal != NULL) {
        *error = *call->refusal;
        return error->status;
    }
    enum status status = rpc_reply_status(reply, call->method->name, error);
    error->peer_code = (int)reply->code;
    if (is_about_blob_size(reply)) {
        status = STATUS_TOO_LARGE;
        error->status = status;
    }
    return status;
}

static void finish(void *user, const struct rpc_reply *reply)
{
    struct service_call *call = user;
    struct error error = {0};
    struct service_call_result result = {.code = reply->code,
                                         .reply_bytes = reply->body_length,
                                         .codec = connection_codec(call->connection)};
    ProtobufCMessage *details = NULL;
    cancel_token_leave(&call->place);
    result.status = reply_status(call, reply, &error);
    if (result.status == STATUS_OK) {
        result.status = proto_unpack(call->method->reply, reply->body, reply->body_length, &result.reply, &error);
        if (result.status != STATUS_OK) {
            result.code = RPC_INTERNAL;
            error_prefix(&error, "%s: ", call->method->name);
        } else if (!call->keeps_encoded) {
            connection_decode(call->connection, call->method->name, result.reply);
        }
    } else if (reply->details_length > 0 &&
               proto_unpack(&pb__status__descriptor, reply->details, reply->details_length, &details, NULL) ==
                   STATUS_OK) {
        result.details = (const Pb__Status *)(const void *)details;
    }
    result.error = result.status == STATUS_OK ? NULL : &error;
    connection_count_call(call->connection, call->method->index, call->method->name, result.code,
                          clock_monotonic_us() - call->started_us);
    connection_set_error_details(call->connection, result.details);
    call->done(call->user, &result);
    connection_set_error_details(call->connection, NULL);
    if (result.reply != NULL) {
        protobuf_c_message_free_unpacked(result.reply, NULL);
    }
    if (details != NULL) {
        protobuf_c_message_free_unpacked(details, NULL);
    }
    service_call_release(call);
}

static enum status check_length(const struct service_method *method, size_t length, struct error *error)
{
    return length <= SERVICE_REQUEST_MAX
               ? STATUS_OK
               : error_set(error, STATUS_TOO_LARGE, "%s: a request of %zu bytes is over the server's limit of %zu",
                           method->name, length, SERVICE_REQUEST_MAX);
}

static enum status check_request(const struct service_method *method, const ProtobufCMessage *request, size_t length,
                                 struct error *error)
{
    enum status status = check_length(method, length, error);
    if (status != STATUS_OK) {
        return status;
    }
    status = proto_check_outgoing(request, error);
    if (status != STATUS_OK) {
        error_prefix(error, "%s: ", method->name);
    }
    return status;
}

/* A copy of the checked request, whose parts may be borrowed from anywhere, with its payloads encoded. */
static enum status encode_request(const struct service_call *call, const ProtobufCMessage *request,
                                  ProtobufCMessage **out_encoded, size_t *length, struct error *error)
{
    uint8_t *bytes = memory_alloc(*length > 0 ? *length : 1);
    CHECK(protobuf_c_message_pack(request, bytes) == *length);
    enum status status = proto_unpack(request->descriptor, bytes, *length, out_encoded, error);
    free(bytes);
    if (status != STATUS_OK) {
        return status;
    }
    status = codec_encode_message(connection_codec(call->connection), *out_encoded, error);
    if (status != STATUS_OK) {
        error_prefix(error, "%s: a payload cannot be encoded: ", call->method->name);
        return status;
    }
    *length = protobuf_c_message_get_packed_size(*out_encoded);
    return check_length(call->method, *length, error);
}

static void send_call(struct service_call *call, const ProtobufCMessage *request, size_t length,
                      const struct service_call_options *options, bool has_handle)
{
    uint8_t small[STACK_REQUEST_MAX];
    uint8_t *large = length > sizeof small ? memory_alloc(length) : NULL;
    uint8_t *bytes = large != NULL ? large : small;
    CHECK(protobuf_c_message_pack(request, bytes) == length);
    const struct rpc_metadata instead = {.key = "temporal-namespace", .value = options->namespace_name};
    struct rpc_call_options rpc_options = {
        .method = call->method->path,
        .deadline_ms = options->deadline_ms != 0 ? options->deadline_ms : clock_monotonic_ms() + DEADLINE_DEFAULT_MS,
        .attempt_timeout_ms = options->attempt_timeout_ms,
        .retry = options->retry,
        .wait_for_ready = options->wait_for_ready,
        .instead = options->namespace_name != NULL ? &instead : NULL,
    };
    cancel_token_begin(&call->place, options->cancel_token);
    /* With a handle call->rpc is set before the call can end. */
    rpc_call_start(connection_channel(call->connection), &rpc_options, bytes, length, finish, call,
                   has_handle || options->cancel_token != NULL ? &call->rpc : NULL);
    if (options->cancel_token != NULL) { /* else the call may be gone already */
        cancel_token_enter(&call->place, &call->rpc);
    }
    free(large);
}

void service_call_start(struct temporal_connection *connection, const struct service_method *method,
                        const ProtobufCMessage *request, const struct service_call_options *options,
                        service_call_done_fn *done, void *user, struct service_call **out_call)
{
    CHECK(request->descriptor == method->request);
    struct service_call *call = memory_alloc(sizeof *call);
    call->connection = connection;
    call->method = method;
    call->done = done;
    call->user = user;
    call->started_us = clock_monotonic_us();
    call->keeps_encoded = options->keeps_encoded;
    atomic_init(&call->references, out_call != NULL ? 2 : 1);
    if (out_call != NULL) {
        *out_call = call;
    }
    struct error error = {0};
    size_t length = protobuf_c_message_get_packed_size(request);
    enum status status = check_request(method, request, length, &error);
    ProtobufCMessage *encoded = NULL;
    if (status == STATUS_OK && connection_codec(connection) != NULL) {
        status = encode_request(call, request, &encoded, &length, &error);
    }
    if (status == STATUS_OK) {
        send_call(call, encoded != NULL ? encoded : request, length, options, out_call != NULL);
    } else {
        call->refusal = memory_copy(&error, sizeof error);
        rpc_call_refuse(connection_channel(connection), RPC_INVALID_ARGUMENT, "refused before it was sent", finish,
                        call);
    }
    if (encoded != NULL) {
        protobuf_c_message_free_unpacked(encoded, NULL);
    }
}

void service_call_cancel(struct service_call *call)
{
    if (call != NULL && call->rpc != NULL) {
        rpc_call_cancel(call->rpc);
    }
}

void service_call_release(struct service_call *call)
{
    if (call != NULL && atomic_fetch_sub(&call->references, 1) == 1) {
        rpc_call_release(call->rpc);
        free(call->refusal);
        free(call);
    }
}

ProtobufCMessage *service_call_take_reply(struct service_call_result *result)
{
    ProtobufCMessage *reply = result->reply;
    result->reply = NULL;
    return reply;
}

ProtobufCMessage *service_call_detail(const struct service_call_result *result,
                                      const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; result->details != NULL && i < result->details->n_details; i++) {
        const Google__Protobuf__Any *detail = result->details->details[i];
        const char *slash = strrchr(detail->type_url, '/');
        ProtobufCMessage *message = NULL;
        if (slash != NULL && strcmp(slash + 1, descriptor->name) == 0 &&
            proto_unpack(descriptor, detail->value.data, detail->value.len, &message, NULL) == STATUS_OK) {
            (void)codec_decode_message(result->codec, message, NULL); /* what it cannot decode stays as it came */
            return message;
        }
    }
    return NULL;
}
