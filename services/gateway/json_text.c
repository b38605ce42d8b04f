/* See json_text.h. */
#include "json_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"

static void append(struct buffer *out, const char *text, size_t length)
{
    CHECK(buffer_append(out, text, length));
}

static void append_name(struct buffer *out, const char *name)
{
    if (out->length > 0 && out->data[out->length - 1] != '{') {
        append(out, ",", 1);
    }
    append(out, "\"", 1);
    append(out, name, strlen(name));
    append(out, "\":", 2);
}

void json_object_begin(struct buffer *out)
{
    append(out, "{", 1);
}

void json_object_end(struct buffer *out)
{
    append(out, "}", 1);
}

void json_member_text(struct buffer *out, const char *name, const char *text)
{
    if (text == NULL) {
        return;
    }
    char *quoted = json_quote(text, strlen(text));
    append_name(out, name);
    if (quoted == NULL) { /* a peer sent something else than UTF-8 */
        append(out, "\"?\"", 3);
        return;
    }
    append(out, quoted, strlen(quoted));
    free(quoted);
}

void json_member_boolean(struct buffer *out, const char *name, bool value)
{
    append_name(out, name);
    append(out, value ? "true" : "false", value ? 4 : 5);
}

void json_member_integer(struct buffer *out, const char *name, int64_t value)
{
    append_name(out, name);
    CHECK(buffer_append_format(out, "%" PRId64, value));
}

void json_member_time(struct buffer *out, const char *name, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_SIZE];
    if (wall_ms > 0) {
        clock_format_rfc3339(wall_ms, text);
        json_member_text(out, name, text);
    }
}

void json_member_raw(struct buffer *out, const char *name, const char *json, size_t length)
{
    append_name(out, name);
    append(out, json, length);
}
