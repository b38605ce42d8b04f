/* What a command is given as JSON: on the command line, in a file, or on its standard input. */
#ifndef CLI_JSON_INPUT_H
#define CLI_JSON_INPUT_H

#include <stddef.h>

#include "base/error.h"
#include "base/json_scan.h"

#define JSON_INPUT_MAX ((size_t)32 << 20)

/* Caller's storage; zeroed: there is none. */
struct json_input {
    char *text;              /* owned */
    struct json_slice value; /* in text, byte for byte, without white space around it; .data NULL: there is none */
};

/* given: the JSON itself, "@FILE", or "-" for the standard input; NULL: none. what: how the command calls it ("INPUT"),
 * for the error. INVALID_ARGUMENT: it cannot be read, is too long, or is not JSON. */
MUST_CHECK enum status json_input_read(const char *given, const char *what, struct json_input *out_input,
                                       struct error *error);
void json_input_deinit(struct json_input *input);

#endif
