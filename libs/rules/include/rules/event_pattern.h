/* Which messages a route takes: event patterns as EventBridge has them, over a message as Lambda's SQS record names its
 * members (docs/filters.md has the operators and where we differ). Pure. */
#ifndef RULES_EVENT_PATTERN_H
#define RULES_EVENT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

/* A match takes time in proportion to the body's size times the pattern's. */
#define EVENT_PATTERN_VALUES_MAX 1000U /* JSON values in a pattern */
#define EVENT_PATTERN_NESTING_MAX 64U  /* levels of objects and arrays in a pattern */
#define EVENT_PATTERN_WILDCARD_MAX 256U /* bytes of a "wildcard" */

/* Immutable once compiled: any thread may match with it at any time. */
struct event_pattern;

/* A message, in the caller's storage; everything is borrowed. = {0} and set what the message has. One thread at a
 * time. A subject may be matched with any number of patterns: what they need of it is made once, the body parsed at
 * most once, and only where a pattern looks into it. event_subject_deinit() frees that. */
struct event_subject {
    const char *message_id; /* NULL: the message has none; then it is absent for patterns, likewise below */
    const char *body;       /* UTF-8 */
    size_t body_length;
    const json_t *message_attributes; /* {name: {"DataType": ..., "StringValue" or "BinaryValue": text}} */
    const json_t *attributes;         /* the system attributes: {name: text} */
    const char *event_source_arn;     /* the queue's ARN */
    const char *aws_region;
    /* Private. */
    json_t *record;   /* the members but the body as JSON */
    json_t *body_text;
    json_t *body_json; /* NULL also where it is no JSON */
    bool is_body_parsed;
};

/* Keeps nothing of pattern. INVALID_ARGUMENT: not a valid pattern (an unknown operator or member of the record, an
 * empty object or list, ...); TOO_LARGE: over a limit above. The text names the place as a JSON pointer into the
 * pattern: "/body/amount/0/numeric: expected one of =, <, <=, > and >=, then a number". */
MUST_CHECK enum status event_pattern_compile(const json_t *pattern, struct event_pattern **out_pattern,
                                             struct error *error);
void event_pattern_destroy(struct event_pattern *pattern); /* NULL is fine */

/* true: it looks into the body, so that a match parses it (once for each subject). */
bool event_pattern_needs_body_json(const struct event_pattern *pattern);

/* Where the pattern looks into the body and the body is no JSON, the message does not match (as with Lambda). */
bool event_pattern_matches(const struct event_pattern *pattern, struct event_subject *subject);

#define EVENT_PATTERN_WHY_SIZE 256

/* The same for people: where it does not match, out_why is the first field that is to blame, with its value (long ones
 * are cut): "body.amount: no condition takes 12", "body.amount: not there"; where it matches, "". */
bool event_pattern_explain(const struct event_pattern *pattern, struct event_subject *subject,
                           char out_why[EVENT_PATTERN_WHY_SIZE]);

void event_subject_deinit(struct event_subject *subject); /* frees the parsed body, nothing that was borrowed */

#endif
