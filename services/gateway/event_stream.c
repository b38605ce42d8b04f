/* See event_stream.h. */
#include "event_stream.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"

#define DIGITS_MAX 18 /* fit an int64_t */
#define RUN_ID_MAX 128

static bool append_line(struct buffer *out, const char *field, const char *value, size_t length)
{
    return buffer_append_string(out, field) && buffer_append(out, ": ", 2) && buffer_append(out, value, length) &&
           buffer_append(out, "\n", 1);
}

static size_t line_length(const char *data, size_t length)
{
    size_t count = 0;
    while (count < length && data[count] != '\n' && data[count] != '\r') {
        count++;
    }
    return count;
}

bool event_stream_append(struct buffer *out, const char *id, const char *name, const char *data, size_t length)
{
    bool fits = (id == NULL || append_line(out, "id", id, strlen(id))) && append_line(out, "event", name, strlen(name));
    for (size_t at = 0; fits && at <= length;) {
        size_t line = line_length(data + at, length - at);
        fits = append_line(out, "data", data + at, line);
        at += line;
        at += at + 1 < length && data[at] == '\r' && data[at + 1] == '\n' ? 2 : 1;
    }
    return fits && buffer_append(out, "\n", 1);
}

char *event_stream_position_text(const char *run_id, int64_t event_id)
{
    return memory_format("%s/%" PRId64, run_id, event_id);
}

enum status event_stream_position_read(const char *text, struct event_stream_position *out_position,
                                       struct error *error)
{
    struct event_stream_position position = {0};
    const char *slash = text != NULL ? strrchr(text, '/') : NULL;
    const char *digits = slash != NULL ? slash + 1 : text;
    if (text == NULL || *text == '\0') {
        *out_position = position;
        return STATUS_OK;
    }
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > DIGITS_MAX || digits[count] != '\0' || slash == text ||
        (slash != NULL && slash - text > RUN_ID_MAX)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "Last-Event-ID: expected the id of an event of this stream, or the number of an event");
    }
    for (const char *digit = digits; *digit != '\0'; digit++) {
        position.event_id = 10 * position.event_id + (*digit - '0');
    }
    position.run_id = slash != NULL ? memory_format("%.*s", (int)(slash - text), text) : NULL;
    *out_position = position;
    return STATUS_OK;
}
