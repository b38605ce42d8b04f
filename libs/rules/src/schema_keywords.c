/* The table of keywords, and those that hold no schemas. What is not in the table is refused: a typo must not pass for
 * a rule. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "schema_compile.h"
#include "value.h"

/* How a keyword is compiled. Where it says so, the result goes into the node at the table's offset. */
enum form {
    FORM_TYPE,
    FORM_CONSTANT,  /* const json_t * */
    FORM_CHOICES,   /* const json_t * */
    FORM_NUMBER,    /* const json_t * */
    FORM_DIVISOR,   /* const json_t * */
    FORM_LEAST,     /* struct schema_range */
    FORM_MOST,      /* struct schema_range */
    FORM_PATTERN,   /* struct ecma_regex * */
    FORM_FLAG,      /* bool */
    FORM_NAMES,     /* const json_t * */
    FORM_NAME_MAP,  /* const json_t * */
    FORM_SCHEMA,    /* struct schema_node * */
    FORM_LIST,      /* struct schema_list */
    FORM_MAP,       /* struct map * */
    FORM_PATTERNS,
    FORM_DEFINITIONS,
    FORM_IDENTITY,
    FORM_ANNOTATION, /* says nothing about what is valid */
    FORM_REFUSED     /* .advice says what to do */
};

struct keyword {
    const char *name;
    enum form form;
    size_t offset;
    const char *advice;
};

#define INTO(member) offsetof(struct schema_node, member)

static const struct keyword s_keywords[] = {
    {"type", FORM_TYPE, 0, NULL},
    {"const", FORM_CONSTANT, INTO(constant), NULL},
    {"enum", FORM_CHOICES, INTO(choices), NULL},
    {"minimum", FORM_NUMBER, INTO(minimum), NULL},
    {"maximum", FORM_NUMBER, INTO(maximum), NULL},
    {"exclusiveMinimum", FORM_NUMBER, INTO(exclusive_minimum), NULL},
    {"exclusiveMaximum", FORM_NUMBER, INTO(exclusive_maximum), NULL},
    {"multipleOf", FORM_DIVISOR, INTO(multiple_of), NULL},
    {"minLength", FORM_LEAST, INTO(length), NULL},
    {"maxLength", FORM_MOST, INTO(length), NULL},
    {"pattern", FORM_PATTERN, INTO(pattern), NULL},
    {"prefixItems", FORM_LIST, INTO(prefix_items), NULL},
    {"items", FORM_SCHEMA, INTO(items), NULL},
    {"contains", FORM_SCHEMA, INTO(contains), NULL},
    {"minContains", FORM_LEAST, INTO(contained), NULL},
    {"maxContains", FORM_MOST, INTO(contained), NULL},
    {"minItems", FORM_LEAST, INTO(item_count), NULL},
    {"maxItems", FORM_MOST, INTO(item_count), NULL},
    {"uniqueItems", FORM_FLAG, INTO(has_unique_items), NULL},
    {"unevaluatedItems", FORM_SCHEMA, INTO(unevaluated_items), NULL},
    {"properties", FORM_MAP, INTO(properties), NULL},
    {"patternProperties", FORM_PATTERNS, 0, NULL},
    {"additionalProperties", FORM_SCHEMA, INTO(additional_properties), NULL},
    {"propertyNames", FORM_SCHEMA, INTO(property_names), NULL},
    {"minProperties", FORM_LEAST, INTO(property_count), NULL},
    {"maxProperties", FORM_MOST, INTO(property_count), NULL},
    {"required", FORM_NAMES, INTO(required), NULL},
    {"dependentRequired", FORM_NAME_MAP, INTO(dependent_required), NULL},
    {"dependentSchemas", FORM_MAP, INTO(dependent_schemas), NULL},
    {"unevaluatedProperties", FORM_SCHEMA, INTO(unevaluated_properties), NULL},
    {"allOf", FORM_LIST, INTO(all_of), NULL},
    {"anyOf", FORM_LIST, INTO(any_of), NULL},
    {"oneOf", FORM_LIST, INTO(one_of), NULL},
    {"not", FORM_SCHEMA, INTO(negated), NULL},
    {"if", FORM_SCHEMA, INTO(condition), NULL},
    {"then", FORM_SCHEMA, INTO(when_true), NULL},
    {"else", FORM_SCHEMA, INTO(when_false), NULL},
    {"$defs", FORM_DEFINITIONS, 0, NULL},
    {"definitions", FORM_DEFINITIONS, 0, NULL}, /* as $defs was called before; the draft's meta-schema still has it */
    {"$id", FORM_IDENTITY, 0, NULL},
    {"$schema", FORM_IDENTITY, 0, NULL},
    {"$anchor", FORM_IDENTITY, 0, NULL},
    {"$ref", FORM_IDENTITY, 0, NULL},
    {"title", FORM_ANNOTATION, 0, NULL},
    {"description", FORM_ANNOTATION, 0, NULL},
    {"default", FORM_ANNOTATION, 0, NULL},
    {"examples", FORM_ANNOTATION, 0, NULL},
    {"deprecated", FORM_ANNOTATION, 0, NULL},
    {"readOnly", FORM_ANNOTATION, 0, NULL},
    {"writeOnly", FORM_ANNOTATION, 0, NULL},
    {"$comment", FORM_ANNOTATION, 0, NULL},
    {"format", FORM_ANNOTATION, 0, NULL},
    {"contentEncoding", FORM_ANNOTATION, 0, NULL},
    {"contentMediaType", FORM_ANNOTATION, 0, NULL},
    {"contentSchema", FORM_ANNOTATION, 0, NULL},
    {"$dynamicRef", FORM_REFUSED, 0, "not supported: use $ref"},
    {"$dynamicAnchor", FORM_REFUSED, 0, "not supported: use $anchor"},
    {"$recursiveRef", FORM_REFUSED, 0, "not part of draft 2020-12: use $ref"},
    {"$recursiveAnchor", FORM_REFUSED, 0, "not part of draft 2020-12: use $anchor"},
    {"$vocabulary", FORM_REFUSED, 0, "not supported: only draft 2020-12's own vocabularies are"},
    {"dependencies", FORM_REFUSED, 0, "not part of draft 2020-12: use dependentRequired or dependentSchemas"},
    {"additionalItems", FORM_REFUSED, 0, "not part of draft 2020-12: use prefixItems with items"},
    {"id", FORM_REFUSED, 0, "not part of draft 2020-12: use $id"},
};

