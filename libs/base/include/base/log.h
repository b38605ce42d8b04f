/* Structured logs: one event, one line on standard error... or wherever log_configure says. JSON:
 *   {"time":"2026-11-23T14:45:00.123Z","level":"info","service":"ferry-poller","msg":"message received",
 *    "message_id":"…"}
 * The message is a constant sentence; data goes into fields. No secrets, receipt handles or message bodies there. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };
enum log_field_kind { LOG_FIELD_STRING, LOG_FIELD_INTEGER, LOG_FIELD_BOOLEAN, LOG_FIELD_DOUBLE, LOG_FIELD_RAW_JSON };

struct log_field {
    const char *key;
    enum log_field_kind kind;
    union {
        const char *string; /* NULL: the field is left out; invalid UTF-8 is replaced */
        int64_t integer;
        bool boolean;
        double number;
    } value;
};

#define LOG_STRING(name, text) {.key = (name), .kind = LOG_FIELD_STRING, .value = {.string = (text)}}
#define LOG_INTEGER(name, number_) {.key = (name), .kind = LOG_FIELD_INTEGER, .value = {.integer = (int64_t)(number_)}}
#define LOG_BOOLEAN(name, truth) {.key = (name), .kind = LOG_FIELD_BOOLEAN, .value = {.boolean = (truth)}}
#define LOG_DOUBLE(name, number_) {.key = (name), .kind = LOG_FIELD_DOUBLE, .value = {.number = (number_)}}
/* text is one JSON value, put into the line as it is (text format: as text). */
#define LOG_RAW_JSON(name, text) {.key = (name), .kind = LOG_FIELD_RAW_JSON, .value = {.string = (text)}}
/* An error's text and status as one field each. */
#define LOG_ERROR(error_) LOG_STRING("error", (error_)->text), LOG_STRING("status", status_name((error_)->status))

struct log_options {
    const char *service;  /* kept by reference: a constant */
    enum log_level level;
    enum log_format format;
    int file_descriptor;  /* 1 in the services: standard output */
};

/* Once, before threads start. */
void log_configure(const struct log_options *options);
/* LOG_LEVEL: debug|info|warn|error, LOG_FORMAT: json|text. INVALID_ARGUMENT names the variable and what it takes. */
MUST_CHECK enum status log_options_from_environment(struct log_options *options, struct error *error);
bool log_is_enabled(enum log_level level);

/* Any thread; a line is written with one write(). Lines over 64 KiB have their longest field cut. */
void log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);

/* log_event(LOG_LEVEL_INFO, "message received", LOG_STRING("message_id", id), LOG_INTEGER("receive_count", n)); */
#define log_event(level, message, ...)                                                                     \
    do {                                                                                                   \
        if (log_is_enabled(level)) {                                                                       \
            const struct log_field log_fields_[] = {__VA_ARGS__};                                          \
            log_write((level), (message), log_fields_, sizeof log_fields_ / sizeof log_fields_[0]);        \
        }                                                                                                  \
    } while (0)
#define log_plain(level, message) log_write((level), (message), NULL, 0)

/* Lets a repeated message through at most once per interval and counts what it held back. */
struct log_limiter {
    int64_t next_ms;
    int64_t suppressed;
};
/* true: log now; *out_suppressed is how many were held back since the last one. One owner. */
bool log_limiter_allows(struct log_limiter *limiter, int64_t interval_ms, int64_t *out_suppressed);

#endif
