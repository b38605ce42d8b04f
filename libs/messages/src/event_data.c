/* See event_data.h. */
#include "event_data.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "base/percent.h"
#include "crypto/encode.h"

#define WHOLE_MAX ((size_t)256 << 20) /* a body is shorter */

/* ---- media types ---- */

static bool ends_in(const char *text, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length > end_length && strncasecmp(text + length - end_length, end, end_length) == 0;
}

/* The type without parameters and white space around it. */
static size_t trim_type(const char **type)
{
    *type += strspn(*type, " \t");
    return strcspn(*type, " \t;");
}

static bool is_json_type(const char *type)
{
    size_t length = trim_type(&type);
    return ends_in(type, length, "/json") || ends_in(type, length, "+json");
}

static bool is_text_type(const char *type)
{
    size_t length = trim_type(&type);
    const char *charset = strcasestr(type + length, "charset=");
    if (charset != NULL) {
        charset += strlen("charset=");
        charset += *charset == '"' ? 1 : 0;
        if (strncasecmp(charset, "utf-8", 5) != 0 && strncasecmp(charset, "us-ascii", 8) != 0) {
            return false;
        }
    }
    return strncasecmp(type, "text/", 5) == 0 || ends_in(type, length, "/xml") || ends_in(type, length, "+xml");
}

/* ---- reading ---- */

bool event_data_of_bytes(struct event *event, const char *content_type, const char *bytes, size_t length)
{
    if (content_type != NULL && is_json_type(content_type)) {
        event->content = EVENT_CONTENT_JSON;
        return json_scan_value(bytes, length, &event->data);
    }
    char *text = content_type != NULL && is_text_type(content_type) ? json_quote(bytes, length) : NULL;
    if (text != NULL) {
        event->owned_data = text;
        event->data = (struct json_slice){.data = text, .length = strlen(text)};
        event->content = EVENT_CONTENT_TEXT;
    } else {
        event->bytes = bytes;
        event->bytes_length = length;
        event->content = EVENT_CONTENT_BYTES;
    }
    return true;
}

/* Without a media type bytes are bytes. */
static void read_base64(struct event *event, struct json_slice base64, const char *content_type)
{
    size_t text_length = 0;
    size_t length = 0;
    char *text = json_scan_string(base64, &text_length);
    uint8_t *bytes = text != NULL ? crypto_base64_decode(text, text_length, &length) : NULL;
    free(text);
    if (bytes == NULL) {
        event->defect = "expected base64 in data_base64";
        return;
    }
    if (!event_data_of_bytes(event, content_type, (const char *)bytes, length)) {
        event->defect = "expected JSON in data_base64, which datacontenttype says";
    }
    if (event->owned_data == NULL) { /* what the data lies in */
        event->owned_data = (char *)bytes;
    } else {
        free(bytes);
    }
}

void event_data_of_members(struct event *event, struct json_slice data, struct json_slice base64,
                           struct json_slice content_type)
{
    bool is_string = data.data != NULL && data.data[0] == '"';
    if (data.data != NULL && base64.data != NULL) {
        event->defect = "expected data or data_base64, not both";
        return;
    }
    event->data = data;
    event->content = data.data != NULL ? EVENT_CONTENT_JSON : EVENT_CONTENT_NONE;
    if (!is_string && base64.data == NULL) {
        return;
    }
    char *type = content_type.data != NULL ? json_scan_string(content_type, NULL) : NULL;
    if (base64.data != NULL) {
        read_base64(event, base64, type);
    } else if (type != NULL && !is_json_type(type)) {
        event->content = EVENT_CONTENT_TEXT;
    }
    free(type);
}

/* ---- writing ---- */

char *event_data_copy(const struct event *event, size_t *out_length)
{
    switch (event->content) {
    case EVENT_CONTENT_JSON:
        *out_length = event->data.length;
        return memory_copy(event->data.data, event->data.length);
    case EVENT_CONTENT_TEXT:
        return json_scan_string(event->data, out_length);
    case EVENT_CONTENT_BYTES:
        *out_length = event->bytes_length;
        return memory_copy(event->bytes, event->bytes_length);
    case EVENT_CONTENT_NONE:
        break;
    }
    *out_length = 0;
    return memory_copy("", 0);
}

static void append_data(struct buffer *out, const struct event *event)
{
    if (event->content == EVENT_CONTENT_BYTES) {
        char *base64 = crypto_base64_encode(event->bytes, event->bytes_length);
        CHECK(buffer_append_string(out, ",\"data_base64\":\"") && buffer_append_string(out, base64) &&
              buffer_append_string(out, "\""));
        free(base64);
    } else if (event->content != EVENT_CONTENT_NONE) {
        CHECK(buffer_append_string(out, ",\"data\":") && buffer_append(out, event->data.data, event->data.length));
    }
    CHECK(buffer_append_string(out, "}"));
}

/* false: the message ID is no UTF-8. */
static bool append_plain(struct buffer *out, const struct event *event, const char *route)
{
    char *id = json_quote(event->message_id, strlen(event->message_id));
    if (id == NULL) {
        return false;
    }
    char *name = percent_encode(route);
    CHECK(buffer_append_string(out, "{\"specversion\":\"1.0\",\"type\":\"" EVENT_PLAIN_TYPE
                                    "\",\"datacontenttype\":\"application/json\",\"source\":\"/v1/routes/"));
    CHECK(buffer_append_string(out, name) && buffer_append_string(out, "\",\"id\":") && buffer_append_string(out, id));
    free(name);
    free(id);
    return true;
}

char *event_data_whole(const struct event *event, const char *route, size_t *out_length)
{
    struct buffer out;
    buffer_init(&out, WHOLE_MAX);
    if (event->json.data != NULL) {
        CHECK(buffer_append(&out, event->json.data, event->json.length - 1)); /* but for its brace */
    } else if (!append_plain(&out, event, route)) {
        buffer_deinit(&out);
        return NULL;
    }
    append_data(&out, event);
    return buffer_take(&out, out_length);
}
