/* Keywords for arrays. */
#include "evaluation.h"
#include "value.h"

static struct evaluation_value element_of(struct evaluation_value array, size_t index, struct evaluation_place *place)
{
    *place = (struct evaluation_place){.parent = array.place, .index = index};
    return (struct evaluation_value){.json = json_array_get(array.json, index), .place = place};
}

static bool check_size(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value)
{
    size_t count = json_array_size(value.json);
    if (count < node->item_count.least) {
        return evaluation_fail(evaluation, value.place, "expected at least %zu elements, found %zu",
                               node->item_count.least, count);
    }
    if (count > node->item_count.most) {
        return evaluation_fail(evaluation, value.place, "expected at most %zu elements, found %zu",
                               node->item_count.most, count);
    }
    size_t first = 0;
    size_t second = 0;
    if (node->has_unique_items &&
        !value_elements_are_unique(value.json, &evaluation->work_left, &first, &second)) {
        return evaluation_fail(evaluation, value.place, "expected elements that differ, found %zu and %zu equal", first,
                               second);
    }
    return true;
}

static bool check_elements(struct evaluation *evaluation, const struct schema_node *node,
                           struct evaluation_value value, struct evaluation_marks *marks)
{
    size_t count = json_array_size(value.json);
    size_t prefix = node->prefix_items.count;
    for (size_t i = 0; i < count && (i < prefix || node->items != NULL); i++) {
        struct evaluation_place place;
        const struct schema_node *schema = i < prefix ? node->prefix_items.items[i] : node->items;
        if (!evaluation_apply(evaluation, schema, element_of(value, i, &place), NULL)) {
            return false;
        }
        evaluation_mark(marks, i);
    }
    return true;
}

static bool check_contained(struct evaluation *evaluation, const struct schema_node *node,
                            struct evaluation_value value, struct evaluation_marks *marks)
{
    if (node->contains == NULL) {
        return true;
    }
    size_t found = 0;
    size_t count = json_array_size(value.json);
    for (size_t i = 0; i < count && evaluation->work_left > 0; i++) {
        struct evaluation_place place;
        if (evaluation_try(evaluation, node->contains, element_of(value, i, &place), NULL)) {
            found++;
            evaluation_mark(marks, i);
        }
    }
    if (found < node->contained.least) {
        return evaluation_fail(evaluation, value.place,
                               "expected at least %zu elements as contains has them, found %zu", node->contained.least,
                               found);
    }
    if (found > node->contained.most) {
        return evaluation_fail(evaluation, value.place, "expected at most %zu elements as contains has them, found %zu",
                               node->contained.most, found);
    }
    return true;
}

bool evaluation_check_array(struct evaluation *evaluation, const struct schema_node *node,
                            struct evaluation_value value, struct evaluation_marks *marks)
{
    return !json_is_array(value.json) ||
           (check_size(evaluation, node, value) && check_elements(evaluation, node, value, marks) &&
            check_contained(evaluation, node, value, marks));
}

static bool check_unevaluated_items(struct evaluation *evaluation, const struct schema_node *node,
                                    struct evaluation_value value, struct evaluation_marks *marks)
{
    for (size_t i = 0; i < marks->count; i++) {
        struct evaluation_place place;
        if (!evaluation_is_marked(marks, i) &&
            !evaluation_apply(evaluation, node->unevaluated_items, element_of(value, i, &place), NULL)) {
            return false;
        }
        evaluation_mark(marks, i);
    }
    return true;
}

static bool check_unevaluated_properties(struct evaluation *evaluation, const struct schema_node *node,
                                         struct evaluation_value value, struct evaluation_marks *marks)
{
    size_t index = 0;
    const char *name = NULL;
    const json_t *member = NULL;
    VALUE_FOR_EACH_MEMBER(value.json, name, member)
    {
        const struct evaluation_place place = {.parent = value.place, .name = name};
        const struct evaluation_value below = {.json = member, .place = &place};
        if (!evaluation_is_marked(marks, index) &&
            !evaluation_apply(evaluation, node->unevaluated_properties, below, NULL)) {
            return false;
        }
        evaluation_mark(marks, index++);
    }
    return true;
}

bool evaluation_check_unevaluated(struct evaluation *evaluation, const struct schema_node *node,
                                  struct evaluation_value value, struct evaluation_marks *marks)
{
    return json_is_array(value.json) ? check_unevaluated_items(evaluation, node, value, marks)
                                     : check_unevaluated_properties(evaluation, node, value, marks);
}
