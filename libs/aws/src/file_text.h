/* A small file's text: profiles, tokens. Private to libs/aws. */
#ifndef AWS_SRC_FILE_TEXT_H
#define AWS_SRC_FILE_TEXT_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the whole file to out, which sets the limit. NOT_FOUND: there is none; INVALID_ARGUMENT: it cannot be read,
 * or is too long. Both name the path. What was read may be secret: the caller wipes it. */
MUST_CHECK enum status file_text_read(const char *path, struct buffer *out, struct error *error);

#endif
