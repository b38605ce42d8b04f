/* The walk over a message's payloads, by protobuf-c's descriptors. */
#include "codec_message.h"

#include <stdlib.h>
#include <string.h>

#include <temporal/api/common/v1/message.pb-c.h>
#include <temporal/api/failure/v1/message.pb-c.h>

#include "base/memory.h"
#include "payload.h"

typedef enum status transform_fn(void *user, const struct temporal_payload *payload, struct temporal_value *out_value,
                                 struct error *error);

struct walk {
    transform_fn *transform;
    void *user;
    struct error *error; /* of the first payload that failed */
    enum status status;
};

static void visit_payload(struct walk *walk, Pb__Payload **slot)
{
    struct temporal_value value = {0};
    struct temporal_metadata *metadata = NULL;
    struct temporal_payload payload = {0};
    char *encoding = payload_view(*slot, &payload, &metadata);
    enum status status = walk->transform(walk->user, &payload, &value,
                                         walk->status == STATUS_OK ? walk->error : NULL);
    if (status != STATUS_OK) {
        walk->status = walk->status == STATUS_OK ? status : walk->status;
    } else if (value.encoding != NULL) {
        pb__payload__free_unpacked(*slot, NULL);
        *slot = payload_take_value(&value);
    }
    free(encoding);
    free(metadata);
}

/* The server reads search attributes; headers belong to those who propagate contexts. */
static bool is_left_out(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE || field->descriptor == &pb__search_attributes__descriptor ||
           field->descriptor == &pb__header__descriptor ||
           (message->descriptor == &pb__failure__descriptor && strcmp(field->name, "encoded_attributes") == 0);
}

static void visit_message(struct walk *walk, ProtobufCMessage *message);

static void visit_value(struct walk *walk, const ProtobufCFieldDescriptor *field, void **slot)
{
    if (*slot == NULL) {
        return;
    }
    if (field->descriptor == &pb__payload__descriptor) {
        visit_payload(walk, (Pb__Payload **)(void *)slot);
    } else {
        visit_message(walk, *slot);
    }
}

static void visit_field(struct walk *walk, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    char *base = (char *)message;
    void *member = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        void **items = *(void ***)member;
        for (size_t i = 0; i < *(const size_t *)quantifier; i++) {
            visit_value(walk, field, &items[i]);
        }
    } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || *(const uint32_t *)quantifier == field->id) {
        visit_value(walk, field, member);
    }
}

static void visit_message(struct walk *walk, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (!is_left_out(message, &message->descriptor->fields[i])) {
            visit_field(walk, message, &message->descriptor->fields[i]);
        }
    }
}

enum status codec_encode_message(const struct temporal_codec *codec, ProtobufCMessage *message, struct error *error)
{
    struct walk walk = {.transform = codec->encode, .user = codec->user, .error = error};
    visit_message(&walk, message);
    return walk.status;
}

enum status codec_decode_message(const struct temporal_codec *codec, ProtobufCMessage *message, struct error *error)
{
    if (codec == NULL) {
        return STATUS_OK;
    }
    struct walk walk = {.transform = codec->decode, .user = codec->user, .error = error};
    visit_message(&walk, message);
    return walk.status;
}
