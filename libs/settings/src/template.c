/* The one reader of ID templates; checking and filling in both walk with settings_template_next. */
#include "settings/template.h"

#include <string.h>

#include "base/check.h"

static const struct {
    enum settings_template_field field;
    const char *name;
} s_fields[] = {
    {SETTINGS_TEMPLATE_MESSAGE_ID, "MessageId"},
    {SETTINGS_TEMPLATE_MESSAGE_GROUP_ID, "MessageGroupId"},
    {SETTINGS_TEMPLATE_MESSAGE_DEDUPLICATION_ID, "MessageDeduplicationId"},
    {SETTINGS_TEMPLATE_SEQUENCE_NUMBER, "SequenceNumber"},
};

#define FIELD_COUNT (sizeof s_fields / sizeof s_fields[0])

static const char s_attribute_prefix[] = "attributes.";
static const char s_event_prefix[] = "event.";
static const char s_body_prefix[] = "body.";

/* What stands behind the prefix; NULL: something else stands there, or nothing does. */
static const char *after(const char *prefix, const char *name, size_t length)
{
    size_t prefix_length = strlen(prefix);
    return length > prefix_length && memcmp(name, prefix, prefix_length) == 0 ? name + prefix_length : NULL;
}

static bool is_path(const char *text, size_t length)
{
    const char *name = NULL;
    size_t name_length = 0;
    while (settings_template_path_next(&text, &length, &name, &name_length)) {
        if (name_length == 0) {
            return false;
        }
    }
    return true;
}

/* What CloudEvents lets the name of an attribute be; the data is none. */
static bool is_event_attribute(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((name[i] < 'a' || name[i] > 'z') && (name[i] < '0' || name[i] > '9')) {
            return false;
        }
    }
    return length != 4 || memcmp(name, "data", 4) != 0;
}

bool settings_template_path_next(const char **cursor, size_t *left, const char **out_name, size_t *out_length)
{
    if (*cursor == NULL) {
        return false;
    }
    const char *dot = memchr(*cursor, '.', *left);
    *out_name = *cursor;
    *out_length = dot != NULL ? (size_t)(dot - *cursor) : *left;
    *left -= dot != NULL ? *out_length + 1 : *out_length;
    *cursor = dot != NULL ? dot + 1 : NULL;
    return true;
}

static bool find_field(const char *name, size_t length, struct settings_template_part *out_part)
{
    const char *attribute = after(s_attribute_prefix, name, length);
    const char *event = after(s_event_prefix, name, length);
    const char *path = after(s_body_prefix, name, length);
    if (attribute != NULL) {
        *out_part = (struct settings_template_part){SETTINGS_TEMPLATE_ATTRIBUTE, attribute,
                                                    length - (sizeof s_attribute_prefix - 1)};
        return true;
    }
    if (event != NULL) {
        *out_part =
            (struct settings_template_part){SETTINGS_TEMPLATE_EVENT, event, length - (sizeof s_event_prefix - 1)};
        return is_event_attribute(out_part->text, out_part->length);
    }
    if (path != NULL) {
        *out_part =
            (struct settings_template_part){SETTINGS_TEMPLATE_BODY, path, length - (sizeof s_body_prefix - 1)};
        return is_path(out_part->text, out_part->length);
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strlen(s_fields[i].name) == length && memcmp(s_fields[i].name, name, length) == 0) {
            *out_part = (struct settings_template_part){.field = s_fields[i].field};
            return true;
        }
    }
    return false;
}

const char *settings_template_field_name(enum settings_template_field field)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (s_fields[i].field == field) {
            return s_fields[i].name;
        }
    }
    return NULL;
}

enum status settings_template_check(const char *text, struct error *error)
{
    size_t length = strlen(text);
    if (length == 0 || length > SETTINGS_TEMPLATE_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected a template of 1 to %zu bytes, found %zu bytes",
                         SETTINGS_TEMPLATE_MAX, length);
    }
    const char *cursor = text;
    while (*cursor != '\0') {
        if (*cursor == '}') {
            return error_set(error, STATUS_INVALID_ARGUMENT, "expected \"{\" before \"}\" in \"%s\"", text);
        }
        if (*cursor != '{') {
            cursor++;
            continue;
        }
        const char *name = cursor + 1;
        size_t name_length = strcspn(name, "{}");
        struct settings_template_part part;
        if (name[name_length] != '}') {
            return error_set(error, STATUS_INVALID_ARGUMENT, "expected \"}\" after \"{\" in \"%s\"", text);
        }
        if (!find_field(name, name_length, &part)) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "unknown field {%.*s}: expected {MessageId}, {MessageGroupId}, "
                             "{MessageDeduplicationId}, {SequenceNumber}, {attributes.NAME}, {event.NAME} or "
                             "{body.PATH}",
                             (int)name_length, name);
        }
        cursor = name + name_length + 1;
    }
    return STATUS_OK;
}

bool settings_template_has(const char *text, enum settings_template_field field)
{
    struct settings_template_part part;
    while (settings_template_next(&text, &part)) {
        if (part.field == field) {
            return true;
        }
    }
    return false;
}

bool settings_template_next(const char **cursor, struct settings_template_part *out_part)
{
    const char *start = *cursor;
    struct settings_template_part part = {.field = SETTINGS_TEMPLATE_TEXT};
    if (*start == '\0') {
        return false;
    }
    if (*start == '{') {
        size_t name_length = strcspn(start + 1, "}");
        CHECK(find_field(start + 1, name_length, &part));
        *cursor = start + 1 + name_length + 1;
    } else {
        part.text = start;
        part.length = strcspn(start, "{");
        *cursor = start + part.length;
    }
    *out_part = part;
    return true;
}
