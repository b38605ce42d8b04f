/* Reads the elements of a field's list: values and operators. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pattern.h"
#include "place.h"
#include "value.h"

#define OPERATORS "prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists and cidr"

void pattern_free_matchers(struct pattern_matcher *matchers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t part = 0; part < matchers[i].part_count; part++) {
            free(matchers[i].parts[part].text);
        }
        free(matchers[i].parts);
        ecma_regex_destroy(matchers[i].caseless);
        pattern_free_matchers(matchers[i].excluded, matchers[i].excluded_count);
    }
    free(matchers);
}

/* The only member of an object; NULL: it has none or several. */
static const json_t *only_member(const json_t *object, const char **out_name)
{
    if (json_object_size(object) != 1) {
        return NULL;
    }
    void *position = json_object_iter(value_without_const(object));
    *out_name = json_object_iter_key(position);
    return json_object_iter_value(position);
}

static bool compile_caseless(struct pattern_compiler *compiler, const json_t *value, const char *place,
                             bool is_at_start, bool is_at_end, struct pattern_matcher *out)
{
    struct error problem = {0};
    if (!json_is_string(value)) {
        return pattern_fail(compiler, place, "expected a text");
    }
    out->operation = PATTERN_CASELESS;
    return ecma_regex_compile_caseless(json_string_value(value), json_string_length(value), is_at_start, is_at_end,
                                       &out->caseless, &problem) == STATUS_OK ||
           pattern_fail(compiler, place, "%s", problem.text);
}

/* A text, or {"equals-ignore-case": text}. */
static bool compile_edge(struct pattern_compiler *compiler, const json_t *value, const char *place,
                         enum pattern_operator operation, struct pattern_matcher *out)
{
    const char *name = NULL;
    const json_t *inner = only_member(value, &name);
    out->operation = operation;
    out->value = value;
    if (inner != NULL && strcmp(name, "equals-ignore-case") == 0) {
        char *below = place_member(place, name);
        bool is_fine = compile_caseless(compiler, inner, below, operation == PATTERN_PREFIX,
                                        operation == PATTERN_SUFFIX, out);
        free(below);
        return is_fine;
    }
    return json_is_string(value) ||
           pattern_fail(compiler, place, "expected a text, or {\"equals-ignore-case\": text}");
}

static bool compile_text_operator(struct pattern_compiler *compiler, const char *name, const json_t *value,
                                  const char *place, struct pattern_matcher *out, bool *out_is_known)
{
    *out_is_known = true;
    if (strcmp(name, "prefix") == 0) {
        return compile_edge(compiler, value, place, PATTERN_PREFIX, out);
    }
    if (strcmp(name, "suffix") == 0) {
        return compile_edge(compiler, value, place, PATTERN_SUFFIX, out);
    }
    if (strcmp(name, "equals-ignore-case") == 0) {
        return compile_caseless(compiler, value, place, true, true, out);
    }
    if (strcmp(name, "wildcard") == 0) {
        return pattern_compile_wildcard(compiler, value, place, out);
    }
    *out_is_known = false;
    return false;
}

/* {"prefix": text or list of texts} and the like, below anything-but: one matcher for each text. */
static bool compile_excluded_texts(struct pattern_compiler *compiler, const char *name, const json_t *value,
                                   const char *place, struct pattern_matcher *out)
{
    bool is_list = json_is_array(value);
    size_t count = is_list ? json_array_size(value) : 1;
    if (count == 0) {
        return pattern_fail(compiler, place, "expected a text or a list of texts");
    }
    bool is_fine = true;
    out->excluded = memory_alloc_array(count, sizeof *out->excluded);
    for (size_t i = 0; i < count && is_fine; i++) {
        const json_t *one = is_list ? json_array_get(value, i) : value;
        bool is_known = false;
        is_fine = compile_text_operator(compiler, name, one, place, &out->excluded[out->excluded_count++], &is_known);
        if (!is_known) {
            is_fine = pattern_fail(compiler, place, "not an operator that anything-but takes: prefix, suffix, "
                                                    "equals-ignore-case and wildcard are");
        } else if (is_fine && json_string_length(one) == 0 && json_is_string(one) &&
                   strcmp(name, "equals-ignore-case") != 0) {
            is_fine = pattern_fail(compiler, place, "an empty text would take nothing");
        }
    }
    return is_fine;
}

