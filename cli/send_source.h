/* Where the bodies of `ferry send` come from: an argument, a file or stdin, whole or line by line. */
#ifndef CLI_SEND_SOURCE_H
#define CLI_SEND_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SEND_BODY_MAX ((size_t)1 << 20) /* bytes: SQS takes no more */

struct send_source;

/* argument: the body itself; "@FILE": what stands in the file; "-": what comes on stdin. is_lines: each of its lines is
 * a body; else the whole is one, which is given out count times. INVALID_ARGUMENT: the file cannot be read, lines are
 * asked of an argument. */
MUST_CHECK enum status send_source_new(const char *argument, bool is_lines, int64_t count,
                                       struct send_source **out_source, struct error *error);
void send_source_destroy(struct send_source *source); /* NULL is fine */

/* The next body, which is valid until the next call. *out_body NULL: there is none. Empty lines are left out, and a
 * carriage return at a line's end. INVALID_ARGUMENT: it is empty, longer than SEND_BODY_MAX, or no UTF-8; the text
 * has the line. */
MUST_CHECK enum status send_source_next(struct send_source *source, const char **out_body, size_t *out_length,
                                        struct error *error);

#endif
