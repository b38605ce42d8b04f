/* Templates of workflow IDs, memo fields and the like: plain text with fields of the message in braces,
 * "orders-{MessageGroupId}-{body.order.id}".
 * Checked when the settings are loaded, filled in by the gateway. Pure. */
#ifndef SETTINGS_TEMPLATE_H
#define SETTINGS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SETTINGS_TEMPLATE_MAX ((size_t)500) /* bytes of a template */

enum settings_template_field {
    SETTINGS_TEMPLATE_TEXT, /* what stands between fields */
    SETTINGS_TEMPLATE_MESSAGE_ID,
    SETTINGS_TEMPLATE_MESSAGE_GROUP_ID,
    SETTINGS_TEMPLATE_MESSAGE_DEDUPLICATION_ID,
    SETTINGS_TEMPLATE_SEQUENCE_NUMBER,
    SETTINGS_TEMPLATE_ATTRIBUTE, /* {attributes.NAME}: a message attribute's text */
    SETTINGS_TEMPLATE_EVENT,     /* {event.NAME}: an attribute of the CloudEvent, its extensions too */
    SETTINGS_TEMPLATE_BODY       /* {body.a.b}: a text, number or boolean in the JSON body */
};

/* Borrowed from the template; text is what stands between fields, an attribute's NAME or a path in the body, else
 * NULL. */
struct settings_template_part {
    enum settings_template_field field;
    const char *text;
    size_t length;
};

/* "MessageId" ...: as SQS names it. NULL for SETTINGS_TEMPLATE_TEXT, _ATTRIBUTE, _EVENT and _BODY. */
const char *settings_template_field_name(enum settings_template_field field);

/* The members of a path in the body, one after another: *cursor starts at part.text, *left at part.length. */
bool settings_template_path_next(const char **cursor, size_t *left, const char **out_name, size_t *out_length);

/* INVALID_ARGUMENT: empty, too long, a brace without its partner, an unknown field (the text lists the known ones). */
MUST_CHECK enum status settings_template_check(const char *text, struct error *error);
bool settings_template_has(const char *text, enum settings_template_field field);

/* Walks a checked template: *cursor starts at its first byte. false: the end. */
bool settings_template_next(const char **cursor, struct settings_template_part *out_part);

#endif