static bool compile_type(struct schema_compiler *compiler, struct schema_node *node, const json_t *value)
{
    bool is_list = json_is_array(value);
    size_t count = is_list ? json_array_size(value) : 1;
    unsigned types = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(is_list ? json_array_get(value, i) : value);
        unsigned bit = 0;
        while (name != NULL && schema_type_names[bit] != NULL && strcmp(schema_type_names[bit], name) != 0) {
            bit++;
        }
        if (name == NULL || schema_type_names[bit] == NULL || (types & 1U << bit) != 0) {
            types = 0;
            break;
        }
        types |= 1U << bit;
    }
    if (types == 0) {
        return schema_fail(compiler, node->place, "type",
                           "expected null, boolean, integer, number, string, array or object, or a list of some of "
                           "them");
    }
    node->types = types;
    return true;
}

static bool compile_count(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                          const json_t *value, size_t *out)
{
    double real = json_number_value(value);
    if (!json_is_number(value) || !value_is_integer(value) || real < 0) {
        return schema_fail(compiler, node->place, name, "expected a whole number of at least 0");
    }
    *out = real >= (double)(1ULL << 53) ? SIZE_MAX : (size_t)real; /* beyond what any value has */
    return true;
}

/* A list of names without repetition. */
static bool are_names(const json_t *value)
{
    size_t count = json_array_size(value);
    size_t work = SIZE_MAX;
    size_t first = 0;
    size_t second = 0;
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(value, i))) {
            return false;
        }
    }
    return json_is_array(value) && value_elements_are_unique(value, &work, &first, &second);
}

static bool are_name_lists(const json_t *value)
{
    const char *name = NULL;
    const json_t *member = NULL;
    if (!json_is_object(value)) {
        return false;
    }
    VALUE_FOR_EACH_MEMBER(value, name, member)
    {
        if (!are_names(member)) {
            return false;
        }
    }
    return true;
}

