/* Members of small JSON objects in requests, read by a table: each name with what reads its value. Pure. */
#ifndef GATEWAY_JSON_MEMBER_H
#define GATEWAY_JSON_MEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_scan.h"

#define JSON_MEMBER_READERS_MAX 32

struct json_member {
    const char *name; /* as errors call it: "retryPolicy.maximumAttempts" */
    struct json_slice value;
};

/* out: what the value goes to, as the reader has it. */
typedef enum status json_member_read_fn(const struct json_member *member, void *out, struct error *error);

struct json_member_reader {
    const char *name;
    json_member_read_fn *read;
    size_t offset; /* of what it goes to, in the struct that the object goes to */
};

/* prefix: the object's own name. INVALID_ARGUMENT: not an object; a name that no reader has; one that occurs twice;
 * what a reader says. object is valid JSON. count: up to JSON_MEMBER_READERS_MAX. */
MUST_CHECK enum status json_member_read_object(struct json_slice object, const char *prefix,
                                               const struct json_member_reader *readers, size_t count, void *out,
                                               struct error *error);

/* The same for a whole body. MALFORMED: it is not valid JSON; then no reader has been called. */
MUST_CHECK enum status json_member_read_body(const char *body, size_t length, const struct json_member_reader *readers,
                                             size_t count, void *out, struct error *error);

/* Readers. INVALID_ARGUMENT: the value is of another kind, or outside its limits. */
json_member_read_fn json_member_read_text;     /* char *: not empty; free() it */
json_member_read_fn json_member_read_duration; /* int64_t: a text as duration.h has it, or a number of seconds */

/* What readers are made of. */
MUST_CHECK enum status json_member_read_number(const struct json_member *member, double minimum, double maximum,
                                               double *out_number, struct error *error);
MUST_CHECK enum status json_member_read_whole(const struct json_member *member, double minimum, double maximum,
                                              int64_t *out_number, struct error *error);
/* words: a NULL-terminated list. */
MUST_CHECK enum status json_member_read_word(const struct json_member *member, const char *const *words,
                                             size_t *out_index, struct error *error);

#endif
