/* See error_details.h. */
#include "error_details.h"

#include <stdlib.h>
#include <string.h>

#include <temporal/api/errordetails/v1/message.pb-c.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "proto_check.h"
#include "proto_json.h"

#define JSON_MAX ((size_t)16 << 20) /* gRPC's trailers are far shorter */

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

/* NULL: another type, or its bytes do not parse. */
static ProtobufCMessage *unpack(const Google__Protobuf__Any *detail)
{
    const char *slash = strrchr(detail->type_url, '/');
    ProtobufCMessage *message = NULL;
    for (size_t i = 0; slash != NULL && i < sizeof s_types / sizeof s_types[0]; i++) {
        if (strcmp(slash + 1, s_types[i]->name) == 0 &&
            proto_unpack(s_types[i], detail->value.data, detail->value.len, &message, NULL) == STATUS_OK) {
            return message;
        }
    }
    return NULL;
}

/* The members of an object behind its "@type". */
static void append_members(struct buffer *out, const Google__Protobuf__Any *detail)
{
    struct buffer object;
    ProtobufCMessage *message = unpack(detail);
    buffer_init(&object, JSON_MAX);
    if (message != NULL) {
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

char *error_details_json(const Pb__Status *status)
{
    struct buffer out;
    if (status == NULL || status->n_details == 0) {
        return NULL;
    }
    buffer_init(&out, 2 * JSON_MAX);
    for (size_t i = 0; i < status->n_details; i++) {
        char *type = json_quote(status->details[i]->type_url, strlen(status->details[i]->type_url));
        CHECK(buffer_append_format(&out, "%s{\"@type\":%s", i == 0 ? "[" : ",", type != NULL ? type : "\"\""));
        append_members(&out, status->details[i]);
        CHECK(buffer_append_string(&out, "}"));
        free(type);
    }
    CHECK(buffer_append_string(&out, "]"));
    return buffer_take(&out, NULL);
}
