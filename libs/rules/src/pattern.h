/* A compiled pattern: a tree of fields with matchers at its leaves. Written while it is compiled, only read afterwards.
 * Private to rules. */
#ifndef RULES_SRC_PATTERN_H
#define RULES_SRC_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "ecma_regex.h"
#include "rules/event_pattern.h"

enum pattern_operator {
    PATTERN_EQUALS,
    PATTERN_PREFIX,
    PATTERN_SUFFIX,
    PATTERN_CASELESS, /* equals-ignore-case, also within prefix and suffix */
    PATTERN_WILDCARD,
    PATTERN_NUMERIC,
    PATTERN_CIDR,
    PATTERN_EXISTS,
    PATTERN_ANYTHING_BUT
};

/* Parts of a wildcard between its asterisks. */
struct pattern_part {
    char *text;
    size_t length;
};

struct pattern_bound {
    const json_t *number; /* NULL: none */
    bool is_included;
};

struct pattern_cidr {
    int family;
    unsigned char address[16];
    unsigned bits;
};

/* Values are borrowed from the pattern's copy. */
struct pattern_matcher {
    enum pattern_operator operation;
    const json_t *value;              /* EQUALS, PREFIX, SUFFIX */
    struct ecma_regex *caseless;      /* CASELESS */
    struct pattern_part *parts;       /* WILDCARD: one more than it has asterisks */
    size_t part_count;
    struct pattern_bound lower;       /* NUMERIC */
    struct pattern_bound upper;
    bool takes_texts;                 /* NUMERIC: a text that is a number, too: outside the body all values are texts */
    struct pattern_cidr cidr;         /* CIDR */
    bool exists;                      /* EXISTS */
    struct pattern_matcher *excluded; /* ANYTHING_BUT */
    size_t excluded_count;
};

struct pattern_fields;

/* A field: its matchers, one of which must take it, or what is asked of its members. */
struct pattern_field {
    const char *name; /* borrowed */
    struct pattern_matcher *matchers;
    size_t matcher_count;
    struct pattern_fields *below; /* NULL: matchers */
};

/* All of the fields, and one of the alternatives where there are any ("$or"). */
struct pattern_fields {
    struct pattern_field *fields;
    size_t field_count;
    struct pattern_fields **alternatives;
    size_t alternative_count;
};

struct event_pattern {
    json_t *source; /* our own copy */
    struct pattern_fields *root;
    bool needs_body_json;
};

/* What is being compiled, and where. */
struct pattern_compiler {
    struct event_pattern *pattern;
    struct error *error;
    bool is_outside_body;
};

bool pattern_fail(struct pattern_compiler *compiler, const char *place, const char *format, ...) PRINTF_LIKE(3, 4);

/* One element of a field's list. false: the error is set; the matcher is to be freed all the same. */
bool pattern_compile_matcher(struct pattern_compiler *compiler, const json_t *value, const char *place,
                             struct pattern_matcher *out);
void pattern_free_matchers(struct pattern_matcher *matchers, size_t count);

/* The operators that read more than a text: pattern_operators.c. */
bool pattern_compile_wildcard(struct pattern_compiler *compiler, const json_t *value, const char *place,
                              struct pattern_matcher *out);
bool pattern_compile_numeric(struct pattern_compiler *compiler, const json_t *value, const char *place,
                             struct pattern_matcher *out);
bool pattern_compile_cidr(struct pattern_compiler *compiler, const json_t *value, const char *place,
                          struct pattern_matcher *out);

/* Whether the matcher, not PATTERN_EXISTS, takes a value that is no array and no object. */
bool pattern_matcher_takes(const struct pattern_matcher *matcher, const json_t *value);

#endif
