/* See message_view.h. */
#include "messages/message_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "settings/template.h"

void message_view_init(struct message_view *view, const struct event *event)
{
    *view = (struct message_view){.event = event};
}

void message_view_deinit(struct message_view *view)
{
    free(view->owned_body);
    *view = (struct message_view){0};
}

/* Data of a media type that is none of JSON's: it may hold JSON all the same, as a message's Body may. */
static void read_other(struct message_view *view)
{
    const struct event *event = view->event;
    const char *body = event->bytes;
    view->has_body = event->content != EVENT_CONTENT_NONE;
    view->body_length = event->bytes_length;
    if (event->content == EVENT_CONTENT_TEXT) {
        view->owned_body = json_scan_string(event->data, &view->body_length);
        body = view->owned_body;
    }
    if (body == NULL || !json_scan_value(body, view->body_length, &view->json)) {
        view->json = (struct json_slice){0};
    }
}

static void read_body(struct message_view *view)
{
    const struct json_slice data = view->event->data;
    if (view->is_body_read) {
        return;
    }
    view->is_body_read = true;
    if (view->event->content != EVENT_CONTENT_JSON) {
        read_other(view);
        return;
    }
    struct json_slice member = json_scan_member(data.data, data.length, "Body");
    if (member.data != NULL) {
        view->owned_body = json_scan_string(member, &view->body_length);
        view->has_body = true;
        if (view->owned_body == NULL || !json_scan_value(view->owned_body, view->body_length, &view->json)) {
            view->json = (struct json_slice){0};
        }
    } else if (json_scan_member(data.data, data.length, "MessageId").data == NULL) {
        view->has_body = true;
        view->body_length = data.length;
        view->json = data;
    }
}

size_t message_view_body_length(struct message_view *view)
{
    read_body(view);
    return view->body_length;
}

enum status message_view_json(struct message_view *view, const char *user, struct json_slice *out_json,
                              struct error *error)
{
    read_body(view);
    if (!view->has_body) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the message has no Body, which the route's %s needs", user);
    }
    if (view->json.data == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the message's Body is not JSON, which the route's %s needs",
                         user);
    }
    *out_json = view->json;
    return STATUS_OK;
}

/* free() it. NULL: no text, an empty one, or one with a zero byte inside. */
static char *plain_text(struct json_slice value)
{
    size_t length = 0;
    char *text = value.data == NULL ? NULL : json_scan_string(value, &length);
    if (text != NULL && (length == 0 || strlen(text) != length)) {
        free(text);
        text = NULL;
    }
    return text;
}

static struct json_slice member_of(struct json_slice object, const char *name)
{
    return object.data == NULL ? object : json_scan_member(object.data, object.length, name);
}

/* free() it. NULL: the message has no such system attribute. */
static char *system_attribute(const struct event *event, const char *name)
{
    return plain_text(member_of(member_of(event->data, "Attributes"), name));
}

/* free() it. NULL: the message has no such attribute, or one without a text. */
static char *message_attribute(const struct event *event, const struct settings_template_part *part)
{
    char *name = memory_format("%.*s", (int)part->length, part->text);
    struct json_slice attribute = member_of(member_of(event->data, "MessageAttributes"), name);
    free(name);
    return plain_text(member_of(attribute, "StringValue"));
}

/* The raw value at the path; .data NULL: there is none, or it is null, an object or an array. */
static struct json_slice body_scalar(struct message_view *view, const struct settings_template_part *part)
{
    const char *cursor = part->text;
    size_t left = part->length;
    const char *name = NULL;
    size_t length = 0;
    read_body(view);
    struct json_slice value = view->json;
    while (value.data != NULL && settings_template_path_next(&cursor, &left, &name, &length)) {
        char *member = memory_format("%.*s", (int)length, name);
        value = member_of(value, member);
        free(member);
    }
    return value.data != NULL && strchr("{[n", value.data[0]) == NULL ? value : (struct json_slice){0};
}

/* The raw value of an event's attribute; .data NULL: there is none, or it is null. */
static struct json_slice event_attribute(const struct event *event, const struct settings_template_part *part)
{
    char *name = memory_format("%.*s", (int)part->length, part->text);
    struct json_slice value = member_of(event->json, name);
    free(name);
    return value.data != NULL && strchr("{[n", value.data[0]) == NULL ? value : (struct json_slice){0};
}

