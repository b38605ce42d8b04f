/* The JSON object that a request sends: values that are payloads stand in it byte for byte. Pure. */
#ifndef CLI_JSON_BODY_H
#define CLI_JSON_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_scan.h"

#define JSON_BODY_MAX ((size_t)64 << 20) /* the gateway's own limit is below it */

struct json_body {
    struct buffer text;
    bool has_members;
};

void json_body_begin(struct json_body *body);
void json_body_end(struct json_body *body); /* .text is the object now */
void json_body_deinit(struct json_body *body);

/* value: JSON as it is. Like all of these: INVALID_ARGUMENT: too long, or the text is not UTF-8. */
MUST_CHECK enum status json_body_raw(struct json_body *body, const char *name, struct json_slice value,
                                     struct error *error);
/* NULL is left out. */
MUST_CHECK enum status json_body_text(struct json_body *body, const char *name, const char *text, struct error *error);
MUST_CHECK enum status json_body_number(struct json_body *body, const char *name, int64_t number, struct error *error);

#endif
