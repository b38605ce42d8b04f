/* See json_body.h. */
#include "json_body.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void json_body_begin(struct json_body *body)
{
    buffer_init(&body->text, JSON_BODY_MAX);
    body->has_members = false;
    CHECK(buffer_append_string(&body->text, "{"));
}

void json_body_end(struct json_body *body)
{
    CHECK(buffer_append_string(&body->text, "}"));
}

void json_body_deinit(struct json_body *body)
{
    buffer_deinit(&body->text);
}

/* The last byte is kept for the closing brace. */
static bool append(struct json_body *body, const char *bytes, size_t length)
{
    return body->text.length + length < JSON_BODY_MAX && buffer_append(&body->text, bytes, length);
}

enum status json_body_raw(struct json_body *body, const char *name, struct json_slice value, struct error *error)
{
    char *quoted = json_quote(name, strlen(name));
    if (quoted == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected UTF-8 as the name of a member");
    }
    bool fits = (!body->has_members || append(body, ",", 1)) && append(body, quoted, strlen(quoted)) &&
                append(body, ":", 1) && append(body, value.data, value.length);
    free(quoted);
    body->has_members = true;
    return fits ? STATUS_OK
                : error_set(error, STATUS_INVALID_ARGUMENT, "%s: the request is longer than %zu MiB", name,
                            JSON_BODY_MAX >> 20);
}

enum status json_body_text(struct json_body *body, const char *name, const char *text, struct error *error)
{
    if (text == NULL) {
        return STATUS_OK;
    }
    char *quoted = json_quote(text, strlen(text));
    if (quoted == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected UTF-8", name);
    }
    enum status status = json_body_raw(body, name, (struct json_slice){quoted, strlen(quoted)}, error);
    free(quoted);
    return status;
}

enum status json_body_number(struct json_body *body, const char *name, int64_t number, struct error *error)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    CHECK(length > 0 && (size_t)length < sizeof text);
    return json_body_raw(body, name, (struct json_slice){text, (size_t)length}, error);
}
