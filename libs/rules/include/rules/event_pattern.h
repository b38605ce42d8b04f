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

/* A message, in the caller's storage; everything is borrowed. = {0} and set what the message has. One thread at a time.
 * A subject may be matched against any number of patterns; the first one that needs the body as JSON parses it, and
 * event_subject_deinit() frees that. */
struct event_subject {
    const char *message_id;           /* NULL: the message has none */
    const char *body;                 /* UTF-8; NULL: the message has none */
    size_t body_length;
    const json_t *message_attributes; /* {name: {"DataType": ..., "StringValue" or "BinaryValue": text}}; NULL: none */
    const json_t *attributes;         /* system attributes {name: text}; NULL: none */
    const char *event_source_arn;     /* the queue's ARN; NULL: unknown, then it matches as if absent */
    const char *aws_region;           /* NULL: unknown, likewise */
    /* Private. */
    json_t *parsed_body;
    bool is_body_parsed; /* also where it was no JSON: parsed_body is NULL then */
};

/* Keeps nothing of pattern. INVALID_ARGUMENT: not a valid pattern (an unknown operator or member of the record, an empty
 * object or list, ...); TOO_LARGE: over a limit above. The text names the place as a JSON pointer into the pattern:
 * "/body/amount/0/numeric: expected one of =, <, <=, > and >=, then a number". */
MUST_CHECK enum status event_pattern_compile(const json_t *pattern, struct event_pattern **out_pattern,
                                             struct error *error);
void event_pattern_destroy(struct event_pattern *pattern); /* NULL is fine */

/* true: it looks into the body, so that a match parses it (once for each subject). */
bool event_pattern_needs_body_json(const struct event_pattern *pattern);

/* A body that is no JSON, where the pattern looks into it, counts as a body without members: it matches only where the
 * pattern asks for that ("exists": false). */
bool event_pattern_matches(const struct event_pattern *pattern, struct event_subject *subject);

void event_subject_deinit(struct event_subject *subject); /* frees the parsed body, nothing that was borrowed */

#endif
