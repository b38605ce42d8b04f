/* $id, $schema, $anchor and $ref. References stay inside the schema: nothing is fetched. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "schema_compile.h"

#define DRAFT "https://json-schema.org/draft/2020-12/schema"

static bool is_anchor(const char *text)
{
    const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    const char *others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.0123456789";
    return text[0] != '\0' && strchr(letters, text[0]) != NULL && strspn(text, others) == strlen(text);
}

static bool compile_reference(struct schema_compiler *compiler, struct schema_node *node, const char *text)
{
    if (compiler->reference_count == compiler->reference_capacity) {
        compiler->reference_capacity = compiler->reference_capacity * 2 + 8;
        compiler->references = memory_resize_array(compiler->references, compiler->reference_capacity,
                                                   sizeof *compiler->references);
    }
    compiler->references[compiler->reference_count++] = (struct schema_reference){.node = node, .target = text};
    return true;
}

bool schema_compile_identity(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                             const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL) {
        return schema_fail(compiler, node->place, name, "expected a text");
    }
    if (strcmp(name, "$schema") == 0) {
        return strcmp(text, DRAFT) == 0 || strcmp(text, DRAFT "#") == 0 ||
               schema_fail(compiler, node->place, name, "expected \"%s\": no other draft is supported", DRAFT);
    }
    if (strcmp(name, "$id") == 0) {
        if (node->place[0] != '\0') {
            return schema_fail(compiler, node->place, name,
                               "not supported below the root: leave it out, and point at the schema with \"#/...\"");
        }
        if (strchr(text, '#') != NULL) {
            return schema_fail(compiler, node->place, name, "expected a URI without \"#\"");
        }
        compiler->id = text;
        return true;
    }
    if (strcmp(name, "$anchor") == 0) {
        if (!is_anchor(text)) {
            return schema_fail(compiler, node->place, name,
                               "expected a letter or \"_\", then letters, digits, \"-\", \"_\" and \".\"");
        }
        return map_put(compiler->anchors, text, node) == NULL ||
               schema_fail(compiler, node->place, name, "\"%s\" is the anchor of another schema, too", text);
    }
    return compile_reference(compiler, node, text);
}

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

/* A fragment without its percent signs; free() it. NULL: malformed. */
static char *decode_fragment(const char *text)
{
    char *out = memory_alloc(strlen(text) + 1);
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (*text != '%') {
            out[length++] = *text;
            continue;
        }
        int high = hex_digit(text[1]);
        int low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || high * 16 + low == 0) {
            free(out);
            return NULL;
        }
        out[length++] = (char)(high * 16 + low);
        text += 2;
    }
    return out;
}

/* What follows the "#" of a reference into this schema; NULL: it leads elsewhere. */
static const char *find_fragment(const struct schema_compiler *compiler, const char *text)
{
    size_t length = compiler->id == NULL ? 0 : strlen(compiler->id);
    if (length > 0 && strncmp(text, compiler->id, length) == 0 && (text[length] == '#' || text[length] == '\0')) {
        text += length;
        return *text == '#' ? text + 1 : text;
    }
    return text[0] == '#' ? text + 1 : NULL;
}

static bool resolve(struct schema_compiler *compiler, const struct schema_reference *reference)
{
    const char *fragment = find_fragment(compiler, reference->target);
    if (fragment == NULL) {
        return schema_fail(compiler, reference->node->place, "$ref",
                           "\"%s\" is not in this schema: put what it means under $defs and use \"#/$defs/...\"",
                           reference->target);
    }
    char *decoded = decode_fragment(fragment);
    struct schema_node *target = NULL;
    if (decoded != NULL) {
        target = map_get(decoded[0] == '\0' || decoded[0] == '/' ? compiler->places : compiler->anchors, decoded);
    }
    free(decoded);
    reference->node->reference = target;
    return target != NULL ||
           schema_fail(compiler, reference->node->place, "$ref",
                       "there is no schema at \"%s\": expected \"#\", a JSON pointer or an $anchor of this schema",
                       reference->target);
}

static bool check_loop(struct schema_compiler *compiler, struct schema_node *node, size_t depth);

static bool check_loops_in_list(struct schema_compiler *compiler, const struct schema_list *list, size_t depth)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!check_loop(compiler, list->items[i], depth)) {
            return false;
        }
    }
    return true;
}

/* Follows what is applied to the same value. */
static bool check_loops_below(struct schema_compiler *compiler, struct schema_node *node, size_t depth)
{
    struct schema_node *const direct[] = {node->reference, node->negated, node->condition, node->when_true,
                                          node->when_false};
    size_t position = 0;
    void *dependent = NULL;
    for (size_t i = 0; i < sizeof direct / sizeof direct[0]; i++) {
        if (direct[i] != NULL && !check_loop(compiler, direct[i], depth)) {
            return false;
        }
    }
    while (node->dependent_schemas != NULL && map_next(node->dependent_schemas, &position, NULL, &dependent)) {
        if (!check_loop(compiler, dependent, depth)) {
            return false;
        }
    }
    return check_loops_in_list(compiler, &node->all_of, depth) && check_loops_in_list(compiler, &node->any_of, depth) &&
           check_loops_in_list(compiler, &node->one_of, depth);
}

static bool check_loop(struct schema_compiler *compiler, struct schema_node *node, size_t depth)
{
    if (node->is_loop_checked) {
        return true;
    }
    if (node->is_in_loop_check) {
        return schema_fail(compiler, node->place, NULL, "it applies itself to the same value without end");
    }
    if (depth > JSON_SCHEMA_NESTING_MAX) {
        return schema_fail(compiler, node->place, NULL, "more than %u references and combinations in a row",
                           JSON_SCHEMA_NESTING_MAX);
    }
    node->is_in_loop_check = true;
    bool is_fine = check_loops_below(compiler, node, depth + 1);
    node->is_in_loop_check = false;
    node->is_loop_checked = true;
    return is_fine;
}

bool schema_resolve_references(struct schema_compiler *compiler)
{
    for (size_t i = 0; i < compiler->reference_count; i++) {
        if (!resolve(compiler, &compiler->references[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < compiler->schema->node_count; i++) {
        if (!check_loop(compiler, compiler->schema->nodes[i], 0)) {
            return false;
        }
    }
    return true;
}
