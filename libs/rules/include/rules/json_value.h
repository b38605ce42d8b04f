/* JSON text to jansson values as the rules of this library want them: schemas and filters see the same value. Pure. */
#ifndef RULES_JSON_VALUE_H
#define RULES_JSON_VALUE_H

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

/* One JSON value of any kind with white space around it; \u0000 in strings is kept; of a name that occurs twice the
 * last one counts. json_decref() the value.
 * Integers beyond 64 bits do not fit into jansson: where a text holds one, all its integers are read as reals, so that
 * values beyond 2^53 are rounded in it. Rules that compare numbers hold all the same, up to that rounding.
 * MALFORMED: no JSON, nested deeper than jansson's 2,048 levels, or a number beyond a double's range; the error's text
 * has the line and the column, and nothing of the text itself. */
MUST_CHECK enum status json_value_parse(const char *text, size_t length, json_t **out_value, struct error *error);

#endif
