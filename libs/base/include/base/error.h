/* Status and error: the status steers the caller, the error tells people what was wrong and what to do.
 *
 * A fallible function returns MUST_CHECK enum status and takes a struct error * as its last parameter, which may be
 * NULL. It leaves its outputs untouched on failure. An error is set once, where it happens, with its retryability
 * decided there; callers add context with error_prefix() or handle it. Nobody both logs and returns an error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/attributes.h"

enum status {
    STATUS_OK = 0,
    STATUS_INVALID_ARGUMENT,    /* the caller's or user's input is wrong: the same call fails again */
    STATUS_NOT_FOUND,           /* the named thing does not exist */
    STATUS_ALREADY_EXISTS,      /* the thing to be made is there already */
    STATUS_UNAUTHENTICATED,     /* no or wrong credentials */
    STATUS_PERMISSION_DENIED,   /* credentials without the right to do this */
    STATUS_FAILED_PRECONDITION, /* not in this state */
    STATUS_RESOURCE_EXHAUSTED,  /* a quota or rate limit: later may work */
    STATUS_TOO_LARGE,           /* over a named limit: the same bytes never fit */
    STATUS_MALFORMED,           /* bytes from a peer or file that do not parse */
    STATUS_UNAVAILABLE,         /* the peer cannot be reached or says it cannot serve now */
    STATUS_DEADLINE_EXCEEDED,   /* no answer in time: what was asked may have happened */
    STATUS_CANCELED,            /* given up on request */
    STATUS_UNIMPLEMENTED,       /* the peer does not know this call */
    STATUS_INTERNAL             /* a peer's or our own fault that fits nowhere else */
};

#define ERROR_TEXT_SIZE 512

/* Caller's storage; error_init() or = {0} makes it empty. text is UTF-8, cut at the size, always terminated. */
struct error {
    enum status status;
    bool retryable; /* the same call may succeed later */
    int peer_code;  /* gRPC's number where a gRPC server said it; 0: no such server did */
    char text[ERROR_TEXT_SIZE];
};

/* "unavailable", "not_found" ...: for logs and metrics. */
const char *status_name(enum status status);

/* UNAVAILABLE, DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED are retryable by nature. */
bool status_is_retryable(enum status status);

void error_init(struct error *error);

/* Sets status, text and the status's own retryability; returns status so that one can `return error_set(...)`.
 * error may be NULL. */
enum status error_set(struct error *error, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);
enum status error_set_v(struct error *error, enum status status, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

/* Puts context in front of the text ("reading /etc/ferry.yaml: " ...); keeps status and retryability. */
void error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
