/* type, const, enum, numbers and texts. */
#include <stdio.h>
#include <string.h>

#include "evaluation.h"
#include "place.h"
#include "value.h"

#define TYPES_TEXT_SIZE 80

static unsigned types_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        return SCHEMA_TYPE_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return SCHEMA_TYPE_BOOLEAN;
    case JSON_INTEGER:
    case JSON_REAL:
        return SCHEMA_TYPE_NUMBER | (value_is_integer(value) ? SCHEMA_TYPE_INTEGER : 0U);
    case JSON_STRING:
        return SCHEMA_TYPE_STRING;
    case JSON_ARRAY:
        return SCHEMA_TYPE_ARRAY;
    case JSON_OBJECT:
    default:
        return SCHEMA_TYPE_OBJECT;
    }
}

/* "string or null": texts of all bits that are set. */
static void describe_types(unsigned types, char out[TYPES_TEXT_SIZE])
{
    size_t length = 0;
    out[0] = '\0';
    for (unsigned i = 0; schema_type_names[i] != NULL; i++) {
        if ((types & 1U << i) != 0) {
            int added = snprintf(out + length, TYPES_TEXT_SIZE - length, "%s%s", length == 0 ? "" : " or ",
                                 schema_type_names[i]);
            length += added > 0 ? (size_t)added : 0;
        }
    }
}

static bool check_type(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value)
{
    unsigned found = types_of(value.json);
    if (node->types == 0 || (node->types & found) != 0) {
        return true;
    }
    char wanted_text[TYPES_TEXT_SIZE];
    char found_text[TYPES_TEXT_SIZE];
    describe_types(node->types, wanted_text);
    describe_types(found & ~(unsigned)SCHEMA_TYPE_INTEGER, found_text);
    return evaluation_fail(evaluation, value.place, "expected %s, found %s", wanted_text, found_text);
}

static bool is_choice(struct evaluation *evaluation, const json_t *choices, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(choices); i++) {
        if (value_equals(json_array_get(choices, i), value, &evaluation->work_left)) {
            return true;
        }
    }
    return false;
}

static bool check_choice(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value)
{
    if (node->constant != NULL && !value_equals(node->constant, value.json, &evaluation->work_left)) {
        return evaluation_fail(evaluation, value.place, "expected the one value that const names");
    }
    if (node->choices != NULL && !is_choice(evaluation, node->choices, value.json)) {
        return evaluation_fail(evaluation, value.place, "expected one of the %zu values that enum names",
                               json_array_size(node->choices));
    }
    return true;
}

static bool check_number(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value)
{
    const struct {
        const json_t *bound;
        const char *words;
        int lowest; /* what comparing the value with the bound may give */
        int highest;
    } rules[] = {{node->minimum, "of at least", 0, 1},
                 {node->maximum, "of at most", -1, 0},
                 {node->exclusive_minimum, "above", 1, 1},
                 {node->exclusive_maximum, "below", -1, -1}};
    char bound[VALUE_NUMBER_SIZE];
    char found[VALUE_NUMBER_SIZE];
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int order = rules[i].bound == NULL ? rules[i].lowest : value_compare_numbers(value.json, rules[i].bound);
        if (order < rules[i].lowest || order > rules[i].highest) {
            value_format_number(rules[i].bound, bound);
            value_format_number(value.json, found);
            return evaluation_fail(evaluation, value.place, "expected a number %s %s, found %s", rules[i].words, bound,
                                   found);
        }
    }
    if (node->multiple_of != NULL && !value_is_multiple(value.json, node->multiple_of)) {
        value_format_number(node->multiple_of, bound);
        value_format_number(value.json, found);
        return evaluation_fail(evaluation, value.place, "expected a multiple of %s, found %s", bound, found);
    }
    return true;
}

static bool check_text(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value)
{
    const char *text = json_string_value(value.json);
    size_t bytes = json_string_length(value.json);
    if (node->length.least > 0 || node->length.most < SIZE_MAX) {
        size_t count = value_count_code_points(text, bytes);
        if (!evaluation_spend(evaluation, bytes / 64)) {
            return false;
        }
        if (count < node->length.least) {
            return evaluation_fail(evaluation, value.place, "expected a text of at least %zu characters, found %zu",
                                   node->length.least, count);
        }
        if (count > node->length.most) {
            return evaluation_fail(evaluation, value.place, "expected a text of at most %zu characters, found %zu",
                                   node->length.most, count);
        }
    }
    if (node->pattern != NULL && !evaluation_matches(evaluation, node->pattern, text, bytes)) {
        return evaluation_fail(evaluation, value.place, "expected a text that matches the pattern of the schema at %s",
                               place_shown(node->place));
    }
    return true;
}

bool evaluation_check_scalar(struct evaluation *evaluation, const struct schema_node *node,
                             struct evaluation_value value)
{
    return check_type(evaluation, node, value) && check_choice(evaluation, node, value) &&
           (!json_is_number(value.json) || check_number(evaluation, node, value)) &&
           (!json_is_string(value.json) || check_text(evaluation, node, value));
}
