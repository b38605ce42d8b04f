/* See queue_message.h. */
#include "messages/queue_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "event_data.h"
#include "messages/message_view.h"
#include "schema_check.h"

#define NAME_MAX_BYTES ((size_t)256) /* of a message attribute's name */

/* ---- the body ---- */

/* What SQS takes of Unicode: tab, line breaks, and from the space on all but the two that are no characters. */
static bool is_message_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
            return false;
        }
        if (byte == 0xEF && i + 2 < length && (unsigned char)text[i + 1] == 0xBF &&
            (unsigned char)text[i + 2] >= 0xBE) {
            return false;
        }
    }
    char *quoted = json_quote(text, length);
    bool is_utf8 = quoted != NULL;
    free(quoted);
    return is_utf8;
}

static enum status make_body(const struct settings_route *route, struct message_view *view,
                             struct queue_message *message, enum entry_class *out_class, struct error *error)
{
    const struct event *event = view->event;
    struct json_slice json = {0};
    if (route->input == SETTINGS_INPUT_BODY) {
        *out_class = ENTRY_CLASS_NOT_JSON;
        enum status status = message_view_json(view, "input", &json, error);
        if (status != STATUS_OK) {
            return status;
        }
    } else if (route->input == SETTINGS_INPUT_EVENT && event->is_whole) {
        json = event->json;
    }
    *out_class = ENTRY_CLASS_BAD_EVENT;
    if (json.data != NULL) {
        message->body = memory_copy(json.data, json.length);
        message->body_length = json.length;
    } else if (route->input == SETTINGS_INPUT_EVENT) {
        message->body = event_data_whole(event, route->name, &message->body_length);
    } else {
        message->body = event_data_copy(event, &message->body_length);
    }
    if (message->body == NULL || message->body_length == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the event has no data, and an SQS message cannot be empty: the route's input could be event");
    }
    if (!is_message_text(message->body, message->body_length)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the event's data holds what an SQS message cannot: bytes that are no text in UTF-8, or "
                         "control characters: the route's input could be event");
    }
    return STATUS_OK;
}

/* ---- group and deduplication ---- */

static bool is_queue_id(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return length > 0 && length <= QUEUE_MESSAGE_ID_MAX;
}

static enum status make_id(struct message_view *view, const char *template, const char *user, char **out_id,
                           struct error *error)
{
    struct buffer text;
    if (template == NULL) {
        return STATUS_OK;
    }
    buffer_init(&text, MESSAGE_VIEW_TEXT_MAX);
    enum status status = message_view_fill(view, template, user, &text, error);
    if (status == STATUS_OK && !is_queue_id(text.data, text.length)) {
        char hash[CRYPTO_SHA256_HEX_SIZE];
        crypto_sha256_hex(text.data, text.length, hash);
        *out_id = memory_copy_string(hash);
    } else if (status == STATUS_OK) {
        *out_id = buffer_take(&text, NULL);
    }
    buffer_deinit(&text);
    return status;
}

/* ---- attributes ---- */

static bool is_named(struct json_slice quoted, const char *name)
{
    size_t length = strlen(name);
    return quoted.length == length + 2 && memcmp(quoted.data + 1, name, length) == 0;
}

/* Takes name and value. */
static enum status add_attribute(struct queue_message *message, char *name, char *value, struct error *error)
{
    enum status status = STATUS_OK;
    if (message->attribute_count == QUEUE_MESSAGE_ATTRIBUTES_MAX) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "the event has more attributes than the %d that an SQS message takes: the route's input "
                           "could be event",
                           QUEUE_MESSAGE_ATTRIBUTES_MAX);
    } else if (!is_message_text(value, strlen(value)) || strlen(name) > NAME_MAX_BYTES) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "the event's attribute \"%.100s\" is longer, or holds other characters, than SQS takes",
                           name);
    }
    if (status != STATUS_OK) {
        free(name);
        free(value);
        return status;
    }
    size_t index = message->attribute_count++;
    message->attribute_texts[2 * index] = name;
    message->attribute_texts[2 * index + 1] = value;
    message->attributes[index] = (struct sqs_message_attribute){
        .name = name, .type = "String", .value = value, .value_length = strlen(value)};
    return STATUS_OK;
}

/* NULL: an empty text, null, or something that no attribute is. free() it. */
static char *attribute_text(struct json_slice value)
{
    if (strchr("{[n", value.data[0]) != NULL) {
        return NULL;
    }
    char *text = value.data[0] == '"' ? json_scan_string(value, NULL) : memory_copy(value.data, value.length);
    if (text != NULL && *text == '\0') {
        free(text);
        return NULL;
    }
    return text;
}

/* free() it. */
static char *attribute_name(struct json_slice quoted)
{
    if (is_named(quoted, QUEUE_MESSAGE_TRACEPARENT)) {
        return memory_copy_string(QUEUE_MESSAGE_TRACEPARENT);
    }
    return is_named(quoted, "datacontenttype") ? memory_copy_string("content-type")
                                               : memory_format("ce-%.*s", (int)quoted.length - 2, quoted.data + 1);
}

