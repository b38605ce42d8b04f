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

/* There is room for it. */
static void add_metadata(Pb__Payload *payload, const char *name, const void *data, size_t length)
{
    Pb__Payload__MetadataEntry *entry = memory_alloc(sizeof *entry);
    pb__payload__metadata_entry__init(entry);
    entry->key = memory_copy_string(name);
    entry->value = copy_bytes(data, length);
    payload->metadata[payload->n_metadata++] = entry;
}

/* The view's data is left out, data is taken. */
static Pb__Payload *make_payload(const struct temporal_payload *view, ProtobufCBinaryData data)
{
    const char *encoding = view->encoding != NULL ? view->encoding : TEMPORAL_ENCODING_JSON;
    Pb__Payload *payload = memory_alloc(sizeof *payload);
    pb__payload__init(payload);
    payload->metadata = memory_alloc_array(view->metadata_count + 1, sizeof *payload->metadata);
    if (encoding[0] != '\0') {
        add_metadata(payload, "encoding", encoding, strlen(encoding));
    }
    for (size_t i = 0; i < view->metadata_count; i++) {
        add_metadata(payload, view->metadata[i].name, view->metadata[i].data, view->metadata[i].length);
    }
    payload->data = data;
    return payload;
}

Pb__Payload *payload_from_view(const struct temporal_payload *view)
{
    return make_payload(view, copy_bytes(view->data, view->length));
}

Pb__Payload *payload_take_value(struct temporal_value *value)
{
    const struct temporal_payload view = temporal_value_payload(value);
    Pb__Payload *payload =
        make_payload(&view, (ProtobufCBinaryData){.data = (uint8_t *)value->data, .len = value->length});
    value->data = NULL;
    temporal_value_deinit(value);
    return payload;
}

Pb__Payload *payload_new(const char *encoding, const void *data, size_t length)
{
    return payload_from_view(&(struct temporal_payload){.encoding = encoding, .data = data, .length = length});
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
    return make_payload(&(struct temporal_payload){.encoding = TEMPORAL_ENCODING_JSON}, data);
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
        payloads->payloads[i] = payload_from_view(&views[i]);
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

char *payload_view(const Pb__Payload *payload, struct temporal_payload *out_view,
                   struct temporal_metadata **out_metadata)
{
    const ProtobufCBinaryData *found = find_encoding(payload);
    char *encoding = memory_copy(found != NULL ? found->data : NULL, found != NULL ? found->len : 0);
    struct temporal_metadata *metadata = NULL;
    size_t count = 0;
    if (payload->n_metadata > (found != NULL ? 1 : 0)) {
        metadata = memory_alloc_array(payload->n_metadata, sizeof *metadata);
    }
    for (size_t i = 0; metadata != NULL && i < payload->n_metadata; i++) {
        const Pb__Payload__MetadataEntry *entry = payload->metadata[i];
        if (strcmp(entry->key, "encoding") != 0) {
            metadata[count++] = (struct temporal_metadata){
                .name = entry->key, .data = (const char *)entry->value.data, .length = entry->value.len};
        }
    }
    *out_metadata = metadata;
    *out_view = (struct temporal_payload){.encoding = encoding,
                                          .data = payload->data.data,
                                          .length = payload->data.len,
                                          .metadata = metadata,
                                          .metadata_count = count};
    return encoding;
}

void payload_to_value(const Pb__Payload *payload, struct temporal_value *out_value)
{
    *out_value = (struct temporal_value){0};
    if (payload == NULL) {
        return;
    }
    struct temporal_payload view = {0};
    struct temporal_metadata *metadata = NULL;
    out_value->encoding = payload_view(payload, &view, &metadata);
    out_value->data = memory_copy(view.data, view.length);
    out_value->length = view.length;
    out_value->metadata = temporal_metadata_copy(view.metadata, view.metadata_count);
    out_value->metadata_count = view.metadata_count;
    free(metadata);
}

struct temporal_metadata *temporal_metadata_copy(const struct temporal_metadata *metadata, size_t count)
{
    size_t size = count * sizeof *metadata;
    for (size_t i = 0; i < count; i++) {
        size += strlen(metadata[i].name) + metadata[i].length + 2;
    }
    if (count == 0) {
        return NULL;
    }
    struct temporal_metadata *copy = memory_alloc(size);
    char *text = (char *)(copy + count);
    for (size_t i = 0; i < count; i++) {
        size_t name_size = strlen(metadata[i].name) + 1;
        copy[i] =
            (struct temporal_metadata){.name = text, .data = text + name_size, .length = metadata[i].length};
        memcpy(text, metadata[i].name, name_size);
        if (metadata[i].length > 0) {
            memcpy(text + name_size, metadata[i].data, metadata[i].length);
        }
        text += name_size + metadata[i].length + 1; /* the memory is zeroed */
    }
    return copy;
}

void temporal_value_deinit(struct temporal_value *value)
{
    free(value->metadata);
    free(value->encoding);
    free(value->data);
    *value = (struct temporal_value){0};
}

struct temporal_payload temporal_value_payload(const struct temporal_value *value)
{
    return (struct temporal_payload){.encoding = value->encoding,
                                     .data = value->data,
                                     .length = value->length,
                                     .metadata = value->metadata,
                                     .metadata_count = value->metadata_count};
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
