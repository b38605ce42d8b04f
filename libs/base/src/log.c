/* Structured logs: one event, one line, one write. */
#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "json_text.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)

/* Written by log_configure before threads start, read-only afterwards. */
static struct log_options s_options = {
    .service = "ferry", .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON, .file_descriptor = STDERR_FILENO};

static const char *const s_level_names[] = {"debug", "info", "warn", "error"};
static const char *const s_level_labels[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

void log_configure(const struct log_options *options)
{
    CHECK(options->service != NULL);
    s_options = *options;
}

enum status log_options_from_environment(struct log_options *options, struct error *error)
{
    struct log_options result = *options;
    const char *level = getenv("LOG_LEVEL");
    if (level != NULL && level[0] != '\0') {
        size_t i = 0;
        while (i < sizeof s_level_names / sizeof s_level_names[0] && strcasecmp(level, s_level_names[i]) != 0) {
            i++;
        }
        if (i == sizeof s_level_names / sizeof s_level_names[0]) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "LOG_LEVEL: expected debug, info, warn or error, not \"%.40s\"", level);
        }
        result.level = (enum log_level)i;
    }
    const char *format = getenv("LOG_FORMAT");
    if (format != NULL && format[0] != '\0') {
        if (strcasecmp(format, "json") == 0) {
            result.format = LOG_FORMAT_JSON;
        } else if (strcasecmp(format, "text") == 0) {
            result.format = LOG_FORMAT_TEXT;
        } else {
            return error_set(error, STATUS_INVALID_ARGUMENT, "LOG_FORMAT: expected json or text, not \"%.40s\"",
                             format);
        }
    }
    *options = result;
    return STATUS_OK;
}

bool log_is_enabled(enum log_level level)
{
    return level >= s_options.level;
}

/* A text of which only so much is shown; text_limit is what makes a line fit at last. */
static bool append_quoted(struct buffer *line, const char *text, size_t text_limit)
{
    size_t length = strlen(text);
    if (length <= text_limit) {
        return json_text_append(line, text, length);
    }
    if (!json_text_append(line, text, utf8_cut(text, text_limit))) {
        return false;
    }
    line->length--; /* the closing quote moves behind the mark */
    return buffer_append_string(line, "\u2026\"");
}

static bool append_double(struct buffer *line, double number)
{
    if (!isfinite(number)) {
        return buffer_append_string(line, "null"); /* JSON has no infinities */
    }
    return buffer_append_format(line, "%.15g", number);
}

static bool append_json_value(struct buffer *line, const struct log_field *field, size_t text_limit)
{
    switch (field->kind) {
    case LOG_FIELD_STRING:
        return append_quoted(line, field->value.string, text_limit);
    case LOG_FIELD_INTEGER:
        return buffer_append_format(line, "%lld", (long long)field->value.integer);
    case LOG_FIELD_BOOLEAN:
        return buffer_append_string(line, field->value.boolean ? "true" : "false");
    case LOG_FIELD_DOUBLE:
        return append_double(line, field->value.number);
    case LOG_FIELD_RAW_JSON:
        if (strlen(field->value.string) > text_limit) {
            return append_quoted(line, field->value.string, text_limit); /* cut JSON is no JSON: show it as text */
        }
        return buffer_append_string(line, field->value.string);
    }
    return true;
}

static bool is_left_out(const struct log_field *field)
{
    bool is_text = field->kind == LOG_FIELD_STRING || field->kind == LOG_FIELD_RAW_JSON;
    return is_text && field->value.string == NULL;
}

