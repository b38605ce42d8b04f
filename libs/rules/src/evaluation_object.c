/* Keywords for objects. */
#include <string.h>

#include "base/check.h"
#include "evaluation.h"
#include "value.h"

static bool check_size(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value)
{
    size_t count = json_object_size(value.json);
    if (count < node->property_count.least) {
        return evaluation_fail(evaluation, value.place, "expected at least %zu members, found %zu",
                               node->property_count.least, count);
    }
    if (count > node->property_count.most) {
        return evaluation_fail(evaluation, value.place, "expected at most %zu members, found %zu",
                               node->property_count.most, count);
    }
    return true;
}

/* names: as the schema lists them. */
static bool check_required(struct evaluation *evaluation, const json_t *names, struct evaluation_value value,
                           const char *because)
{
    size_t count = json_array_size(names);
    if (!evaluation_spend(evaluation, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (json_object_get(value.json, name) == NULL) {
            return because == NULL ? evaluation_fail(evaluation, value.place, "the member \"%s\" is missing", name)
                                   : evaluation_fail(evaluation, value.place,
                                                     "the member \"%s\" is missing, which \"%s\" needs", name, because);
        }
    }
    return true;
}

static bool check_dependent(struct evaluation *evaluation, const struct schema_node *node,
                            struct evaluation_value value)
{
    if (node->dependent_required == NULL) {
        return true;
    }
    const char *name = NULL;
    const json_t *names = NULL;
    VALUE_FOR_EACH_MEMBER(node->dependent_required, name, names)
    {
        if (json_object_get(value.json, name) != NULL && !check_required(evaluation, names, value, name)) {
            return false;
        }
    }
    return true;
}

static bool check_name(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value member)
{
    if (node->property_names == NULL) {
        return true;
    }
    json_t *name = json_string_nocheck(member.place->name);
    CHECK(name != NULL);
    const struct evaluation_place place = {
        .parent = member.place->parent, .name = member.place->name, .is_name = true};
    const struct evaluation_value value = {.json = name, .place = &place};
    bool is_fine = evaluation_apply(evaluation, node->property_names, value, NULL);
    json_decref(name);
    return is_fine;
}

/* properties, patternProperties, additionalProperties. */
static bool check_member(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value member,
                         bool *out_is_evaluated)
{
    const char *name = member.place->name;
    const struct schema_node *named = node->properties == NULL ? NULL : map_get(node->properties, name);
    bool is_evaluated = named != NULL;
    if (named != NULL && !evaluation_apply(evaluation, named, member, NULL)) {
        return false;
    }
    for (size_t i = 0; i < node->pattern_count; i++) {
        if (evaluation_matches(evaluation, node->patterns[i].regex, name, strlen(name))) {
            is_evaluated = true;
            if (!evaluation_apply(evaluation, node->patterns[i].schema, member, NULL)) {
                return false;
            }
        }
    }
    if (!is_evaluated && node->additional_properties != NULL) {
        is_evaluated = true;
        if (!evaluation_apply(evaluation, node->additional_properties, member, NULL)) {
            return false;
        }
    }
    *out_is_evaluated = is_evaluated;
    return evaluation->work_left > 0;
}

static bool check_members(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                          struct evaluation_marks *marks)
{
    if (node->properties == NULL && node->pattern_count == 0 && node->additional_properties == NULL &&
        node->property_names == NULL) {
        return true;
    }
    size_t index = 0;
    const char *name = NULL;
    const json_t *member = NULL;
    VALUE_FOR_EACH_MEMBER(value.json, name, member)
    {
        bool is_evaluated = false;
        const struct evaluation_place place = {.parent = value.place, .name = name};
        const struct evaluation_value below = {.json = member, .place = &place};
        if (!evaluation_spend(evaluation, 1) || !check_name(evaluation, node, below) ||
            !check_member(evaluation, node, below, &is_evaluated)) {
            return false;
        }
        if (is_evaluated) {
            evaluation_mark(marks, index);
        }
        index++;
    }
    return true;
}

bool evaluation_check_object(struct evaluation *evaluation, const struct schema_node *node,
                             struct evaluation_value value, struct evaluation_marks *marks)
{
    return !json_is_object(value.json) ||
           (check_required(evaluation, node->required, value, NULL) && check_size(evaluation, node, value) &&
            check_dependent(evaluation, node, value) && check_members(evaluation, node, value, marks));
}
