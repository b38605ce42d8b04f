/* Arguments of workflows, signals, queries and updates, as slices of the JSON that carries them. Pure. */
#ifndef GATEWAY_ARGUMENTS_H
#define GATEWAY_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "temporal/payload.h"

#define ARGUMENTS_MAX ((size_t)256)

struct arguments {
    struct temporal_payload *payloads; /* slices of the text; NULL: none */
    size_t count;
};

/* value is the one argument. */
void arguments_set_one(struct arguments *arguments, struct json_slice value);
/* Each element of the array that value is. INVALID_ARGUMENT: it is none, or too long; name says whose value it is. */
MUST_CHECK enum status arguments_set_list(struct arguments *arguments, const char *name, struct json_slice value,
                                          struct error *error);
/* A whole body: one argument, or with is_list an array of them; an empty one is none. MALFORMED: not JSON. */
MUST_CHECK enum status arguments_of_body(const char *body, size_t length, bool is_list,
                                         struct arguments *out_arguments, struct error *error);
void arguments_deinit(struct arguments *arguments);

#endif
