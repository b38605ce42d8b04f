/* What codecs are written with: payloads as bytes. */
#include "temporal/codec.h"

#include <stdlib.h>

#include "base/memory.h"
#include "payload.h"
#include "proto_check.h"

uint8_t *temporal_payload_pack(const struct temporal_payload *payload, size_t *out_length)
{
    Pb__Payload *message = payload_from_view(payload);
    size_t length = pb__payload__get_packed_size(message);
    uint8_t *bytes = memory_alloc(length > 0 ? length : 1);
    *out_length = pb__payload__pack(message, bytes);
    pb__payload__free_unpacked(message, NULL);
    return bytes;
}

enum status temporal_payload_unpack(const uint8_t *bytes, size_t length, struct temporal_value *out_value,
                                    struct error *error)
{
    ProtobufCMessage *message = NULL;
    enum status status = proto_unpack(&pb__payload__descriptor, bytes, length, &message, error);
    if (status == STATUS_OK) {
        payload_to_value((const Pb__Payload *)(const void *)message, out_value);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    return status;
}
