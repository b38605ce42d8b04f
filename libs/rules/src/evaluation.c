/* Applying a schema to a value; marks, work and error texts. */
#include "evaluation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "value.h"

#define PLACE_LEVELS_SHOWN 16         /* the nearest ones */
#define PLACE_SIZE_MAX ((size_t)4096) /* bytes: more than those levels need */

static bool append_name(struct buffer *out, const char *name)
{
    size_t length = strlen(name);
    size_t shown = length < EVALUATION_NAME_SHOWN ? length : EVALUATION_NAME_SHOWN;
    while (shown < length && ((unsigned char)name[shown] & 0xC0U) == 0x80U) {
        shown--; /* not inside a character */
    }
    for (size_t i = 0; i < shown; i++) {
        bool is_control = (unsigned char)name[i] < 0x20U || name[i] == 0x7F;
        const char *escaped = name[i] == '~' ? "~0" : name[i] == '/' ? "~1" : is_control ? "?" : NULL;
        if (!(escaped != NULL ? buffer_append_string(out, escaped) : buffer_append(out, &name[i], 1))) {
            return false;
        }
    }
    return shown == length || buffer_append_string(out, "...");
}

/* The JSON pointer to a place; of deep ones only the end. */
static void append_place(struct buffer *out, const struct evaluation_place *place)
{
    const struct evaluation_place *levels[PLACE_LEVELS_SHOWN];
    size_t count = 0;
    while (place->parent != NULL && count < PLACE_LEVELS_SHOWN) {
        levels[count++] = place;
        place = place->parent;
    }
    bool is_fine = buffer_append_string(out, count == 0 ? "(root)" : place->parent != NULL ? "..." : "");
    while (count > 0 && is_fine) {
        const struct evaluation_place *level = levels[--count];
        if (level->name == NULL) {
            is_fine = buffer_append_format(out, "/%zu", level->index);
        } else {
            is_fine = buffer_append_string(out, "/") && append_name(out, level->name) &&
                      (!level->is_name || buffer_append_string(out, " (its name)"));
        }
    }
}

bool evaluation_fail(struct evaluation *evaluation, const struct evaluation_place *place, const char *format, ...)
{
    if (evaluation->why != NULL) {
        struct buffer pointer;
        buffer_init(&pointer, PLACE_SIZE_MAX);
        append_place(&pointer, place);
        va_list arguments;
        va_start(arguments, format);
        (void)error_set_v(evaluation->why, STATUS_INVALID_ARGUMENT, format, arguments);
        va_end(arguments);
        error_prefix(evaluation->why, "%s: ", pointer.data);
        buffer_deinit(&pointer);
    }
    return false;
}

bool evaluation_spend(struct evaluation *evaluation, size_t steps)
{
    return value_spend(&evaluation->work_left, steps);
}

bool evaluation_matches(struct evaluation *evaluation, const struct ecma_regex *regex, const char *text, size_t length)
{
    return ecma_regex_match(regex, text, length, &evaluation->work_left) == ECMA_REGEX_MATCHES;
}

void evaluation_marks_init(struct evaluation_marks *marks, const json_t *value)
{
    marks->count = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    marks->bits = marks->count == 0 ? NULL : memory_alloc(marks->count / 8 + 1);
}

void evaluation_mark(struct evaluation_marks *marks, size_t index)
{
    if (marks != NULL && index < marks->count) {
        marks->bits[index / 8] = (unsigned char)(marks->bits[index / 8] | 1U << (index % 8));
    }
}

bool evaluation_is_marked(const struct evaluation_marks *marks, size_t index)
{
    return (marks->bits[index / 8] & 1U << (index % 8)) != 0;
}

void evaluation_marks_merge(struct evaluation_marks *into, const struct evaluation_marks *from)
{
    for (size_t i = 0; into != NULL && from->bits != NULL && i < from->count / 8 + 1; i++) {
        into->bits[i] = (unsigned char)(into->bits[i] | from->bits[i]);
    }
}

void evaluation_marks_deinit(struct evaluation_marks *marks)
{
    free(marks->bits);
    *marks = (struct evaluation_marks){0};
}

static bool needs_marks(const struct schema_node *node, const json_t *value)
{
    return (node->unevaluated_items != NULL && json_is_array(value)) ||
           (node->unevaluated_properties != NULL && json_is_object(value));
}

static bool check_all(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                      struct evaluation_marks *marks)
{
    return evaluation_check_scalar(evaluation, node, value) && evaluation_check_array(evaluation, node, value, marks) &&
           evaluation_check_object(evaluation, node, value, marks) &&
           evaluation_check_combinations(evaluation, node, value, marks);
}

/* With marks of its own: what lies beside this schema does not count as evaluated. */
static bool check_all_and_the_rest(struct evaluation *evaluation, const struct schema_node *node,
                                   struct evaluation_value value, struct evaluation_marks *marks)
{
    struct evaluation_marks own;
    evaluation_marks_init(&own, value.json);
    bool is_fine = evaluation_spend(evaluation, own.count / 8) && check_all(evaluation, node, value, &own) &&
                   evaluation_check_unevaluated(evaluation, node, value, &own);
    if (is_fine) {
        evaluation_marks_merge(marks, &own);
    }
    evaluation_marks_deinit(&own);
    return is_fine;
}

bool evaluation_apply(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                      struct evaluation_marks *marks)
{
    if (evaluation->depth >= JSON_SCHEMA_DEPTH_MAX || !evaluation_spend(evaluation, 1)) {
        evaluation->work_left = 0;
        return false;
    }
    if (node->is_boolean) {
        return node->takes_all || evaluation_fail(evaluation, value.place, "nothing is allowed here");
    }
    evaluation->depth++;
    bool is_fine = needs_marks(node, value.json) ? check_all_and_the_rest(evaluation, node, value, marks)
                                                 : check_all(evaluation, node, value, marks);
    evaluation->depth--;
    return is_fine && evaluation->work_left > 0;
}

bool evaluation_try(struct evaluation *evaluation, const struct schema_node *node, struct evaluation_value value,
                    struct evaluation_marks *marks)
{
    struct error *why = evaluation->why;
    struct evaluation_marks own = {0};
    evaluation->why = NULL;
    if (marks != NULL) {
        evaluation_marks_init(&own, value.json);
        (void)evaluation_spend(evaluation, own.count / 8);
    }
    bool is_fine = evaluation_apply(evaluation, node, value, marks == NULL ? NULL : &own);
    if (is_fine) {
        evaluation_marks_merge(marks, &own);
    }
    evaluation_marks_deinit(&own);
    evaluation->why = why;
    return is_fine;
}

bool json_schema_validate(const struct json_schema *schema, const json_t *value, struct error *why)
{
    static const struct evaluation_place root = {0};
    struct error problem = {0};
    struct evaluation evaluation = {.why = &problem, .work_left = JSON_SCHEMA_WORK_MAX};
    bool is_valid =
        evaluation_apply(&evaluation, schema->root, (struct evaluation_value){.json = value, .place = &root}, NULL);
    if (evaluation.work_left == 0) {
        (void)error_set(why, STATUS_TOO_LARGE,
                        "(root): validating it would take more than %u steps, %u levels or the memory of a regular "
                        "expression: make the schema simpler or the message smaller",
                        JSON_SCHEMA_WORK_MAX, JSON_SCHEMA_DEPTH_MAX);
        return false;
    }
    if (!is_valid && why != NULL) {
        *why = problem;
    }
    return is_valid;
}