/* CloudEvents lets a name be letters and digits: what is escaped or anything else is no attribute. */
static bool is_attribute_name(struct json_slice quoted)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    bool is_plain = quoted.length > 2 && !is_named(quoted, "data");
    for (size_t i = 1; is_plain && i + 1 < quoted.length; i++) {
        is_plain = strchr(plain, quoted.data[i]) != NULL;
    }
    return is_plain;
}

static enum status add_event_attributes(const struct event *event, struct queue_message *message, bool *out_is_traced,
                                        struct error *error)
{
    enum status status = STATUS_OK;
    size_t position = 0;
    struct json_slice name;
    struct json_slice value;
    while (status == STATUS_OK &&
           json_scan_next_member(event->json.data, event->json.length, &position, &name, &value)) {
        char *text = is_attribute_name(name) ? attribute_text(value) : NULL;
        if (text != NULL) {
            *out_is_traced = *out_is_traced || is_named(name, QUEUE_MESSAGE_TRACEPARENT);
            status = add_attribute(message, attribute_name(name), text, error);
        }
    }
    return status;
}

static enum status make_attributes(const struct settings_route *route, const struct event *event,
                                   const char *traceparent, struct queue_message *message, struct error *error)
{
    bool is_traced = false;
    enum status status = STATUS_OK;
    if (route->input != SETTINGS_INPUT_EVENT && event->json.data != NULL) {
        status = add_event_attributes(event, message, &is_traced, error);
    }
    if (status == STATUS_OK && !is_traced && traceparent != NULL && *traceparent != '\0') {
        status = add_attribute(message, memory_copy_string(QUEUE_MESSAGE_TRACEPARENT), memory_copy_string(traceparent),
                               error);
    }
    return status;
}

/* ---- the whole ---- */

static enum status check_size(const struct queue_message *message, struct error *error)
{
    size_t size = message->body_length;
    for (size_t i = 0; i < message->attribute_count; i++) {
        const struct sqs_message_attribute *attribute = &message->attributes[i];
        size += strlen(attribute->name) + strlen(attribute->type) + attribute->value_length;
    }
    return size <= QUEUE_MESSAGE_BYTES_MAX
               ? STATUS_OK
               : error_set(error, STATUS_INVALID_ARGUMENT,
                           "a message of %zu bytes, attributes included, is larger than the %zu that SQS takes", size,
                           QUEUE_MESSAGE_BYTES_MAX);
}

static enum status fill(const struct settings_route *route, struct message_view *view, const char *traceparent,
                        struct queue_message *message, enum entry_class *out_class, struct error *error)
{
    *out_class = ENTRY_CLASS_BAD_EVENT;
    if (view->event->defect != NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s", view->event->defect);
    }
    enum status status = make_body(route, view, message, out_class, error);
    if (status == STATUS_OK) {
        status = make_attributes(route, view->event, traceparent, message, error);
    }
    if (status == STATUS_OK) {
        *out_class = ENTRY_CLASS_TOO_LARGE;
        status = check_size(message, error);
    }
    if (status == STATUS_OK) {
        *out_class = ENTRY_CLASS_TEMPLATE;
        status = make_id(view, route->group, "group", &message->group_id, error);
    }
    if (status == STATUS_OK) {
        status = make_id(view, route->deduplication_id, "deduplication_id", &message->deduplication_id, error);
    }
    return status == STATUS_OK ? schema_check(route, view, out_class, error) : status;
}

enum status queue_message_make(const struct settings_route *route, const struct event *event, const char *traceparent,
                               struct queue_message *out_message, enum entry_class *out_class, struct error *error)
{
    struct queue_message message = {.delay_seconds = route->delay_ms < 0 ? -1 : (int)(route->delay_ms / 1000)};
    struct message_view view;
    message_view_init(&view, event);
    enum status status = fill(route, &view, traceparent, &message, out_class, error);
    if (status == STATUS_OK) {
        *out_message = message;
    } else {
        queue_message_deinit(&message);
    }
    message_view_deinit(&view);
    return status;
}

void queue_message_deinit(struct queue_message *message)
{
    for (size_t i = 0; i < 2 * message->attribute_count; i++) {
        free(message->attribute_texts[i]);
    }
    free(message->body);
    free(message->group_id);
    free(message->deduplication_id);
    *message = (struct queue_message){0};
}

struct sqs_send_entry queue_message_entry(const struct queue_message *message)
{
    return (struct sqs_send_entry){
        .body = message->body,
        .body_length = message->body_length,
        .group_id = message->group_id,
        .deduplication_id = message->deduplication_id,
        .delay_seconds = message->delay_seconds,
        .attributes = message->attributes,
        .attribute_count = message->attribute_count,
    };
}
