/* What protobuf-c does not look at: how deep a message is nested (it recurses without limit), how many messages it
 * holds (each costs far more memory than its bytes), and whether texts that we send are UTF-8 (the server refuses
 * others with INTERNAL). Pure. */
#ifndef TEMPORAL_PROTO_CHECK_H
#define TEMPORAL_PROTO_CHECK_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PROTO_DEPTH_MAX 100
#define PROTO_MESSAGES_MAX 1000000

/* protobuf_c_message_unpack after the check of depth and number. MALFORMED names the message type. Free with
 * protobuf_c_message_free_unpacked(message, NULL). */
MUST_CHECK enum status proto_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t length,
                                    ProtobufCMessage **out_message, struct error *error);

/* INVALID_ARGUMENT: a text in it (the error names the field) is not UTF-8, or it is nested deeper than
 * PROTO_DEPTH_MAX. */
MUST_CHECK enum status proto_check_outgoing(const ProtobufCMessage *message, struct error *error);

#endif