static bool compile_excluded_values(struct pattern_compiler *compiler, const json_t *value, const char *place,
                                    struct pattern_matcher *out)
{
    bool is_list = json_is_array(value);
    size_t count = is_list ? json_array_size(value) : 1;
    bool has_texts = false;
    bool has_numbers = false;
    bool has_others = count == 0;
    out->excluded = count == 0 ? NULL : memory_alloc_array(count, sizeof *out->excluded);
    for (size_t i = 0; i < count; i++) {
        const json_t *one = is_list ? json_array_get(value, i) : value;
        has_texts = has_texts || json_is_string(one);
        has_numbers = has_numbers || json_is_number(one);
        has_others = has_others || (!json_is_string(one) && !json_is_number(one));
        out->excluded[out->excluded_count++] = (struct pattern_matcher){.operation = PATTERN_EQUALS, .value = one};
    }
    return (!has_others && has_texts != has_numbers) ||
           pattern_fail(compiler, place, "expected a text, a number, a list of texts, a list of numbers, or an object "
                                         "with prefix, suffix, equals-ignore-case or wildcard");
}

static bool compile_anything_but(struct pattern_compiler *compiler, const json_t *value, const char *place,
                                 struct pattern_matcher *out)
{
    const char *name = NULL;
    const json_t *inner = only_member(value, &name);
    out->operation = PATTERN_ANYTHING_BUT;
    if (inner == NULL) {
        return compile_excluded_values(compiler, value, place, out);
    }
    char *below = place_member(place, name);
    bool is_fine = compile_excluded_texts(compiler, name, inner, below, out);
    free(below);
    return is_fine;
}

static bool compile_exists(struct pattern_compiler *compiler, const json_t *value, const char *place,
                           struct pattern_matcher *out)
{
    out->operation = PATTERN_EXISTS;
    out->exists = json_is_true(value);
    return json_is_boolean(value) || pattern_fail(compiler, place, "expected true or false");
}

static bool compile_operator(struct pattern_compiler *compiler, const char *name, const json_t *value,
                             const char *place, struct pattern_matcher *out)
{
    bool is_known = false;
    bool is_fine = compile_text_operator(compiler, name, value, place, out, &is_known);
    if (is_known) {
        return is_fine;
    }
    if (strcmp(name, "anything-but") == 0) {
        return compile_anything_but(compiler, value, place, out);
    }
    if (strcmp(name, "numeric") == 0) {
        return pattern_compile_numeric(compiler, value, place, out);
    }
    if (strcmp(name, "exists") == 0) {
        return compile_exists(compiler, value, place, out);
    }
    if (strcmp(name, "cidr") == 0) {
        return pattern_compile_cidr(compiler, value, place, out);
    }
    return pattern_fail(compiler, place, "not an operator; known are " OPERATORS);
}

bool pattern_compile_matcher(struct pattern_compiler *compiler, const json_t *value, const char *place,
                             struct pattern_matcher *out)
{
    if (json_is_array(value)) {
        return pattern_fail(compiler, place, "expected a value or an operator, found a list");
    }
    if (!json_is_object(value)) {
        out->operation = PATTERN_EQUALS;
        out->value = value;
        return true;
    }
    const char *name = NULL;
    const json_t *inner = only_member(value, &name);
    if (inner == NULL) {
        return pattern_fail(compiler, place, "expected an object with one operator; known are " OPERATORS);
    }
    char *below = place_member(place, name);
    bool is_fine = compile_operator(compiler, name, inner, below, out);
    free(below);
    return is_fine;
}
