/* Reading jansson values: members in their order, numbers compared as what they are, equality as JSON Schema has it.
 * Private to rules. */
#ifndef RULES_SRC_VALUE_H
#define RULES_SRC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

#include "base/attributes.h"

/* jansson walks an object that it is given without const, although it only reads it. */
static inline json_t *value_without_const(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

#define VALUE_FOR_EACH_MEMBER(object, name, member)                                                                    \
    for (void *name##_position = json_object_iter(value_without_const(object));                                        \
         name##_position != NULL && ((name) = json_object_iter_key(name##_position)) != NULL &&                        \
         ((member) = json_object_iter_value(name##_position)) != NULL;                                                 \
         name##_position = json_object_iter_next(value_without_const(object), name##_position))

/* Steps that may still be spent; nothing is left once *work_left is 0. */
static inline bool value_spend(size_t *work_left, size_t steps)
{
    if (*work_left <= steps) {
        *work_left = 0;
        return false;
    }
    *work_left -= steps;
    return true;
}

/* -1, 0 or 1: exact, also between integers and reals. Both are numbers. */
int value_compare_numbers(const json_t *left, const json_t *right);
bool value_is_integer(const json_t *value); /* 1.0 is one */

/* divisor > 0. A real counts as the shortest decimal that reads back as the same double: 19.99 is a multiple of
 * 0.01. */
bool value_is_multiple(const json_t *number, const json_t *divisor);

#define VALUE_NUMBER_SIZE 40
void value_format_number(const json_t *number, char out[VALUE_NUMBER_SIZE]);

/* Equal as JSON Schema has it: 1 equals 1.0, members have no order. false, too, when the work or the depth is used up:
 * *work_left is 0 then. */
bool value_equals(const json_t *left, const json_t *right, size_t *work_left);
/* Whether no two elements are equal. *out_first and *out_second: the positions of two that are. false also when the
 * work is used up. */
bool value_elements_are_unique(const json_t *array, size_t *work_left, size_t *out_first, size_t *out_second);

size_t value_count_code_points(const char *text, size_t length);

/* Of a schema or pattern, both of which are walked by recursion. */
struct value_limits {
    unsigned nesting; /* levels of objects and arrays */
    unsigned values;  /* JSON values in all */
};
/* TOO_LARGE: over one of them. */
MUST_CHECK enum status value_check_size(const json_t *value, const struct value_limits *limits, struct error *error);

#endif