static bool compile_pattern(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                            const json_t *value, struct ecma_regex **out)
{
    struct error problem = {0};
    if (!json_is_string(value)) {
        return schema_fail(compiler, node->place, name, "expected a text: a regular expression");
    }
    return ecma_regex_compile(json_string_value(value), json_string_length(value), out, &problem) == STATUS_OK ||
           schema_fail(compiler, node->place, name, "%s", problem.text);
}

/* Values that are only looked at when a value is validated. */
static bool compile_value(struct schema_compiler *compiler, struct schema_node *node, const struct keyword *keyword,
                          const json_t *value, const json_t **out)
{
    const char *expected = NULL;
    if (keyword->form == FORM_CHOICES && !json_is_array(value)) {
        expected = "expected a list of values";
    } else if (keyword->form == FORM_NUMBER && !json_is_number(value)) {
        expected = "expected a number";
    } else if (keyword->form == FORM_DIVISOR && !(json_is_number(value) && json_number_value(value) > 0)) {
        expected = "expected a number above 0";
    } else if (keyword->form == FORM_NAMES && !are_names(value)) {
        expected = "expected a list of names, each once";
    } else if (keyword->form == FORM_NAME_MAP && !are_name_lists(value)) {
        expected = "expected an object whose members are lists of names, each once";
    }
    if (expected != NULL) {
        return schema_fail(compiler, node->place, keyword->name, "%s", expected);
    }
    *out = value;
    return true;
}

static bool compile_schema(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                           const json_t *value, struct schema_node **out)
{
    if (strcmp(name, "items") == 0 && json_is_array(value)) {
        return schema_fail(compiler, node->place, name, "a list is not part of draft 2020-12: use prefixItems");
    }
    char *place = place_member(node->place, name);
    bool is_fine = schema_compile_node(compiler, value, place, out);
    free(place);
    return is_fine;
}

static bool compile_flag(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                         const json_t *value, bool *out)
{
    *out = json_is_true(value);
    return json_is_boolean(value) || schema_fail(compiler, node->place, name, "expected true or false");
}

static bool compile_known(struct schema_compiler *compiler, struct schema_node *node, const struct keyword *keyword,
                          const json_t *value)
{
    void *into = (char *)node + keyword->offset;
    const char *name = keyword->name;
    switch (keyword->form) {
    case FORM_TYPE:
        return compile_type(compiler, node, value);
    case FORM_CONSTANT:
    case FORM_CHOICES:
    case FORM_NUMBER:
    case FORM_DIVISOR:
    case FORM_NAMES:
    case FORM_NAME_MAP:
        return compile_value(compiler, node, keyword, value, into);
    case FORM_LEAST:
        return compile_count(compiler, node, name, value, &((struct schema_range *)into)->least);
    case FORM_MOST:
        return compile_count(compiler, node, name, value, &((struct schema_range *)into)->most);
    case FORM_PATTERN:
        return compile_pattern(compiler, node, name, value, into);
    case FORM_FLAG:
        return compile_flag(compiler, node, name, value, into);
    case FORM_SCHEMA:
        return compile_schema(compiler, node, name, value, into);
    case FORM_LIST:
        return schema_compile_list(compiler, node, name, value, into);
    case FORM_MAP:
        return schema_compile_map(compiler, node, name, value, into);
    case FORM_PATTERNS:
        return schema_compile_patterns(compiler, node, name, value);
    case FORM_DEFINITIONS:
        return schema_compile_map(compiler, node, name, value, NULL);
    case FORM_IDENTITY:
        return schema_compile_identity(compiler, node, name, value);
    case FORM_ANNOTATION:
        return true;
    case FORM_REFUSED:
    default:
        return schema_fail(compiler, node->place, name, "%s", keyword->advice);
    }
}

bool schema_compile_keyword(struct schema_compiler *compiler, struct schema_node *node, const char *name,
                            const json_t *value)
{
    for (size_t i = 0; i < sizeof s_keywords / sizeof s_keywords[0]; i++) {
        if (strcmp(s_keywords[i].name, name) == 0) {
            return compile_known(compiler, node, &s_keywords[i], value);
        }
    }
    if (strncmp(name, "x-", 2) == 0) {
        return true;
    }
    return schema_fail(compiler, node->place, name,
                       "not a keyword that is supported; members of your own begin with \"x-\"");
}
