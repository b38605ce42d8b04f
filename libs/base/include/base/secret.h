/* A secret that may change while we run: a text that stays, or a file that is read again when it changes.
 *
 * A file that changes gives the secret a new value; the one before it is still known for some time (the overlap), since
 * the two ends of a connection never see a change at the same moment. A file that is missing or empty for a while, as
 * during a replacement, leaves the last good value as it is; that is logged once.
 *
 * Time is passed in (clock_monotonic_ms). Any thread; the file is looked at outside of the lock. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct secret;

/* A secret from a file: white space at its end is cut off; secret_wipe it. INVALID_ARGUMENT: unreadable, empty, of more
 * than one line or over 64 KiB. */
MUST_CHECK enum status secret_read_file(const char *path, char **out_text, struct error *error);
/* Wipes and frees a text. NULL is fine. */
void secret_wipe(char *text);

struct secret *secret_new(const char *text);
/* INVALID_ARGUMENT as secret_read_file. overlap_ms 0: the old value ends with the change. */
MUST_CHECK enum status secret_new_from_file(const char *path, int64_t overlap_ms, struct secret **out_secret,
                                            struct error *error);
void secret_destroy(struct secret *secret); /* wipes; NULL is fine */

/* The value now, from the file if that has changed; the file is looked at once a second at the most. secret_wipe it. */
char *secret_current(struct secret *secret, int64_t now_ms);
/* The value before the last change while its overlap lasts; NULL: none. secret_wipe it. */
char *secret_previous(struct secret *secret, int64_t now_ms);
/* Somebody has another value than we: looks at the file at once. true: the value has changed by that. */
bool secret_look_again(struct secret *secret, int64_t now_ms);

#endif
