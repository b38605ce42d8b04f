/* JSON Schema, draft 2020-12: the subset of docs/schema.md. A schema beyond it is refused when it is compiled; what is
 * compiled means what the draft says (docs/adr/0015). Pure; tested with the official test suite. */
#ifndef RULES_JSON_SCHEMA_H
#define RULES_JSON_SCHEMA_H

#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"

#define JSON_SCHEMA_VALUES_MAX 100000U   /* JSON values in a schema, those in enum and const counted */
#define JSON_SCHEMA_NESTING_MAX 128U     /* levels of objects and arrays in a schema */
#define JSON_SCHEMA_DEPTH_MAX 1024U      /* schemas applied within each other while a value is validated */
#define JSON_SCHEMA_WORK_MAX 4000000U    /* steps of one validation: schemas applied, members, comparisons, regexes */

/* Immutable once compiled: any thread may validate with it at any time. */
struct json_schema;

/* Keeps nothing of schema. INVALID_ARGUMENT: not a valid schema, or beyond the subset (another $schema, a remote $ref,
 * an unknown keyword, ...); TOO_LARGE: over a limit above. The text names the place as a JSON pointer into the schema,
 * what is wrong there and what to do: "/properties/amount/minimum: expected a number". */
MUST_CHECK enum status json_schema_compile(const json_t *schema, struct json_schema **out_schema, struct error *error);
void json_schema_destroy(struct json_schema *schema); /* NULL is fine */

/* value is only read; make it with json_value_parse(). false: why (may be NULL) has the place in the value and what was
 * expected: "/items/3/amount: expected a number of at least 0, found -5". It repeats no text of the value, only
 * numbers, lengths and names of members. Its status is INVALID_ARGUMENT; TOO_LARGE where validating took more than
 * WORK_MAX steps, DEPTH_MAX levels, or a regular expression more memory than its limit: then the value is neither valid
 * nor invalid, and validating it again ends the same way. */
MUST_CHECK bool json_schema_validate(const struct json_schema *schema, const json_t *value, struct error *why);

#endif
