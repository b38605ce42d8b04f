/* Fuzzes what comes from the server: the check of depth and number of messages, and protobuf-c's unpacking behind it.
 * A message that passes can be packed again and read again, and is fit to be sent but for texts that are not UTF-8. */
#include <stdlib.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/check.h"
#include "base/memory.h"
#include "proto_check.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const ProtobufCMessageDescriptor *const descriptor = &pb__poll_workflow_task_queue_response__descriptor;

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ProtobufCMessage *message = NULL;
    struct error error = {0};
    enum status status = proto_unpack(descriptor, data, size, &message, &error);
    CHECK(status == STATUS_OK || (status == STATUS_MALFORMED && message == NULL && error.text[0] != '\0'));
    if (status != STATUS_OK) {
        return 0;
    }
    size_t length = protobuf_c_message_get_packed_size(message);
    unsigned char *packed = memory_alloc(length + 1);
    CHECK(protobuf_c_message_pack(message, packed) == length);
    ProtobufCMessage *again = NULL;
    CHECK(proto_unpack(descriptor, packed, length, &again, NULL) == STATUS_OK);
    status = proto_check_outgoing(again, NULL);
    CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    protobuf_c_message_free_unpacked(again, NULL);
    protobuf_c_message_free_unpacked(message, NULL);
    free(packed);
    return 0;
}