/* free() it. NULL: there is none. */
static char *scalar_text(struct json_slice value)
{
    if (value.data == NULL) {
        return NULL;
    }
    return value.data[0] == '"' ? plain_text(value) : memory_format("%.*s", (int)value.length, value.data);
}

/* free() it. NULL: the message lacks it. */
static char *field_text(struct message_view *view, const struct settings_template_part *part)
{
    switch (part->field) {
    case SETTINGS_TEMPLATE_TEXT:
        return memory_format("%.*s", (int)part->length, part->text);
    case SETTINGS_TEMPLATE_MESSAGE_ID:
        return memory_copy_string(view->event->message_id);
    case SETTINGS_TEMPLATE_MESSAGE_GROUP_ID:
    case SETTINGS_TEMPLATE_MESSAGE_DEDUPLICATION_ID:
    case SETTINGS_TEMPLATE_SEQUENCE_NUMBER:
        return system_attribute(view->event, settings_template_field_name(part->field));
    case SETTINGS_TEMPLATE_ATTRIBUTE:
        return message_attribute(view->event, part);
    case SETTINGS_TEMPLATE_EVENT:
        return scalar_text(event_attribute(view->event, part));
    case SETTINGS_TEMPLATE_BODY:
        break;
    }
    return scalar_text(body_scalar(view, part));
}

static enum status lacks(const struct settings_template_part *part, const char *user, struct error *error)
{
    const char *name = settings_template_field_name(part->field);
    switch (part->field) {
    case SETTINGS_TEMPLATE_ATTRIBUTE:
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the message has no message attribute %.*s with a text, which the route's %s needs",
                         (int)part->length, part->text, user);
    case SETTINGS_TEMPLATE_BODY:
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the message's body has no text, number or boolean at %.*s, which the route's %s needs",
                         (int)part->length, part->text, user);
    case SETTINGS_TEMPLATE_EVENT:
        return error_set(error, STATUS_INVALID_ARGUMENT, "the event has no attribute %.*s, which the route's %s needs",
                         (int)part->length, part->text, user);
    case SETTINGS_TEMPLATE_TEXT:
    case SETTINGS_TEMPLATE_MESSAGE_ID:
    case SETTINGS_TEMPLATE_MESSAGE_GROUP_ID:
    case SETTINGS_TEMPLATE_MESSAGE_DEDUPLICATION_ID:
    case SETTINGS_TEMPLATE_SEQUENCE_NUMBER:
        break;
    }
    return error_set(error, STATUS_INVALID_ARGUMENT, "the message has no attribute %s, which the route's %s needs",
                     name, user);
}

enum status message_view_fill(struct message_view *view, const char *text, const char *user, struct buffer *out,
                              struct error *error)
{
    struct settings_template_part part;
    while (settings_template_next(&text, &part)) {
        char *field = field_text(view, &part);
        if (field == NULL) {
            return lacks(&part, user, error);
        }
        bool fits = buffer_append_string(out, field);
        free(field);
        if (!fits) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "the route's %s becomes longer than %zu bytes", user,
                             MESSAGE_VIEW_TEXT_MAX);
        }
    }
    return STATUS_OK;
}

/* NULL: the template is more than one path in the body, or no number or boolean stands there. */
static char *raw_scalar(struct message_view *view, const char *text)
{
    struct settings_template_part part;
    struct settings_template_part further;
    if (!settings_template_next(&text, &part) || part.field != SETTINGS_TEMPLATE_BODY ||
        settings_template_next(&text, &further)) {
        return NULL;
    }
    struct json_slice value = body_scalar(view, &part);
    return value.data != NULL && value.data[0] != '"' ? memory_format("%.*s", (int)value.length, value.data) : NULL;
}

enum status message_view_fill_json(struct message_view *view, const char *text, const char *user, char **out_json,
                                   struct error *error)
{
    struct buffer filled;
    char *json = raw_scalar(view, text);
    if (json != NULL) {
        *out_json = json;
        return STATUS_OK;
    }
    buffer_init(&filled, MESSAGE_VIEW_TEXT_MAX);
    enum status status = message_view_fill(view, text, user, &filled, error);
    if (status == STATUS_OK) {
        json = json_quote(filled.data, filled.length);
        if (json == NULL) { /* a header may hold anything */
            status = error_set(error, STATUS_INVALID_ARGUMENT, "the route's %s is not valid UTF-8", user);
        } else {
            *out_json = json;
        }
    }
    buffer_deinit(&filled);
    return status;
}
