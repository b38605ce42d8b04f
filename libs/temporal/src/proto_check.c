/* The walks over wire bytes and over message structs that protobuf-c leaves out. */
#include "proto_check.h"

#include <stdbool.h>
#include <string.h>

/* ---- wire bytes ---- */

enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_BYTES = 2, WIRE_32BIT = 5 };

static bool read_varint(const uint8_t *bytes, size_t end, size_t *position, uint64_t *out_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && *position < end; shift += 7) {
        uint8_t byte = bytes[(*position)++];
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if ((byte & 0x80) == 0) {
            *out_value = value;
            return true;
        }
    }
    return false;
}

/* Passes over one field; for WIRE_BYTES *position is left at the first byte of the content and *out_length says how
 * long that is. */
static bool read_field(const uint8_t *bytes, size_t end, size_t *position, uint32_t *out_number, bool *out_has_bytes,
                       size_t *out_length)
{
    uint64_t tag = 0;
    uint64_t value = 0;
    if (!read_varint(bytes, end, position, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3) {
        return false;
    }
    *out_number = (uint32_t)(tag >> 3);
    *out_has_bytes = (tag & 7) == WIRE_BYTES;
    *out_length = 0;
    size_t skip = 0;
    switch (tag & 7) {
    case WIRE_VARINT:
        return read_varint(bytes, end, position, &value);
    case WIRE_64BIT:
        skip = 8;
        break;
    case WIRE_32BIT:
        skip = 4;
        break;
    case WIRE_BYTES:
        if (!read_varint(bytes, end, position, &value) || value > end - *position) {
            return false;
        }
        *out_length = (size_t)value;
        return true;
    default: /* groups: not in this API, and protobuf-c takes none */
        return false;
    }
    if (skip > end - *position) {
        return false;
    }
    *position += skip;
    return true;
}

/* NULL: fine, else what is wrong. */
static const char *find_fault(const ProtobufCMessageDescriptor *root, const uint8_t *bytes, size_t length)
{
    struct level {
        const ProtobufCMessageDescriptor *descriptor;
        size_t end;
    } levels[PROTO_DEPTH_MAX];
    size_t depth = 1;
    size_t messages = 1;
    size_t position = 0;
    levels[0] = (struct level){.descriptor = root, .end = length};
    while (depth > 0) {
        const struct level *level = &levels[depth - 1];
        if (position == level->end) {
            depth--;
            continue;
        }
        uint32_t number = 0;
        bool has_bytes = false;
        size_t content_length = 0;
        if (!read_field(bytes, level->end, &position, &number, &has_bytes, &content_length)) {
            return "is cut off or holds an invalid field";
        }
        if (!has_bytes) {
            continue;
        }
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(level->descriptor, number);
        if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE) {
            position += content_length;
            continue;
        }
        if (depth == PROTO_DEPTH_MAX) {
            return "is nested too deeply";
        }
        if (++messages > PROTO_MESSAGES_MAX) {
            return "holds too many messages";
        }
        levels[depth++] = (struct level){.descriptor = field->descriptor, .end = position + content_length};
    }
    return NULL;
}

enum status proto_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t length,
                         ProtobufCMessage **out_message, struct error *error)
{
    const char *fault = find_fault(descriptor, bytes, length);
    if (fault != NULL) {
        return error_set(error, STATUS_MALFORMED, "a %s of %zu bytes %s", descriptor->short_name, length, fault);
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, NULL, length, bytes);
    if (message == NULL) {
        return error_set(error, STATUS_MALFORMED, "a %s of %zu bytes cannot be read", descriptor->short_name, length);
    }
    *out_message = message;
    return STATUS_OK;
}

/* ---- message structs ---- */

/* The bytes of one UTF-8 sequence at text, which ends with a zero byte; 0: not UTF-8. */
static size_t sequence_length(const unsigned char *text)
{
    unsigned char first = text[0];
    if (first < 0x80) {
        return 1;
    }
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90);
    bool is_surrogate = first == 0xed && text[1] >= 0xa0;
    bool is_beyond = first == 0xf4 && text[1] >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

static bool is_utf8(const char *text)
{
    const unsigned char *position = (const unsigned char *)text;
    while (*position != '\0') {
        size_t length = sequence_length(position);
        if (length == 0) {
            return false;
        }
        position += length;
    }
    return true;
}

static enum status check_message(const ProtobufCMessage *message, int depth, struct error *error);

/* value: a char * or a message pointer, as the field's type says. */
static enum status check_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                               const void *value, int depth, struct error *error)
{
    if (value == NULL) {
        return STATUS_OK;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return check_message(value, depth + 1, error);
    }
    if (!is_utf8(value)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s.%s is not UTF-8", message->descriptor->short_name,
                         field->name);
    }
    return STATUS_OK;
}

static enum status check_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, int depth,
                               struct error *error)
{
    const char *base = (const char *)message;
    void *const *members = (void *const *)(const void *)(base + field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
        void *const *items = *(void *const *const *)(const void *)members;
        for (size_t i = 0; i < count; i++) {
            enum status status = check_value(message, field, items[i], depth, error);
            if (status != STATUS_OK) {
                return status;
            }
        }
        return STATUS_OK;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id) {
        return STATUS_OK;
    }
    return check_value(message, field, *members, depth, error);
}

static enum status check_message(const ProtobufCMessage *message, int depth, struct error *error)
{
    if (depth > PROTO_DEPTH_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "a message is nested too deeply");
    }
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        enum status status = check_field(message, field, depth, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status proto_check_outgoing(const ProtobufCMessage *message, struct error *error)
{
    return check_message(message, 1, error);
}
