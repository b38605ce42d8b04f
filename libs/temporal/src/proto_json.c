/* See proto_json.h. */
#include "proto_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <temporal/api/common/v1/message.pb-c.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "payload.h"
#include "proto_time.h"

/* Calls itself: the depth of a message is limited where it is read (proto_check.h). */
static void append_message(struct buffer *out, const ProtobufCMessage *message, enum temporal_payload_form form);

static void append(struct buffer *out, const char *text)
{
    CHECK(buffer_append_string(out, text));
}

static void append_text(struct buffer *out, const char *text)
{
    char *quoted = json_quote(text, strlen(text));
    append(out, quoted != NULL ? quoted : "\"\""); /* what is read is UTF-8 */
    free(quoted);
}

static void append_base64(struct buffer *out, ProtobufCBinaryData bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    append(out, "\"");
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned bits = (unsigned)bytes.data[i] << 16;
        bits |= left > 1 ? (unsigned)bytes.data[i + 1] << 8 : 0;
        bits |= left > 2 ? (unsigned)bytes.data[i + 2] : 0;
        char text[4] = {alphabet[bits >> 18], alphabet[(bits >> 12) & 63U],
                        left > 1 ? alphabet[(bits >> 6) & 63U] : '=', left > 2 ? alphabet[bits & 63U] : '='};
        CHECK(buffer_append(out, text, sizeof text));
    }
    append(out, "\"");
}

/* ---- times ---- */

/* Nanoseconds as 0, 3, 6 or 9 digits behind a point. */
static void append_nanos(struct buffer *out, int32_t nanos)
{
    if (nanos % 1000000 != 0) {
        CHECK(nanos % 1000 == 0 ? buffer_append_format(out, ".%06d", nanos / 1000)
                                : buffer_append_format(out, ".%09d", nanos));
    } else if (nanos != 0) {
        CHECK(buffer_append_format(out, ".%03d", nanos / 1000000));
    }
}

/* Days since 1970 as a date: the civil calendar, counted in eras of 400 years that begin in March. */
static void append_date(struct buffer *out, int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_of_year = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    int64_t month = month_of_year < 10 ? month_of_year + 3 : month_of_year - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    CHECK(buffer_append_format(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month, day));
}

static void append_timestamp(struct buffer *out, const Google__Protobuf__Timestamp *time)
{
    int64_t seconds = proto_time_ms(time->seconds, 0) / 1000;
    int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
    int64_t of_day = seconds - days * 86400;
    append(out, "\"");
    append_date(out, days);
    CHECK(buffer_append_format(out, "T%02" PRId64 ":%02" PRId64 ":%02" PRId64, of_day / 3600, of_day / 60 % 60,
                               of_day % 60));
    append_nanos(out, time->nanos);
    append(out, "Z\"");
}

static void append_duration(struct buffer *out, const Google__Protobuf__Duration *duration)
{
    bool is_negative = duration->seconds < 0 || duration->nanos < 0;
    int64_t seconds = is_negative ? -duration->seconds : duration->seconds;
    CHECK(buffer_append_format(out, "\"%s%" PRId64, is_negative ? "-" : "", seconds));
    append_nanos(out, abs(duration->nanos));
    append(out, "s\"");
}

/* ---- payloads ---- */

static void append_readable(struct buffer *out, const Pb__Payload *payload)
{
    struct json_slice json = {0};
    if (payload_has_encoding(payload, TEMPORAL_ENCODING_NULL)) {
        append(out, "null");
        return;
    }
    if (payload_has_encoding(payload, TEMPORAL_ENCODING_JSON) &&
        json_scan_value((const char *)payload->data.data, payload->data.len, &json)) {
        CHECK(buffer_append(out, json.data, json.length));
        return;
    }
    append(out, "{\"metadata\":{");
    for (size_t i = 0; i < payload->n_metadata; i++) {
        ProtobufCBinaryData value = payload->metadata[i]->value;
        char *text = json_quote((const char *)value.data, value.len);
        append(out, i == 0 ? "" : ",");
        append_text(out, payload->metadata[i]->key);
        append(out, ":");
        append(out, text != NULL ? text : "\"\"");
        free(text);
    }
    append(out, "},\"data\":");
    append_base64(out, payload->data);
    append(out, "}");
}

static void append_readable_list(struct buffer *out, const Pb__Payloads *payloads)
{
    append(out, "[");
    for (size_t i = 0; i < payloads->n_payloads; i++) {
        append(out, i == 0 ? "" : ",");
        append_readable(out, payloads->payloads[i]);
    }
    append(out, "]");
}

/* ---- fields ---- */

static void append_name(struct buffer *out, const char *name)
{
    append(out, "\"");
    for (; *name != '\0'; name++) {
        bool is_joint = name[0] == '_' && name[1] >= 'a' && name[1] <= 'z';
        char character = is_joint ? (char)(name[1] - 'a' + 'A') : name[0];
        CHECK(buffer_append(out, &character, 1));
        name += is_joint ? 1 : 0;
    }
    append(out, "\":");
}

static void append_enum(struct buffer *out, const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (value != NULL) {
        append_text(out, value->name);
    } else { /* newer than our descriptors */
        CHECK(buffer_append_format(out, "%d", number));
    }
}

