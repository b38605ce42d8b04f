/* What the files that compile a schema share. Private to rules. */
#ifndef RULES_SRC_SCHEMA_COMPILE_H
#define RULES_SRC_SCHEMA_COMPILE_H

#include "schema.h"

struct schema_reference {
    struct schema_node *node; /* that has the $ref */
    const char *target;       /* "#..." : borrowed from the schema's copy */
};

struct schema_compiler {
    struct json_schema *schema;
    const char *id;      /* the root's $id, or NULL */
    struct map *places;  /* JSON pointer to struct schema_node */
    struct map *anchors; /* name to struct schema_node */
    struct schema_reference *references;
    size_t reference_count;
    size_t reference_capacity;
    struct error *error;
};

/* Sets INVALID_ARGUMENT with the place; returns false. keyword: the member of the schema at place that is wrong, or
 * NULL for the schema itself. */
bool schema_fail(struct schema_compiler *compiler, const char *place, const char *keyword, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Compiles the schema at place. false: the error is set. */
bool schema_compile_node(struct schema_compiler *compiler, const json_t *value, const char *place,
                         struct schema_node **out);

/* One member of a schema: schema_keywords.c. */
bool schema_compile_keyword(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                            const json_t *value);

/* Keywords that hold schemas: schema_applicators.c. Each compiles the member `name` of node. */
bool schema_compile_list(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                         const json_t *value, struct schema_list *out);
bool schema_compile_map(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                        const json_t *value, struct map **out);
bool schema_compile_patterns(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                             const json_t *value);

/* $id, $schema, $anchor and $ref: schema_references.c. */
bool schema_compile_identity(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                             const json_t *value);
/* Once all nodes are there: points each $ref at its node, and refuses loops that would never end. */
bool schema_resolve_references(struct schema_compiler *compiler);

#endif
