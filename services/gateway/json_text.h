/* Small JSON objects written straight into a buffer: replies are short, many, and made of few kinds of members. */
#ifndef GATEWAY_JSON_TEXT_H
#define GATEWAY_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Members go between json_object_begin and json_object_end; commas are put where they are due. A text of NULL leaves
 * its member out. What passes the buffer's maximum is a bug of ours: sizes are limited where they come in. */
void json_object_begin(struct buffer *out);
void json_object_end(struct buffer *out);
void json_member_text(struct buffer *out, const char *name, const char *text);
void json_member_boolean(struct buffer *out, const char *name, bool value);
void json_member_integer(struct buffer *out, const char *name, int64_t value);
void json_member_time(struct buffer *out, const char *name, int64_t wall_ms); /* RFC 3339; 0: left out */
void json_member_raw(struct buffer *out, const char *name, const char *json, size_t length);

#endif
