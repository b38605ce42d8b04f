/* What the files that validate a value share. Private to rules. */
#ifndef RULES_SRC_EVALUATION_H
#define RULES_SRC_EVALUATION_H

#include "schema.h"

#define EVALUATION_NAME_SHOWN ((size_t)64) /* bytes of a member's name in an error */

/* Where in the value: a list from here up to the root, on the stack. */
struct evaluation_place {
    const struct evaluation_place *parent; /* NULL: the root */
    const char *name;                      /* NULL: an element */
    size_t index;
    bool is_name; /* the name itself, not the member */
};

/* Which members or elements of one value have been evaluated, for unevaluatedProperties and unevaluatedItems. */
struct evaluation_marks {
    unsigned char *bits;
    size_t count;
};

/* One validation: one thread. */
struct evaluation {
    struct error *why; /* NULL while a failure is not the caller's business: within anyOf, not, if, ... */
    size_t work_left;  /* 0: given up */
    size_t depth;
};

/* A place in the value, and the value there. */
struct evaluation_value {
    const json_t *json;
    const struct evaluation_place *place;
};

/* Applies a schema. marks (may be NULL): gets what the schema evaluates of this value; if it fails, what was marked is
 * meaningless. */
bool evaluation_apply(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                      struct evaluation_marks *marks);
/* ... without an error text, and with the marks kept as they were if it fails. */
bool evaluation_try(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                    struct evaluation_marks *marks);

/* The groups of keywords: each true if the value satisfies them or they do not concern its type. */
bool evaluation_check_scalar(struct evaluation *evaluation, const struct schema_node *node,
                             struct evaluation_value value);
bool evaluation_check_array(struct evaluation *evaluation, const struct schema_node *node,
                            struct evaluation_value value, struct evaluation_marks *marks);
bool evaluation_check_object(struct evaluation *evaluation, const struct schema_node *node,
                             struct evaluation_value value, struct evaluation_marks *marks);
bool evaluation_check_combinations(struct evaluation *evaluation, const struct schema_node *node,
                                   struct evaluation_value value, struct evaluation_marks *marks);
bool evaluation_check_unevaluated(struct evaluation *evaluation, const struct schema_node *node,
                                  struct evaluation_value value, struct evaluation_marks *marks);

/* Sets the error unless it is nobody's business; returns false. */
bool evaluation_fail(struct evaluation *evaluation, const struct evaluation_place *place, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* false: given up. */
bool evaluation_spend(struct evaluation *evaluation, size_t steps);
bool evaluation_matches(struct evaluation *evaluation, const struct ecma_regex *regex, const char *text, size_t length);

void evaluation_marks_init(struct evaluation_marks *marks, const json_t *value);
void evaluation_mark(struct evaluation_marks *marks, size_t index); /* NULL marks are fine */
bool evaluation_is_marked(const struct evaluation_marks *marks, size_t index);
void evaluation_marks_merge(struct evaluation_marks *into, const struct evaluation_marks *from);
void evaluation_marks_deinit(struct evaluation_marks *marks);

#endif
