/* Walks a schema and makes its nodes; limits; the public compile and destroy. */
#include "schema_compile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "place.h"
#include "value.h"

const char *const schema_type_names[] = {"null", "boolean", "integer", "number", "string", "array", "object", NULL};

bool schema_fail(struct schema_compiler *compiler, const char *place, const char *keyword, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(compiler->error, STATUS_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    char *member = keyword == NULL ? NULL : place_member(place, keyword);
    error_prefix(compiler->error, "%s: ", place_shown(member == NULL ? place : member));
    free(member);
    return false;
}

static struct schema_node *add_node(struct schema_compiler *compiler, const char *place)
{
    struct json_schema *schema = compiler->schema;
    struct schema_node *node = memory_alloc(sizeof *node);
    const struct schema_range any = {.least = 0, .most = SIZE_MAX};
    node->place = memory_copy_string(place);
    node->length = any;
    node->item_count = any;
    node->property_count = any;
    node->contained = (struct schema_range){.least = 1, .most = SIZE_MAX};
    if (schema->node_count == schema->node_capacity) {
        schema->node_capacity = schema->node_capacity * 2 + 16;
        schema->nodes = memory_resize_array(schema->nodes, schema->node_capacity, sizeof *schema->nodes);
    }
    schema->nodes[schema->node_count++] = node;
    (void)map_put(compiler->places, place, node);
    return node;
}

bool schema_compile_node(struct schema_compiler *compiler, const json_t *value, const char *place,
                         struct schema_node **out)
{
    if (!json_is_boolean(value) && !json_is_object(value)) {
        return schema_fail(compiler, place, NULL, "expected a schema: an object, true or false");
    }
    struct schema_node *node = add_node(compiler, place);
    if (json_is_boolean(value)) {
        node->is_boolean = true;
        node->takes_all = json_is_true(value);
    } else {
        const char *name = NULL;
        const json_t *member = NULL;
        VALUE_FOR_EACH_MEMBER(value, name, member)
        {
            if (!schema_compile_keyword(compiler, node, name, member)) {
                return false;
            }
        }
    }
    *out = node;
    return true;
}

static void destroy_node(struct schema_node *node)
{
    for (size_t i = 0; i < node->pattern_count; i++) {
        ecma_regex_destroy(node->patterns[i].regex);
    }
    free(node->patterns);
    ecma_regex_destroy(node->pattern);
    map_destroy(node->properties);
    map_destroy(node->dependent_schemas);
    free(node->prefix_items.items);
    free(node->all_of.items);
    free(node->any_of.items);
    free(node->one_of.items);
    free(node->place);
    free(node);
}

void json_schema_destroy(struct json_schema *schema)
{
    if (schema == NULL) {
        return;
    }
    for (size_t i = 0; i < schema->node_count; i++) {
        destroy_node(schema->nodes[i]);
    }
    free(schema->nodes);
    json_decref(schema->source);
    free(schema);
}

enum status json_schema_compile(const json_t *schema, struct json_schema **out_schema, struct error *error)
{
    static const struct value_limits limits = {JSON_SCHEMA_NESTING_MAX, JSON_SCHEMA_VALUES_MAX};
    enum status status = value_check_size(schema, &limits, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct error problem = {0};
    struct json_schema *compiled = memory_alloc(sizeof *compiled);
    compiled->source = json_deep_copy(schema);
    struct schema_compiler compiler = {
        .schema = compiled, .places = map_new(), .anchors = map_new(), .error = &problem};
    if (!schema_compile_node(&compiler, compiled->source, "", &compiled->root) ||
        !schema_resolve_references(&compiler)) {
        status = problem.status;
        if (error != NULL) {
            *error = problem;
        }
        json_schema_destroy(compiled);
    } else {
        *out_schema = compiled;
    }
    free(compiler.references);
    map_destroy(compiler.anchors);
    map_destroy(compiler.places);
    return status;
}
