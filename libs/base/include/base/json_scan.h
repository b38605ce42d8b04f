/* Finds the raw bytes of a value inside a JSON text, so that a payload passes byte for byte: jansson alters what it
 * parses and prints (big integers, 1.00, duplicate keys). Pure; depth-limited; never allocates beyond its outputs.
 * An escaped surrogate without its partner ("\ud800") makes a text invalid, as for jansson: it has no UTF-8 form. */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

#define JSON_SCAN_DEPTH_MAX 512

struct json_slice {
    const char *data; /* NULL: not there */
    size_t length;    /* without surrounding white space */
};

/* true: text is exactly one valid JSON value (RFC 8259, valid UTF-8) with white space around it;
 * *out_value (may be NULL) is that value. */
MUST_CHECK bool json_scan_value(const char *text, size_t length, struct json_slice *out_value);

/* The raw value of a member of the object that text is. A name that occurs twice: the last one, as jansson reads it.
 * .data NULL: text is not an object, not valid JSON, or has no such member. Names are compared after unescaping. */
struct json_slice json_scan_member(const char *text, size_t length, const char *name);

/* The same for several names in one pass: cheaper than asking for one after the other. out_values and names: count
 * each. */
void json_scan_members(const char *text, size_t length, const char *const *names, struct json_slice *out_values,
                       size_t count);

/* Walks the elements of the array that text is: *position starts at 0. false: end, or not a valid array. */
bool json_scan_element(const char *text, size_t length, size_t *position, struct json_slice *out_element);

/* The same for the members of the object that text is, in their order; a name that occurs twice comes twice. out_name
 * is the raw string with its quotes. */
bool json_scan_next_member(const char *text, size_t length, size_t *position, struct json_slice *out_name,
                           struct json_slice *out_value);

/* The unescaped text of a string value, zero-terminated beyond *out_length; free() it. NULL: not a string. A \u0000
 * inside is kept: look at *out_length. */
char *json_scan_string(struct json_slice value, size_t *out_length);
/* The same into value.length bytes of the caller's, which false leaves in any state. out_length may be NULL. */
MUST_CHECK bool json_scan_string_into(struct json_slice value, char *out, size_t *out_length);

/* One JSON string literal with quotes, escaped as RFC 8259 needs it; free() it. Invalid UTF-8 gives NULL. */
char *json_quote(const char *text, size_t length);

#endif
