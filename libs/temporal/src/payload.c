/* Payloads as messages: made and read. */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"

#define ENCODING_JSON_PROTOBUF "json/protobuf"

static const ProtobufCBinaryData *find_encoding(const Pb__Payload *payload)
{
    for (size_t i = 0; i < payload->n_metadata; i++) {
        if (strcmp(payload->metadata[i]->key, "encoding") == 0) {
            return &payload->metadata[i]->value;
        }
    }
    return NULL;
}

static ProtobufCBinaryData copy_bytes(const void *data, size_t length)
{
    ProtobufCBinaryData bytes = {.len = length, .data = NULL};
    if (length > 0) {
        bytes.data = memory_copy(data, length);
    }
    return bytes;
}

/* With one metadata entry; data is taken. */
static Pb__Payload *make_payload(const char *encoding, ProtobufCBinaryData data)
{
    Pb__Payload *payload = memory_alloc(sizeof *payload);
    pb__payload__init(payload);
    payload->n_metadata = 1;
    payload->metadata = memory_alloc_array(1, sizeof(Pb__Payload__MetadataEntry *));
    payload->metadata[0] = memory_alloc(sizeof *payload->metadata[0]);
    pb__payload__metadata_entry__init(payload->metadata[0]);
    payload->metadata[0]->key = memory_copy_string("encoding");
    payload->metadata[0]->value = copy_bytes(encoding, strlen(encoding));
    payload->data = data;
    return payload;
}

Pb__Payload *payload_new(const char *encoding, const void *data, size_t length)
{
    return make_payload(encoding, copy_bytes(data, length));
}

static int append_text(const char *text, size_t length, void *user)
{
    return buffer_append(user, text, length) ? 0 : -1;
}

Pb__Payload *payload_from_json(const json_t *value)
{
    if (value == NULL) {
        return payload_new(TEMPORAL_ENCODING_NULL, NULL, 0);
    }
    /* Not json_dumps: inside workflow code jansson's memory belongs to the run. */
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 4);
    CHECK(json_dump_callback(value, append_text, &text, JSON_COMPACT | JSON_ENCODE_ANY) == 0);
    ProtobufCBinaryData data = {0};
    data.data = (uint8_t *)buffer_take(&text, &data.len);
    return make_payload(TEMPORAL_ENCODING_JSON, data);
}

bool payload_has_encoding(const Pb__Payload *payload, const char *encoding)
{
    const ProtobufCBinaryData *found = find_encoding(payload);
    return found != NULL && found->len == strlen(encoding) && memcmp(found->data, encoding, found->len) == 0;
}

