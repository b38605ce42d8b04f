/* Keywords whose values hold schemas. */
#include <stdlib.h>

#include "base/memory.h"
#include "place.h"
#include "schema_compile.h"
#include "value.h"

bool schema_compile_list(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                         const json_t *value, struct schema_list *out)
{
    size_t count = json_array_size(value);
    if (count == 0) {
        return schema_fail(compiler, node->place, name, "expected a list of at least one schema");
    }
    out->items = memory_alloc_array(count, sizeof(struct schema_node *));
    char *place = place_member(node->place, name);
    bool is_fine = true;
    for (size_t i = 0; i < count && is_fine; i++) {
        char *element = place_element(place, i);
        is_fine = schema_compile_node(compiler, json_array_get(value, i), element, &out->items[i]);
        out->count += is_fine ? 1 : 0;
        free(element);
    }
    free(place);
    return is_fine;
}

bool schema_compile_map(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                        const json_t *value, struct map **out)
{
    if (!json_is_object(value)) {
        return schema_fail(compiler, node->place, name, "expected an object whose members are schemas");
    }
    bool is_fine = true;
    struct map *map = map_new();
    char *place = place_member(node->place, name);
    const char *key = NULL;
    const json_t *member = NULL;
    VALUE_FOR_EACH_MEMBER(value, key, member)
    {
        struct schema_node *child = NULL;
        char *below = place_member(place, key);
        is_fine = schema_compile_node(compiler, member, below, &child);
        free(below);
        if (!is_fine) {
            break;
        }
        (void)map_put(map, key, child);
    }
    free(place);
    if (out != NULL && is_fine) {
        *out = map;
    } else {
        map_destroy(map);
    }
    return is_fine;
}

bool schema_compile_patterns(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                             const json_t *value)
{
    if (!json_is_object(value)) {
        return schema_fail(compiler, node->place, name, "expected an object whose members are schemas");
    }
    bool is_fine = true;
    size_t count = json_object_size(value);
    node->patterns = count == 0 ? NULL : memory_alloc_array(count, sizeof *node->patterns);
    char *place = place_member(node->place, name);
    const char *key = NULL;
    const json_t *member = NULL;
    VALUE_FOR_EACH_MEMBER(value, key, member)
    {
        struct schema_named *named = &node->patterns[node->pattern_count];
        struct error problem = {0};
        if (ecma_regex_compile(key, json_object_iter_key_len(key_position), &named->regex, &problem) != STATUS_OK) {
            is_fine = schema_fail(compiler, place, key, "%s", problem.text);
            break;
        }
        node->pattern_count++;
        char *below = place_member(place, key);
        is_fine = schema_compile_node(compiler, member, below, &named->schema);
        free(below);
        if (!is_fine) {
            break;
        }
    }
    free(place);
    return is_fine;
}
