/* Status names, which of them are worth a retry, and the text that people read. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"

const char *status_name(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return "ok";
    case STATUS_INVALID_ARGUMENT:
        return "invalid_argument";
    case STATUS_NOT_FOUND:
        return "not_found";
    case STATUS_ALREADY_EXISTS:
        return "already_exists";
    case STATUS_UNAUTHENTICATED:
        return "unauthenticated";
    case STATUS_PERMISSION_DENIED:
        return "permission_denied";
    case STATUS_FAILED_PRECONDITION:
        return "failed_precondition";
    case STATUS_RESOURCE_EXHAUSTED:
        return "resource_exhausted";
    case STATUS_TOO_LARGE:
        return "too_large";
    case STATUS_MALFORMED:
        return "malformed";
    case STATUS_UNAVAILABLE:
        return "unavailable";
    case STATUS_DEADLINE_EXCEEDED:
        return "deadline_exceeded";
    case STATUS_CANCELED:
        return "canceled";
    case STATUS_UNIMPLEMENTED:
        return "unimplemented";
    case STATUS_INTERNAL:
        return "internal";
    }
    return "unknown";
}

bool status_is_retryable(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED || status == STATUS_RESOURCE_EXHAUSTED;
}

void error_init(struct error *error)
{
    *error = (struct error){.status = STATUS_OK};
}

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_set_v(error, status, format, arguments);
    va_end(arguments);
    return status;
}

enum status error_set_v(struct error *error, enum status status, const char *format, va_list arguments)
{
    if (error != NULL) {
        /* Formatted aside first: an argument may be the error's own text. */
        char text[ERROR_TEXT_SIZE];
        int length = vsnprintf(text, sizeof text, format, arguments);
        CHECK(length >= 0);
        text[utf8_cut(text, strlen(text))] = '\0';
        memcpy(error->text, text, sizeof text);
        error->status = status;
        error->retryable = status_is_retryable(status);
        error->peer_code = 0;
    }
    return status;
}

void error_prefix(struct error *error, const char *format, ...)
{
    if (error == NULL) {
        return;
    }
    char prefix[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int formatted = vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    CHECK(formatted >= 0);

    size_t prefix_length = strlen(prefix);
    size_t old_length = strnlen(error->text, sizeof error->text - 1);
    size_t room = sizeof error->text - 1 - prefix_length;
    size_t kept = old_length < room ? old_length : room;
    memmove(error->text + prefix_length, error->text, kept);
    memcpy(error->text, prefix, prefix_length);
    error->text[prefix_length + kept] = '\0';
    error->text[utf8_cut(error->text, prefix_length + kept)] = '\0';
}
