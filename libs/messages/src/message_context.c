/* See messages/message_context.h. */
#include "message_context.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_scan.h"
#include "envelope.h"

#define UNWRAPPED_MAX ((size_t)4 << 20)

/* The text of a message attribute; free() it. NULL: there is none of that name. */
static char *attribute_text(struct json_slice attributes, const char *name, size_t *out_length)
{
    struct json_slice none = {0};
    struct json_slice attribute = json_scan_member(attributes.data, attributes.length, name);
    struct json_slice value = attribute.data != NULL
                                  ? json_scan_member(attribute.data, attribute.length, "StringValue")
                                  : none;
    return value.data != NULL ? json_scan_string(value, out_length) : NULL;
}

bool message_context_of_attributes(const struct sqs_message *message, struct json_slice attributes,
                                   struct trace_context *out)
{
    size_t length = 0;
    char *text = attributes.data != NULL ? attribute_text(attributes, "traceparent", &length) : NULL;
    bool is_found = text != NULL && trace_context_parse(text, length, out);
    free(text);
    if (is_found) {
        text = attribute_text(attributes, "tracestate", &length);
        trace_context_set_state(out, text, text != NULL ? length : 0);
        free(text);
        return true;
    }
    return message->trace_header != NULL &&
           trace_context_parse_aws(message->trace_header, strlen(message->trace_header), out);
}

bool message_context_find(const struct sqs_message *message, enum settings_envelope envelope, struct trace_context *out)
{
    struct buffer unwrapped;
    struct json_slice attributes = message->attributes;
    buffer_init(&unwrapped, UNWRAPPED_MAX);
    if (envelope != SETTINGS_ENVELOPE_NONE && envelope_unwrap(envelope, message, &unwrapped, NULL) == STATUS_OK) {
        attributes = json_scan_member(unwrapped.data, unwrapped.length, "MessageAttributes");
    }
    bool is_found = message_context_of_attributes(message, attributes, out);
    buffer_deinit(&unwrapped);
    return is_found;
}
