/* Appends JSON string literals to a buffer. Private to base. */
#ifndef BASE_SRC_JSON_TEXT_H
#define BASE_SRC_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"

/* With quotes. Bytes that are no valid UTF-8 become U+FFFD, one for each. false: the buffer's maximum was reached;
 * the buffer may then end inside the literal. */
MUST_CHECK bool json_text_append(struct buffer *out, const char *text, size_t length);

#endif
