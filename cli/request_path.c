/* See request_path.h. */
#include "request_path.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"

#define PATH_MAX_BYTES ((size_t)1 << 20) /* an argument of a command is at most 128 KiB */

void request_path_init(struct request_path *path, const char *plain)
{
    buffer_init(&path->text, PATH_MAX_BYTES);
    path->has_query = false;
    CHECK(buffer_append_string(&path->text, plain));
}

void request_path_deinit(struct request_path *path)
{
    buffer_deinit(&path->text);
}

static void append_encoded(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = (byte < 128 && isalnum(byte)) || strchr("-._~", byte) != NULL;
        CHECK(is_plain ? buffer_append(out, text, 1) : buffer_append_format(out, "%%%02X", byte));
    }
}

void request_path_segment(struct request_path *path, const char *text)
{
    CHECK(!path->has_query);
    CHECK(buffer_append_string(&path->text, "/"));
    append_encoded(&path->text, text);
}

void request_path_query(struct request_path *path, const char *name, const char *value)
{
    if (value == NULL || *value == '\0') {
        return;
    }
    CHECK(buffer_append_format(&path->text, "%c%s=", path->has_query ? '&' : '?', name));
    append_encoded(&path->text, value);
    path->has_query = true;
}
