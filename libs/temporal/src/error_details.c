/* See error_details.h. */
#include "error_details.h"

#include <stdlib.h>
#include <string.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "codec_message.h"
#include "proto_check.h"
#include "proto_json.h"

#define JSON_MAX ((size_t)16 << 20) /* gRPC's trailers are far shorter */

/* Details may hold details: those of operations, once. Deeper ones stay bytes. */
#define DEPTH_MAX 2

struct writer {
    struct buffer *out;
    const struct temporal_codec *codec; /* NULL: none */
};

static void append_details(const struct writer *writer, Google__Protobuf__Any *const *details, size_t count,
                           unsigned depth);

static const ProtobufCMessageDescriptor *const s_types[] = {
    &pb__not_found_failure__descriptor,
    &pb__workflow_execution_already_started_failure__descriptor,
    &pb__namespace_not_active_failure__descriptor,
    &pb__namespace_unavailable_failure__descriptor,
    &pb__namespace_invalid_state_failure__descriptor,
    &pb__namespace_not_found_failure__descriptor,
    &pb__client_version_not_supported_failure__descriptor,
    &pb__server_version_not_supported_failure__descriptor,
    &pb__cancellation_already_requested_failure__descriptor,
    &pb__query_failed_failure__descriptor,
    &pb__permission_denied_failure__descriptor,
    &pb__resource_exhausted_failure__descriptor,
    &pb__system_workflow_failure__descriptor,
    &pb__workflow_not_ready_failure__descriptor,
};

static ProtobufCMessage *unpack_as(const ProtobufCMessageDescriptor *type, const Google__Protobuf__Any *detail)
{
    const char *slash = strrchr(detail->type_url, '/');
    ProtobufCMessage *message = NULL;
    return slash != NULL && strcmp(slash + 1, type->name) == 0 &&
                   proto_unpack(type, detail->value.data, detail->value.len, &message, NULL) == STATUS_OK
               ? message
               : NULL;
}

/* NULL: another type, or its bytes do not parse. */
static ProtobufCMessage *unpack(const Google__Protobuf__Any *detail)
{
    ProtobufCMessage *message = NULL;
    for (size_t i = 0; message == NULL && i < sizeof s_types / sizeof s_types[0]; i++) {
        message = unpack_as(s_types[i], detail);
    }
    return message;
}

/* proto3's JSON shows what is packed in a packed message, too, which reflection cannot. */
static void append_operations(const struct writer *writer, const Pb__MultiOperationExecutionFailure *failure,
                              unsigned depth)
{
    struct buffer *out = writer->out;
    CHECK(buffer_append_string(out, "{\"statuses\":["));
    for (size_t i = 0; i < failure->n_statuses; i++) {
        const Pb__MultiOperationExecutionFailure__OperationStatus *status = failure->statuses[i];
        char *text = json_quote(status->message, strlen(status->message));
        CHECK(buffer_append_format(out, "%s{\"code\":%d,\"message\":%s", i == 0 ? "" : ",", (int)status->code,
                                   text != NULL ? text : "\"\""));
        free(text);
        if (status->n_details > 0) {
            CHECK(buffer_append_string(out, ",\"details\":"));
            append_details(writer, status->details, status->n_details, depth + 1);
        }
        CHECK(buffer_append(out, "}", 1));
    }
    CHECK(buffer_append_string(out, "]}"));
}

/* The members of an object behind its "@type". */
static void append_members(const struct writer *writer, const Google__Protobuf__Any *detail, unsigned depth)
{
    struct buffer *out = writer->out;
    struct buffer object;
    const struct writer inner = {.out = &object, .codec = writer->codec};
    ProtobufCMessage *operations =
        depth < DEPTH_MAX ? unpack_as(&pb__multi_operation_execution_failure__descriptor, detail) : NULL;
    ProtobufCMessage *message = operations == NULL ? unpack(detail) : NULL;
    buffer_init(&object, JSON_MAX);
    if (operations != NULL) {
        append_operations(&inner, (const Pb__MultiOperationExecutionFailure *)(const void *)operations, depth);
        protobuf_c_message_free_unpacked(operations, NULL);
    } else if (message != NULL) {
        (void)codec_decode_message(writer->codec, message, NULL); /* what it cannot decode is shown as it came */
        proto_json_append(&object, message, TEMPORAL_PAYLOAD_READABLE);
        protobuf_c_message_free_unpacked(message, NULL);
    } else {
        CHECK(buffer_append_string(&object, "{\"value\":"));
        proto_json_append_bytes(&object, detail->value);
        CHECK(buffer_append_string(&object, "}"));
    }
    if (object.length > 2) {
        CHECK(buffer_append(out, ",", 1) && buffer_append(out, object.data + 1, object.length - 2));
    }
    buffer_deinit(&object);
}

static void append_details(const struct writer *writer, Google__Protobuf__Any *const *details, size_t count,
                           unsigned depth)
{
    struct buffer *out = writer->out;
    CHECK(buffer_append(out, "[", 1));
    for (size_t i = 0; i < count; i++) {
        char *type = json_quote(details[i]->type_url, strlen(details[i]->type_url));
        CHECK(buffer_append_format(out, "%s{\"@type\":%s", i == 0 ? "" : ",", type != NULL ? type : "\"\""));
        append_members(writer, details[i], depth);
        CHECK(buffer_append(out, "}", 1));
        free(type);
    }
    CHECK(buffer_append(out, "]", 1));
}

char *error_details_json(const Pb__Status *status, const struct temporal_codec *codec)
{
    struct buffer out;
    if (status == NULL || status->n_details == 0) {
        return NULL;
    }
    buffer_init(&out, 2 * JSON_MAX);
    append_details(&(struct writer){.out = &out, .codec = codec}, status->details, status->n_details, 1);
    return buffer_take(&out, NULL);
}
