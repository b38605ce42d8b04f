/* Reads a pattern's structure: fields, lists of matchers, "$or"; the public compile and destroy. */
#include "pattern.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "place.h"
#include "value.h"

#define OR "$or"

bool pattern_fail(struct pattern_compiler *compiler, const char *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(compiler->error, STATUS_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    error_prefix(compiler->error, "%s: ", place_shown(place));
    return false;
}

static void destroy_fields(struct pattern_fields *fields)
{
    if (fields == NULL) {
        return;
    }
    for (size_t i = 0; i < fields->field_count; i++) {
        pattern_free_matchers(fields->fields[i].matchers, fields->fields[i].matcher_count);
        destroy_fields(fields->fields[i].below);
    }
    for (size_t i = 0; i < fields->alternative_count; i++) {
        destroy_fields(fields->alternatives[i]);
    }
    free(fields->fields);
    free(fields->alternatives);
    free(fields);
}

static bool compile_fields(struct pattern_compiler *compiler, const json_t *value, const char *place, size_t depth,
                           struct pattern_fields **out);

static bool compile_matchers(struct pattern_compiler *compiler, const json_t *value, const char *place,
                             struct pattern_field *field)
{
    size_t count = json_array_size(value);
    if (count == 0) {
        return pattern_fail(compiler, place, "expected a list of at least one value or operator");
    }
    bool is_fine = true;
    field->matchers = memory_alloc_array(count, sizeof *field->matchers);
    for (size_t i = 0; i < count && is_fine; i++) {
        char *element = place_element(place, i);
        is_fine = pattern_compile_matcher(compiler, json_array_get(value, i), element, &field->matchers[i]);
        field->matcher_count++;
        free(element);
    }
    return is_fine;
}

static bool compile_alternatives(struct pattern_compiler *compiler, const json_t *value, const char *place,
                                 size_t depth, struct pattern_fields *fields)
{
    size_t count = json_array_size(value);
    if (count < 2) {
        return pattern_fail(compiler, place, "expected a list of at least two objects");
    }
    bool is_fine = true;
    fields->alternatives = memory_alloc_array(count, sizeof(struct pattern_fields *));
    for (size_t i = 0; i < count && is_fine; i++) {
        char *element = place_element(place, i);
        is_fine = compile_fields(compiler, json_array_get(value, i), element, depth, &fields->alternatives[i]);
        fields->alternative_count++;
        free(element);
    }
    return is_fine;
}

/* A member of the message itself: which there are, and what may be asked of it. */
static bool check_record_member(struct pattern_compiler *compiler, const char *name, const json_t *value,
                                const char *place)
{
    static const char *const texts[] = {"messageId", "eventSource", "eventSourceARN", "awsRegion"};
    static const char *const objects[] = {"attributes", "messageAttributes"};
    compiler->is_outside_body = strcmp(name, "body") != 0;
    if (!compiler->is_outside_body) {
        compiler->pattern->needs_body_json = compiler->pattern->needs_body_json || json_is_object(value);
        return true;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i], name) == 0) {
            return json_is_array(value) || pattern_fail(compiler, place, "expected a list: it is a text");
        }
    }
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (strcmp(objects[i], name) == 0) {
            return json_is_object(value) ||
                   pattern_fail(compiler, place, "expected an object with names of attributes");
        }
    }
    return pattern_fail(compiler, place, "not a member of a message; known are body, messageAttributes, attributes, "
                                         "messageId, eventSource, eventSourceARN and awsRegion");
}

static bool compile_field(struct pattern_compiler *compiler, const char *name, const json_t *value, const char *place,
                          size_t depth, struct pattern_fields *fields)
{
    struct pattern_field *field = &fields->fields[fields->field_count++];
    field->name = name;
    if (depth == 0 && !check_record_member(compiler, name, value, place)) {
        return false;
    }
    if (json_is_object(value)) {
        return compile_fields(compiler, value, place, depth + 1, &field->below);
    }
    if (json_is_array(value)) {
        return compile_matchers(compiler, value, place, field);
    }
    return pattern_fail(compiler, place, "expected a list of values and operators, or an object with members' names");
}

/* depth: how many members of the message lead here; "$or" does not count. */
static bool compile_fields(struct pattern_compiler *compiler, const json_t *value, const char *place, size_t depth,
                           struct pattern_fields **out)
{
    if (json_object_size(value) == 0) {
        return pattern_fail(compiler, place, "expected an object with at least one member");
    }
    struct pattern_fields *fields = memory_alloc(sizeof *fields);
    *out = fields; /* so that it is freed with what it hangs on, whatever comes */
    fields->fields = memory_alloc_array(json_object_size(value), sizeof *fields->fields);
    bool is_fine = true;
    const char *name = NULL;
    const json_t *member = NULL;
    VALUE_FOR_EACH_MEMBER(value, name, member)
    {
        char *below = place_member(place, name);
        is_fine = strcmp(name, OR) == 0 ? compile_alternatives(compiler, member, below, depth, fields)
                                        : compile_field(compiler, name, member, below, depth, fields);
        free(below);
        if (!is_fine) {
            break;
        }
    }
    return is_fine;
}

enum status event_pattern_compile(const json_t *pattern, struct event_pattern **out_pattern, struct error *error)
{
    static const struct value_limits limits = {EVENT_PATTERN_NESTING_MAX, EVENT_PATTERN_VALUES_MAX};
    enum status status = value_check_size(pattern, &limits, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct error problem = {0};
    struct event_pattern *compiled = memory_alloc(sizeof *compiled);
    compiled->source = json_deep_copy(pattern);
    struct pattern_compiler compiler = {.pattern = compiled, .error = &problem};
    if (!compile_fields(&compiler, compiled->source, "", 0, &compiled->root)) {
        event_pattern_destroy(compiled);
        if (error != NULL) {
            *error = problem;
        }
        return problem.status;
    }
    *out_pattern = compiled;
    return STATUS_OK;
}

void event_pattern_destroy(struct event_pattern *pattern)
{
    if (pattern != NULL) {
        destroy_fields(pattern->root);
        json_decref(pattern->source);
        free(pattern);
    }
}

bool event_pattern_needs_body_json(const struct event_pattern *pattern)
{
    return pattern->needs_body_json;
}
