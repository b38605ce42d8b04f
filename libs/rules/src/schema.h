/* A compiled schema: nodes that point at each other. Written while it is compiled, only read afterwards. Private to
 * rules. */
#ifndef RULES_SRC_SCHEMA_H
#define RULES_SRC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/map.h"
#include "ecma_regex.h"
#include "rules/json_schema.h"

enum schema_type {
    SCHEMA_TYPE_NULL = 1,
    SCHEMA_TYPE_BOOLEAN = 2,
    SCHEMA_TYPE_INTEGER = 4,
    SCHEMA_TYPE_NUMBER = 8,
    SCHEMA_TYPE_STRING = 16,
    SCHEMA_TYPE_ARRAY = 32,
    SCHEMA_TYPE_OBJECT = 64
};

struct schema_node;

struct schema_list {
    struct schema_node **items;
    size_t count;
};

struct schema_range {
    size_t least;
    size_t most;
};

struct schema_named {
    struct ecma_regex *regex; /* of a patternProperties' member */
    struct schema_node *schema;
};

/* One schema. Values are borrowed from the schema's copy, nodes belong to struct json_schema. NULL: not set. */
struct schema_node {
    char *place; /* the JSON pointer */
    bool is_boolean;
    bool takes_all; /* of a boolean schema */
    bool is_loop_checked;
    bool is_in_loop_check;

    unsigned types; /* enum schema_type; 0: any */
    const json_t *constant;
    const json_t *choices;

    const json_t *minimum;
    const json_t *maximum;
    const json_t *exclusive_minimum;
    const json_t *exclusive_maximum;
    const json_t *multiple_of;

    struct schema_range length;
    struct ecma_regex *pattern;

    struct schema_list prefix_items;
    struct schema_node *items;
    struct schema_node *contains;
    struct schema_range contained;
    struct schema_range item_count;
    bool has_unique_items;
    struct schema_node *unevaluated_items;

    struct map *properties; /* of struct schema_node */
    struct schema_named *patterns;
    size_t pattern_count;
    struct schema_node *additional_properties;
    struct schema_node *property_names;
    struct schema_range property_count;
    const json_t *required;
    const json_t *dependent_required;
    struct map *dependent_schemas; /* of struct schema_node */
    struct schema_node *unevaluated_properties;

    struct schema_list all_of;
    struct schema_list any_of;
    struct schema_list one_of;
    struct schema_node *negated;
    struct schema_node *condition;
    struct schema_node *when_true;
    struct schema_node *when_false;
    struct schema_node *reference;
};

struct json_schema {
    json_t *source; /* our own copy */
    struct schema_node **nodes;
    size_t node_count;
    size_t node_capacity;
    struct schema_node *root;
};

/* Names of types, in the order of their bits; NULL ends them. */
extern const char *const schema_type_names[];

#endif