static void append_double(struct buffer *out, double number)
{
    if (isnan(number) || isinf(number)) {
        append(out, isnan(number) ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    } else {
        CHECK(buffer_append_format(out, "%.17g", number));
    }
}

/* One value of the field's type. */
static void append_value(struct buffer *out, const ProtobufCFieldDescriptor *field, const void *value,
                         enum temporal_payload_form form)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        CHECK(buffer_append_format(out, "%" PRId32, *(const int32_t *)value));
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        CHECK(buffer_append_format(out, "%" PRIu32, *(const uint32_t *)value));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        CHECK(buffer_append_format(out, "\"%" PRId64 "\"", *(const int64_t *)value));
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        CHECK(buffer_append_format(out, "\"%" PRIu64 "\"", *(const uint64_t *)value));
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        CHECK(buffer_append_format(out, "%.9g", (double)*(const float *)value));
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        append_double(out, *(const double *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        append(out, *(const protobuf_c_boolean *)value != 0 ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        append_enum(out, field->descriptor, *(const int *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        append_text(out, *(const char *const *)value);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        append_base64(out, *(const ProtobufCBinaryData *)value);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        append_message(out, *(const ProtobufCMessage *const *)value, form);
        break;
    }
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return 4;
}

/* protobuf-c makes a map a list of messages "…Entry" with key and value. */
static bool is_map(const ProtobufCFieldDescriptor *field)
{
    static const char suffix[] = "Entry";
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return false;
    }
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    size_t length = strlen(entry->short_name);
    return length >= sizeof suffix - 1 && strcmp(entry->short_name + length - (sizeof suffix - 1), suffix) == 0 &&
           entry->n_fields == 2 && strcmp(entry->fields[0].name, "key") == 0 &&
           strcmp(entry->fields[1].name, "value") == 0;
}

static void append_map_entry(struct buffer *out, const ProtobufCMessage *entry, enum temporal_payload_form form)
{
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0];
    const ProtobufCFieldDescriptor *value = &entry->descriptor->fields[1];
    const char *base = (const char *)entry;
    if (key->type == PROTOBUF_C_TYPE_STRING) {
        append_value(out, key, base + key->offset, form);
    } else { /* a number: names are texts */
        append(out, "\"");
        append_value(out, key, base + key->offset, form);
        append(out, "\"");
    }
    append(out, ":");
    if (value->type == PROTOBUF_C_TYPE_MESSAGE && *(void *const *)(const void *)(base + value->offset) == NULL) {
        append(out, "{}");
    } else {
        append_value(out, value, base + value->offset, form);
    }
}

static void append_repeated(struct buffer *out, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                            enum temporal_payload_form form)
{
    const char *base = (const char *)message;
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const char *values = *(const char *const *)(const void *)(base + field->offset);
    bool is_object = is_map(field);
    append(out, is_object ? "{" : "[");
    for (size_t i = 0; i < count; i++) {
        const void *value = values + i * size_of(field);
        append(out, i == 0 ? "" : ",");
        if (is_object) {
            append_map_entry(out, *(const ProtobufCMessage *const *)value, form);
        } else {
            append_value(out, field, value, form);
        }
    }
    append(out, is_object ? "}" : "]");
}

/* Whether the field is there, or has another value than its default. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    static const char zero[8] = {0};
    const char *base = (const char *)message;
    const void *value = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)(const void *)(base + field->quantifier_offset) > 0;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(void *const *)value != NULL;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)value;
        return text != NULL && text[0] != '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)value)->len > 0;
    }
    return memcmp(value, zero, size_of(field)) != 0;
}

static void append_fields(struct buffer *out, const ProtobufCMessage *message, enum temporal_payload_form form)
{
    bool is_first = true;
    append(out, "{");
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!is_set(message, field)) {
            continue;
        }
        append(out, is_first ? "" : ",");
        is_first = false;
        append_name(out, field->name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            append_repeated(out, message, field, form);
        } else {
            append_value(out, field, (const char *)message + field->offset, form);
        }
    }
    append(out, "}");
}

static void append_message(struct buffer *out, const ProtobufCMessage *message, enum temporal_payload_form form)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const void *any = message;
    if (descriptor == &google__protobuf__timestamp__descriptor) {
        append_timestamp(out, any);
    } else if (descriptor == &google__protobuf__duration__descriptor) {
        append_duration(out, any);
    } else if (form == TEMPORAL_PAYLOAD_READABLE && descriptor == &pb__payload__descriptor) {
        append_readable(out, any);
    } else if (form == TEMPORAL_PAYLOAD_READABLE && descriptor == &pb__payloads__descriptor) {
        append_readable_list(out, any);
    } else {
        append_fields(out, message, form);
    }
}

void proto_json_append(struct buffer *out, const ProtobufCMessage *message, enum temporal_payload_form form)
{
    append_message(out, message, form);
}

void proto_json_append_bytes(struct buffer *out, ProtobufCBinaryData bytes)
{
    append_base64(out, bytes);
}

static bool is_field_incomplete(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || !is_set(message, field)) {
        return false;
    }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return proto_json_is_incomplete(*(const ProtobufCMessage *const *)(const void *)(base + field->offset));
    }
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const void *place = base + field->offset;
    const ProtobufCMessage *const *values = *(const ProtobufCMessage *const *const *)place;
    for (size_t i = 0; i < count; i++) {
        if (proto_json_is_incomplete(values[i])) {
            return true;
        }
    }
    return false;
}

bool proto_json_is_incomplete(const ProtobufCMessage *message)
{
    bool result = message != NULL && message->n_unknown_fields > 0;
    for (unsigned i = 0; message != NULL && !result && i < message->descriptor->n_fields; i++) {
        result = is_field_incomplete(message, &message->descriptor->fields[i]);
    }
    return result;
}
