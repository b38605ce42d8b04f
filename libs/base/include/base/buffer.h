/* Growing bytes with a mandatory maximum. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/* Read the members, change them only through the functions below. data is always terminated by a zero byte that
 * length does not count; data is NULL while nothing was added. */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t maximum; /* bytes: an append beyond it fails and changes nothing */
};

void buffer_init(struct buffer *buffer, size_t maximum);
void buffer_deinit(struct buffer *buffer); /* frees; the buffer is empty and usable again */
void buffer_clear(struct buffer *buffer);  /* keeps the memory */

/* false: the maximum would be passed; the buffer is unchanged. */
MUST_CHECK bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);
MUST_CHECK bool buffer_append_string(struct buffer *buffer, const char *text);
MUST_CHECK bool buffer_append_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds length bytes (at least one), which the caller fills at once: where they begin. NULL: as above. */
MUST_CHECK char *buffer_extend(struct buffer *buffer, size_t length);

/* Moves the bytes out (free() them); the buffer is empty afterwards. Never NULL. */
char *buffer_take(struct buffer *buffer, size_t *out_length);

#endif
