/* JSON string literals. */
#include "json_text.h"

#include <string.h>

#include "base/json_scan.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "plain_text.h"

static bool append_escaped(struct buffer *out, unsigned char character)
{
    switch (character) {
    case '"':
        return buffer_append(out, "\\\"", 2);
    case '\\':
        return buffer_append(out, "\\\\", 2);
    case '\b':
        return buffer_append(out, "\\b", 2);
    case '\f':
        return buffer_append(out, "\\f", 2);
    case '\n':
        return buffer_append(out, "\\n", 2);
    case '\r':
        return buffer_append(out, "\\r", 2);
    case '\t':
        return buffer_append(out, "\\t", 2);
    default:
        return buffer_append_format(out, "\\u%04x", (unsigned)character);
    }
}

/* Nothing in it needs an escape: nearly always so. */
static bool append_plain(struct buffer *out, const char *text, size_t length)
{
    char *at = buffer_extend(out, length + 2);
    if (at == NULL) {
        return false;
    }
    at[0] = '"';
    memcpy(at + 1, text, length);
    at[length + 1] = '"';
    return true;
}

bool json_text_append(struct buffer *out, const char *text, size_t length)
{
    if (plain_text_length(text, length) == length) {
        return append_plain(out, text, length);
    }
    if (!buffer_append(out, "\"", 1)) {
        return false;
    }
    size_t plain_from = 0; /* what needs no escape is appended in one piece */
    size_t position = 0;
    while (position < length) {
        position += plain_text_length(text + position, length - position);
        if (position == length) {
            break;
        }
        unsigned char character = (unsigned char)text[position];
        bool is_escaped = character < 0x20 || character == '"' || character == '\\';
        size_t size = is_escaped ? 0 : utf8_sequence(text + position, length - position);
        if (size > 0) {
            position += size;
            continue;
        }
        if (!buffer_append(out, text + plain_from, position - plain_from)) {
            return false;
        }
        if (!(is_escaped ? append_escaped(out, character) : buffer_append(out, "\xEF\xBF\xBD", 3))) {
            return false;
        }
        position++;
        plain_from = position;
    }
    return buffer_append(out, text + plain_from, length - plain_from) && buffer_append(out, "\"", 1);
}

#define ESCAPED_SIZE_MAX 6 /* of one byte: \u001f */

char *json_quote(const char *text, size_t length)
{
    if (!utf8_is_valid(text, length) || length > (SIZE_MAX / 2 - 3) / ESCAPED_SIZE_MAX) {
        return NULL;
    }
    struct buffer out;
    buffer_init(&out, length * ESCAPED_SIZE_MAX + 2);
    if (!json_text_append(&out, text, length)) {
        buffer_deinit(&out);
        return NULL;
    }
    return buffer_take(&out, NULL);
}