static bool append_json_line(struct buffer *line, enum log_level level, const char *message,
                             const struct log_field *fields, size_t count, size_t text_limit)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall_ms(), now);
    if (!buffer_append_string(line, "{\"time\":\"") || !buffer_append_string(line, now) ||
        !buffer_append_string(line, "\",\"level\":\"") || !buffer_append_string(line, s_level_names[level]) ||
        !buffer_append_string(line, "\",\"service\":") || !append_quoted(line, s_options.service, text_limit) ||
        !buffer_append_string(line, ",\"msg\":") ||
        !append_quoted(line, message, text_limit)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(&fields[i])) {
            continue;
        }
        if (!buffer_append_string(line, ",") || !append_quoted(line, fields[i].key, text_limit) ||
            !buffer_append_string(line, ":") || !append_json_value(line, &fields[i], text_limit)) {
            return false;
        }
    }
    return buffer_append_string(line, "}\n");
}

/* Bare where nobody can misread it, else as a JSON string: no text can forge a line or a field. */
static bool append_text(struct buffer *line, const char *text, size_t text_limit, bool may_have_spaces)
{
    size_t length = strlen(text);
    bool is_plain = length > 0 && length <= text_limit && utf8_is_valid(text, length);
    for (size_t i = 0; is_plain && i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        is_plain = byte > 0x20 && byte != 0x7F && byte != '"' && byte != '\\' && byte != '=';
        is_plain = is_plain || (may_have_spaces && (byte == ' ' || byte == '"' || byte == '='));
    }
    return is_plain ? buffer_append(line, text, length) : append_quoted(line, text, text_limit);
}

static bool append_text_value(struct buffer *line, const struct log_field *field, size_t text_limit)
{
    if (field->kind == LOG_FIELD_STRING || field->kind == LOG_FIELD_RAW_JSON) {
        return append_text(line, field->value.string, text_limit, false);
    }
    return append_json_value(line, field, text_limit);
}

static bool append_text_line(struct buffer *line, enum log_level level, const char *message,
                             const struct log_field *fields, size_t count, size_t text_limit)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(clock_wall_ms(), now);
    if (!buffer_append_format(line, "%s %s ", now, s_level_labels[level]) ||
        !append_text(line, s_options.service, text_limit, false) || !buffer_append_string(line, ": ") ||
        !append_text(line, message, text_limit, true)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(&fields[i])) {
            continue;
        }
        if (!buffer_append_string(line, " ") || !append_text(line, fields[i].key, text_limit, false) ||
            !buffer_append_string(line, "=") || !append_text_value(line, &fields[i], text_limit)) {
            return false;
        }
    }
    return buffer_append_string(line, "\n");
}

/* One write(); what a pipe did not take at once follows. A reader that is gone costs the line, not the service. */
static void write_line(const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(s_options.file_descriptor, data, length);
        if (written >= 0) {
            data += written;
            length -= (size_t)written;
            continue;
        }
        if (errno == EAGAIN) {
            struct pollfd ready = {.fd = s_options.file_descriptor, .events = POLLOUT};
            (void)poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    if (!log_is_enabled(level)) {
        return;
    }
    int saved_errno = errno;
    struct buffer line;
    buffer_init(&line, LINE_MAX_BYTES);
    bool is_complete = false;
    /* Every text longer than the limit is cut to it; the limit shrinks until the line fits. */
    for (size_t text_limit = LINE_MAX_BYTES; !is_complete && text_limit > 0; text_limit /= 2) {
        buffer_clear(&line);
        is_complete = s_options.format == LOG_FORMAT_JSON
                          ? append_json_line(&line, level, message, fields, count, text_limit)
                          : append_text_line(&line, level, message, fields, count, text_limit);
    }
    CHECK(is_complete); /* thousands of fields in one line are our own doing */
    write_line(line.data, line.length);
    buffer_deinit(&line);
    errno = saved_errno;
}

bool log_limiter_allows(struct log_limiter *limiter, int64_t interval_ms, int64_t *out_suppressed)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < limiter->next_ms) {
        limiter->suppressed++;
        return false;
    }
    if (out_suppressed != NULL) {
        *out_suppressed = limiter->suppressed;
    }
    limiter->next_ms = now_ms + interval_ms;
    limiter->suppressed = 0;
    return true;
}
