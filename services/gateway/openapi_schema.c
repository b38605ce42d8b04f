/* See openapi_schema.h. */
#include "openapi_schema.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/percent.h"

/* What these hold are values, not schemas. */
static bool is_value_keyword(const char *name)
{
    static const char *const names[] = {"const", "enum", "default", "examples"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What these hold are schemas by names of the author's. */
static bool is_map_keyword(const char *name)
{
    static const char *const names[] = {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The pointer to a member, as it stands in a URI's fragment; free() it. */
static char *pointer_step(const char *pointer, const char *name)
{
    char *escaped = memory_alloc(2 * strlen(name) + 1);
    char *out = escaped;
    for (; *name != '\0'; name++) {
        bool is_escaped = *name == '~' || *name == '/';
        *out++ = is_escaped ? '~' : *name;
        if (is_escaped) {
            *out++ = *name == '~' ? '0' : '1';
        }
    }
    *out = '\0';
    char *encoded = percent_encode(escaped);
    char *step = memory_format("%s/%s", pointer, encoded);
    free(encoded);
    free(escaped);
    return step;
}

/* One walk for two purposes: visit is called for each schema, with its pointer. */
typedef void visit_fn(json_t *schema, const char *pointer, void *user);

static void walk(json_t *schema, const char *pointer, bool is_map, visit_fn *visit, void *user)
{
    const char *name = NULL;
    json_t *member = NULL;
    size_t index = 0;
    if (json_is_object(schema) && !is_map) {
        visit(schema, pointer, user);
    }
    json_object_foreach(schema, name, member) {
        if (is_map || !is_value_keyword(name)) {
            char *step = pointer_step(pointer, name);
            walk(member, step, !is_map && is_map_keyword(name), visit, user);
            free(step);
        }
    }
    json_array_foreach(schema, index, member) {
        char *step = memory_format("%s/%zu", pointer, index);
        walk(member, step, false, visit, user);
        free(step);
    }
}

static void note_anchor(json_t *schema, const char *pointer, void *user)
{
    const char *anchor = json_string_value(json_object_get(schema, "$anchor"));
    if (anchor != NULL) {
        (void)json_object_set_new(user, anchor, json_string(pointer));
        (void)json_object_del(schema, "$anchor");
    }
}

struct move {
    const char *place;
    const json_t *anchors; /* pointers by name */
};

static void move_reference(json_t *schema, const char *pointer, void *user)
{
    const struct move *move = user;
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    const char *fragment = reference == NULL ? NULL : strchr(reference, '#');
    (void)pointer;
    if (reference == NULL) {
        return;
    }
    fragment = fragment == NULL ? "" : fragment + 1; /* "the-id": the root */
    const char *anchored = json_string_value(json_object_get(move->anchors, fragment));
    char *moved = anchored != NULL ? memory_copy_string(anchored) : memory_format("%s%s", move->place, fragment);
    (void)json_object_set_new(schema, "$ref", json_string(moved));
    free(moved);
}

void openapi_schema_move(json_t *schema, const char *place)
{
    json_t *anchors = json_object();
    struct move move = {.place = place, .anchors = anchors};
    walk(schema, place, false, note_anchor, anchors);
    walk(schema, place, false, move_reference, &move);
    (void)json_object_del(schema, "$id");
    (void)json_object_del(schema, "$schema");
    json_decref(anchors);
}