static json_t *parse_json(const void *data, size_t length)
{
    return length > 0 ? json_loadb(data, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
}

json_t *payload_to_json(const Pb__Payload *payload)
{
    if (payload_has_encoding(payload, TEMPORAL_ENCODING_NULL)) {
        return json_null();
    }
    if (!payload_has_encoding(payload, TEMPORAL_ENCODING_JSON) &&
        !payload_has_encoding(payload, ENCODING_JSON_PROTOBUF)) {
        return NULL;
    }
    return parse_json(payload->data.data, payload->data.len);
}

void payload_encoding(const Pb__Payload *payload, char *out_text, size_t size)
{
    const ProtobufCBinaryData *found = find_encoding(payload);
    size_t length = found != NULL ? found->len : 0;
    length = length < size ? length : size - 1;
    if (found != NULL && length > 0) {
        memcpy(out_text, found->data, length);
    }
    out_text[length] = '\0';
}

static Pb__Payloads *make_payloads(size_t count)
{
    Pb__Payloads *payloads = memory_alloc(sizeof *payloads);
    pb__payloads__init(payloads);
    payloads->n_payloads = count;
    payloads->payloads = count > 0 ? memory_alloc_array(count, sizeof(Pb__Payload *)) : NULL;
    return payloads;
}

Pb__Payloads *payloads_from_json(const json_t *value)
{
    Pb__Payloads *payloads = make_payloads(1);
    payloads->payloads[0] = payload_from_json(value);
    return payloads;
}

Pb__Payloads *payloads_from_view(const struct temporal_payload *views, size_t count)
{
    Pb__Payloads *payloads = make_payloads(count);
    for (size_t i = 0; i < count; i++) {
        const char *encoding = views[i].encoding != NULL ? views[i].encoding : TEMPORAL_ENCODING_JSON;
        payloads->payloads[i] = payload_new(encoding, views[i].data, views[i].length);
    }
    return payloads;
}

json_t *payloads_to_json(const Pb__Payloads *payloads, size_t index)
{
    return payloads != NULL && index < payloads->n_payloads ? payload_to_json(payloads->payloads[index]) : NULL;
}

Pb__Payload *payload_copy(const Pb__Payload *payload)
{
    if (payload == NULL) {
        return NULL;
    }
    Pb__Payload *copy = memory_alloc(sizeof *copy);
    pb__payload__init(copy);
    size_t count = payload->n_metadata;
    copy->n_metadata = count;
    copy->metadata = count > 0 ? memory_alloc_array(count, sizeof *copy->metadata) : NULL;
    for (size_t i = 0; i < count; i++) {
        copy->metadata[i] = memory_alloc(sizeof *copy->metadata[i]);
        pb__payload__metadata_entry__init(copy->metadata[i]);
        copy->metadata[i]->key = memory_copy_string(payload->metadata[i]->key);
        copy->metadata[i]->value = copy_bytes(payload->metadata[i]->value.data, payload->metadata[i]->value.len);
    }
    copy->data = copy_bytes(payload->data.data, payload->data.len);
    return copy;
}

Pb__Payloads *payloads_copy(const Pb__Payloads *payloads)
{
    if (payloads == NULL) {
        return NULL;
    }
    size_t count = payloads->n_payloads;
    Pb__Payloads *copy = make_payloads(count);
    for (size_t i = 0; i < count; i++) {
        copy->payloads[i] = payload_copy(payloads->payloads[i]);
    }
    return copy;
}

Pb__Memo *memo_copy(const Pb__Memo *memo)
{
    if (memo == NULL) {
        return NULL;
    }
    Pb__Memo *copy = memory_alloc(sizeof *copy);
    pb__memo__init(copy);
    const size_t count = memo->n_fields;
    copy->n_fields = count;
    copy->fields = memory_alloc_array(count > 0 ? count : 1, sizeof *copy->fields);
    for (size_t i = 0; i < count; i++) {
        copy->fields[i] = memory_alloc(sizeof *copy->fields[i]);
        pb__memo__fields_entry__init(copy->fields[i]);
        copy->fields[i]->key = memory_copy_string(memo->fields[i]->key);
        copy->fields[i]->value = payload_copy(memo->fields[i]->value);
    }
    return copy;
}

static void read_metadata(const Pb__Payload *payload, struct temporal_value *value)
{
    value->metadata = memory_alloc_array(payload->n_metadata, sizeof *value->metadata);
    for (size_t i = 0; i < payload->n_metadata; i++) {
        const Pb__Payload__MetadataEntry *entry = payload->metadata[i];
        if (strcmp(entry->key, "encoding") != 0) {
            value->metadata[value->metadata_count++] =
                (struct temporal_metadata){.name = memory_copy_string(entry->key),
                                           .data = memory_copy(entry->value.data, entry->value.len),
                                           .length = entry->value.len};
        }
    }
}

void payload_to_value(const Pb__Payload *payload, struct temporal_value *out_value)
{
    *out_value = (struct temporal_value){0};
    if (payload == NULL) {
        return;
    }
    const ProtobufCBinaryData *encoding = find_encoding(payload);
    out_value->encoding = memory_copy(encoding != NULL ? encoding->data : NULL, encoding != NULL ? encoding->len : 0);
    out_value->data = memory_copy(payload->data.data, payload->data.len);
    out_value->length = payload->data.len;
    if (payload->n_metadata > 1) {
        read_metadata(payload, out_value);
    }
}

void temporal_value_deinit(struct temporal_value *value)
{
    for (size_t i = 0; i < value->metadata_count; i++) {
        free(value->metadata[i].name);
        free(value->metadata[i].data);
    }
    free(value->metadata);
    free(value->encoding);
    free(value->data);
    *value = (struct temporal_value){0};
}

json_t *temporal_value_json(const struct temporal_value *value)
{
    if (value->encoding == NULL) {
        return NULL;
    }
    if (strcmp(value->encoding, TEMPORAL_ENCODING_NULL) == 0) {
        return json_null();
    }
    if (strcmp(value->encoding, TEMPORAL_ENCODING_JSON) != 0 && strcmp(value->encoding, ENCODING_JSON_PROTOBUF) != 0) {
        return NULL;
    }
    return parse_json(value->data, value->length);
}
