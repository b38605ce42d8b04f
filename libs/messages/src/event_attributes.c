/* See event_attributes.h. */
#include "event_attributes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "crypto/encode.h"

#define ATTRIBUTES_MAX ((size_t)16 << 20) /* bytes; a request's headers are far shorter */
#define CONTENT_TYPE "datacontenttype"

/* Letters and digits: what CloudEvents lets a name be, once it is in lower case. */
static bool is_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return *name != '\0' && name[strspn(name, plain)] == '\0' && strcasecmp(name, "data") != 0 &&
           strcasecmp(name, CONTENT_TYPE) != 0;
}

/* A header's value in double quotes, with backslashes in it, is what stands between them. In place. */
static void unquote(char *text)
{
    size_t length = strlen(text);
    char *out = text;
    if (length < 2 || text[0] != '"' || text[length - 1] != '"') {
        return;
    }
    for (const char *next = text + 1; next < text + length - 1; next++) {
        next += *next == '\\' && next + 1 < text + length - 1 ? 1 : 0;
        *out++ = *next;
    }
    *out = '\0';
}

/* One round. What is no escape stays as it is, and so does %00. In place. */
static void percent_decode(char *text)
{
    char *out = text;
    for (const char *next = text; *next != '\0'; next++) {
        uint8_t byte = 0;
        if (*next == '%' && strnlen(next, 3) == 3 && crypto_hex_decode(next + 1, 2, &byte) && byte != 0) {
            *out++ = (char)byte;
            next += 2;
        } else {
            *out++ = *next;
        }
    }
    *out = '\0';
}

/* false: no UTF-8. */
static bool append(struct buffer *out, const char *name, const char *value)
{
    char *quoted = json_quote(value, strlen(value));
    if (quoted == NULL) {
        return false;
    }
    CHECK(buffer_append_string(out, out->length > 1 ? ",\"" : "\""));
    for (const char *letter = name; *letter != '\0'; letter++) {
        char lower = *letter >= 'A' && *letter <= 'Z' ? (char)(*letter - 'A' + 'a') : *letter;
        CHECK(buffer_append(out, &lower, 1));
    }
    CHECK(buffer_append_string(out, "\":") && buffer_append_string(out, quoted));
    free(quoted);
    return true;
}

static bool is_repeated(const struct event_headers *headers, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcasecmp(headers->attributes[i].name, headers->attributes[index].name) == 0) {
            return true;
        }
    }
    return false;
}

char *event_attributes_json(const struct event_headers *headers, size_t *out_length)
{
    struct buffer out;
    bool is_good = true;
    buffer_init(&out, ATTRIBUTES_MAX);
    CHECK(buffer_append_string(&out, "{"));
    for (size_t i = 0; is_good && i < headers->attribute_count; i++) {
        const struct event_header *header = &headers->attributes[i];
        if (!is_name(header->name)) {
            continue;
        }
        char *value = memory_copy_string(header->value);
        unquote(value);
        percent_decode(value);
        is_good = !is_repeated(headers, i) && append(&out, header->name, value);
        free(value);
    }
    is_good = is_good && (headers->content_type == NULL || append(&out, CONTENT_TYPE, headers->content_type));
    CHECK(buffer_append_string(&out, "}"));
    char *json = is_good ? buffer_take(&out, out_length) : NULL;
    buffer_deinit(&out);
    return json;
}
