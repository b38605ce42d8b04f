/* Messages as JSON, in proto3's mapping: lowerCamelCase names, enumerations by name, 64-bit integers as texts, bytes as
 * base64, times and durations as texts; what has its default value is left out. By reflection. Pure. */
#ifndef TEMPORAL_PROTO_JSON_H
#define TEMPORAL_PROTO_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "temporal/client.h"

/* The buffer's maximum must be beyond what a message of the server's can become: twice its size, and its names. */
void proto_json_append(struct buffer *out, const ProtobufCMessage *message, enum temporal_payload_form form);
/* Whether the message, or one within it, has fields that our descriptors do not know: they are not in its JSON. */
bool proto_json_is_incomplete(const ProtobufCMessage *message);
/* Bytes as a base64 text. */
void proto_json_append_bytes(struct buffer *out, ProtobufCBinaryData bytes);

#endif
