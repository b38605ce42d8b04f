/* Keywords that apply schemas to the same value: $ref, allOf, anyOf, oneOf, not, if, dependentSchemas. */
#include "evaluation.h"
#include "value.h"

static bool check_all_of(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                         struct evaluation_marks *marks)
{
    for (size_t i = 0; i < node->all_of.count; i++) {
        if (!evaluation_apply(evaluation, node->all_of.items[i], value, marks)) {
            return false;
        }
    }
    return true;
}

/* How many hold; stops at `enough`, unless marks are wanted: those of every one that holds count. */
static size_t count_holding(struct evaluation *evaluation, const struct schema_list *list,
                            struct evaluation_value value, struct evaluation_marks *marks, size_t enough)
{
    size_t holding = 0;
    for (size_t i = 0; i < list->count && (marks != NULL || holding < enough) && evaluation->work_left > 0; i++) {
        holding += evaluation_try(evaluation, list->items[i], value, marks) ? 1 : 0;
    }
    return holding;
}

static bool check_alternatives(struct evaluation *evaluation, const struct schema_node *node,
                               struct evaluation_value value, struct evaluation_marks *marks)
{
    if (node->any_of.count > 0 && count_holding(evaluation, &node->any_of, value, marks, 1) == 0) {
        return evaluation_fail(evaluation, value.place, "expected one of the %zu schemas of anyOf to hold, none does",
                               node->any_of.count);
    }
    if (node->one_of.count > 0) {
        size_t holding = count_holding(evaluation, &node->one_of, value, marks, 2);
        if (holding != 1) {
            return evaluation_fail(evaluation, value.place,
                                   "expected exactly one of the %zu schemas of oneOf to hold, %s", node->one_of.count,
                                   holding == 0 ? "none does" : "more do");
        }
    }
    return true;
}

static bool check_condition(struct evaluation *evaluation, const struct schema_node *node,
                            struct evaluation_value value, struct evaluation_marks *marks)
{
    if (node->condition == NULL) {
        return true;
    }
    bool holds = evaluation_try(evaluation, node->condition, value, marks);
    const struct schema_node *then = holds ? node->when_true : node->when_false;
    return then == NULL || evaluation_apply(evaluation, then, value, marks);
}

static bool check_dependent(struct evaluation *evaluation, const struct schema_node *node,
                            struct evaluation_value value, struct evaluation_marks *marks)
{
    size_t position = 0;
    const char *name = NULL;
    void *schema = NULL;
    while (node->dependent_schemas != NULL && json_is_object(value.json) &&
           map_next(node->dependent_schemas, &position, &name, &schema)) {
        if (json_object_get(value.json, name) != NULL && !evaluation_apply(evaluation, schema, value, marks)) {
            return false;
        }
    }
    return true;
}

bool evaluation_check_combinations(struct evaluation *evaluation, const struct schema_node *node,
                                   struct evaluation_value value, struct evaluation_marks *marks)
{
    if (node->reference != NULL && !evaluation_apply(evaluation, node->reference, value, marks)) {
        return false;
    }
    if (node->negated != NULL && evaluation_try(evaluation, node->negated, value, NULL)) {
        return evaluation_fail(evaluation, value.place, "expected a value for which the schema of not fails");
    }
    return check_all_of(evaluation, node, value, marks) && check_alternatives(evaluation, node, value, marks) &&
           check_condition(evaluation, node, value, marks) && check_dependent(evaluation, node, value, marks);
}
