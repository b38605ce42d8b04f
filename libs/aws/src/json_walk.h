/* Walks the members of a JSON object or the elements of an array in one pass, over text that json_scan_value() has
 * found valid (on other text the walk ends early; it never leaves it). Nothing is copied. Private to libs/aws. */
#ifndef AWS_SRC_JSON_WALK_H
#define AWS_SRC_JSON_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_scan.h"

struct json_walk {
    const char *at;
    const char *end; /* at the closing bracket */
};

/* false: not an object / not an array. */
MUST_CHECK bool json_walk_object(struct json_slice value, struct json_walk *out);
MUST_CHECK bool json_walk_array(struct json_slice value, struct json_walk *out);

/* false: the end. out_name is raw, with its quotes. */
MUST_CHECK bool json_walk_member(struct json_walk *walk, struct json_slice *out_name, struct json_slice *out_value);
MUST_CHECK bool json_walk_element(struct json_walk *walk, struct json_slice *out_value);

/* Is the raw string `name` this text, after unescaping? */
MUST_CHECK bool json_walk_text_is(struct json_slice name, const char *text);
static inline bool json_walk_is_string(struct json_slice value)
{
    return value.data != NULL && value.length >= 2 && value.data[0] == '"';
}
bool json_walk_has_escapes(struct json_slice string);
/* A decimal integer, as a number or inside a string; 0 where it is none or does not fit. */
int64_t json_walk_integer(struct json_slice value);

#endif
