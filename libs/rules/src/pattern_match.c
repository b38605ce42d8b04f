/* Matches a message. Lists in it are looked through: a field is taken if one of its elements is, and fields that are
 * asked for together must be found in the same element. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "pattern.h"
#include "rules/json_value.h"
#include "value.h"

/* The fields on the way to what is being matched. */
struct way {
    const struct way *parent; /* NULL: a member of the message */
    const char *name;
};

struct match {
    struct event_subject *subject;
    char *why;       /* NULL: nobody asks; else EVENT_PATTERN_WHY_SIZE bytes */
    bool is_refused; /* why tells of a field that is to blame, unless another element or alternative is taken */
};

static bool fields_match(struct match *match, const struct pattern_fields *fields, const json_t *object,
                         const struct way *way);

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL) {
        CHECK(json_object_set_new(object, name, json_string_nocheck(text)) == 0);
    }
}

/* The attributes of a message as Lambda's record spells them. */
static json_t *message_attributes_of(const json_t *attributes)
{
    static const char *const spellings[][2] = {
        {"StringValue", "stringValue"}, {"BinaryValue", "binaryValue"}, {"DataType", "dataType"}};
    json_t *out = json_object();
    const char *name = NULL;
    const json_t *attribute = NULL;
    VALUE_FOR_EACH_MEMBER(attributes, name, attribute)
    {
        json_t *one = json_object();
        for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
            set_text(one, spellings[i][1], json_string_value(json_object_get(attribute, spellings[i][0])));
        }
        CHECK(json_object_set_new_nocheck(out, name, one) == 0);
    }
    return out;
}

static const json_t *record_of(struct event_subject *subject)
{
    if (subject->record == NULL) {
        json_t *record = json_object();
        CHECK(record != NULL);
        set_text(record, "messageId", subject->message_id);
        set_text(record, "eventSource", "aws:sqs");
        set_text(record, "eventSourceARN", subject->event_source_arn);
        set_text(record, "awsRegion", subject->aws_region);
        if (subject->message_attributes != NULL) {
            json_t *attributes = message_attributes_of(subject->message_attributes);
            CHECK(json_object_set_new(record, "messageAttributes", attributes) == 0);
        }
        if (subject->attributes != NULL) {
            CHECK(json_object_set_new(record, "attributes", json_deep_copy(subject->attributes)) == 0);
        }
        subject->record = record;
    }
    return subject->record;
}

static const json_t *body_text_of(struct event_subject *subject)
{
    if (subject->body_text == NULL && subject->body != NULL) {
        subject->body_text = json_stringn_nocheck(subject->body, subject->body_length);
        CHECK(subject->body_text != NULL);
    }
    return subject->body_text;
}

static const json_t *body_json_of(struct event_subject *subject)
{
    if (!subject->is_body_parsed && subject->body != NULL) {
        subject->is_body_parsed = true;
        if (json_value_parse(subject->body, subject->body_length, &subject->body_json, NULL) != STATUS_OK) {
            subject->body_json = NULL;
        }
    }
    return subject->body_json;
}

/* A member of the message; NULL: absent. */
static const json_t *record_member(struct match *match, const char *name, bool is_looked_into)
{
    if (strcmp(name, "body") == 0) {
        return is_looked_into ? body_json_of(match->subject) : body_text_of(match->subject);
    }
    return json_object_get(record_of(match->subject), name);
}

static bool is_scalar(const json_t *value)
{
    return value != NULL && !json_is_array(value) && !json_is_object(value);
}

/* Whether names[0..count) lead from value to a scalar, through any elements of lists. */
static bool leads_to_scalar(const json_t *value, const char *const *names, size_t count)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (leads_to_scalar(json_array_get(value, i), names, count)) {
            return true;
        }
    }
    if (json_is_array(value) || count == 0) {
        return is_scalar(value);
    }
    const json_t *member = json_object_get(value, names[0]);
    return member != NULL && leads_to_scalar(member, names + 1, count - 1);
}

/* Whether the field is anywhere in the message, also in other elements of the lists on the way. */
static bool is_anywhere(struct match *match, const struct way *way)
{
    const char *names[EVENT_PATTERN_NESTING_MAX + 1];
    size_t first = EVENT_PATTERN_NESTING_MAX + 1;
    for (; way->parent != NULL; way = way->parent) {
        names[--first] = way->name;
    }
    size_t count = EVENT_PATTERN_NESTING_MAX + 1 - first;
    return leads_to_scalar(record_member(match, way->name, count > 0), names + first, count);
}

static bool matcher_takes_any(const struct pattern_matcher *matcher, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (matcher_takes_any(matcher, json_array_get(value, i))) {
            return true;
        }
    }
    return is_scalar(value) &&
           (matcher->operation == PATTERN_EXISTS ? matcher->exists : pattern_matcher_takes(matcher, value));
}

/* ---- why not ---- */

static void write_way(const struct way *way, char *out, size_t size, size_t *length)
{
    if (way->parent != NULL) {
        write_way(way->parent, out, size, length);
    }
    int written = snprintf(out + *length, size - *length, "%s%s", way->parent != NULL ? "." : "", way->name);
    size_t wanted = *length + (written > 0 ? (size_t)written : 0);
    *length = wanted < size ? wanted : size - 1;
}

/* text: what is said of the value there. */
static void note_refusal(struct match *match, const struct way *way, const json_t *value, const char *text)
{
    enum { WAY_SIZE = EVENT_PATTERN_WHY_SIZE / 2, VALUE_MAX = 60 };
    char name[WAY_SIZE];
    size_t length = 0;
    if (match->why == NULL || match->is_refused) {
        return;
    }
    match->is_refused = true;
    write_way(way, name, sizeof name, &length);
    char *json = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    (void)snprintf(match->why, EVENT_PATTERN_WHY_SIZE, "%s: %s%.*s%s", name, text, VALUE_MAX, json != NULL ? json : "",
                   json != NULL && strlen(json) > VALUE_MAX ? "..." : "");
    free(json);
}

static bool leaf_takes(struct match *match, const struct pattern_field *field, const json_t *value,
                       const struct way *way)
{
    for (size_t i = 0; i < field->matcher_count; i++) {
        const struct pattern_matcher *matcher = &field->matchers[i];
        bool asks_for_absence = matcher->operation == PATTERN_EXISTS && !matcher->exists;
        if (asks_for_absence ? !is_anywhere(match, way) : matcher_takes_any(matcher, value)) {
            return true;
        }
    }
    return false;
}

static bool leaf_matches(struct match *match, const struct pattern_field *field, const json_t *value,
                         const struct way *way)
{
    bool is_taken = leaf_takes(match, field, value, way);
    if (!is_taken) {
        note_refusal(match, way, value, value == NULL ? "not there" : "no condition takes ");
    }
    return is_taken;
}

/* value: an object, a list with objects somewhere in it, or what has no members at all. */
static bool any_object_matches(struct match *match, const struct pattern_fields *fields, const json_t *value,
                               const struct way *way, bool *out_has_objects)
{
    if (json_is_object(value)) {
        *out_has_objects = true;
        return fields_match(match, fields, value, way);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (any_object_matches(match, fields, json_array_get(value, i), way, out_has_objects)) {
            return true;
        }
    }
    return false;
}

static bool field_matches(struct match *match, const struct pattern_field *field, const json_t *object,
                          const struct way *parent)
{
    const struct way way = {.parent = parent, .name = field->name};
    bool is_looked_into = field->below != NULL;
    const json_t *value = parent == NULL ? record_member(match, field->name, is_looked_into)
                                         : json_object_get(object, field->name);
    if (!is_looked_into) {
        return leaf_matches(match, field, value, &way);
    }
    if (parent == NULL && value == NULL && strcmp(field->name, "body") == 0) {
        note_refusal(match, &way, NULL, "no JSON");
        return false;
    }
    bool was_refused = match->is_refused;
    bool has_objects = false;
    bool is_taken = any_object_matches(match, field->below, value, &way, &has_objects) ||
                    (!has_objects && fields_match(match, field->below, NULL, &way));
    match->is_refused = is_taken ? was_refused : match->is_refused; /* another element was to blame: it is not */
    return is_taken;
}

/* object: NULL where there is none, so that every field is absent. */
static bool fields_match(struct match *match, const struct pattern_fields *fields, const json_t *object,
                         const struct way *way)
{
    for (size_t i = 0; i < fields->field_count; i++) {
        if (!field_matches(match, &fields->fields[i], object, way)) {
            return false;
        }
    }
    bool was_refused = match->is_refused;
    bool is_taken = fields->alternative_count == 0;
    for (size_t i = 0; i < fields->alternative_count && !is_taken; i++) {
        is_taken = fields_match(match, fields->alternatives[i], object, way);
    }
    match->is_refused = is_taken ? was_refused : match->is_refused;
    return is_taken;
}

bool event_pattern_matches(const struct event_pattern *pattern, struct event_subject *subject)
{
    struct match match = {.subject = subject};
    return fields_match(&match, pattern->root, NULL, NULL);
}

bool event_pattern_explain(const struct event_pattern *pattern, struct event_subject *subject,
                           char out_why[EVENT_PATTERN_WHY_SIZE])
{
    struct match match = {.subject = subject, .why = out_why};
    bool is_taken = fields_match(&match, pattern->root, NULL, NULL);
    if (is_taken) {
        out_why[0] = '\0';
    }
    return is_taken;
}

void event_subject_deinit(struct event_subject *subject)
{
    json_decref(subject->record);
    json_decref(subject->body_text);
    json_decref(subject->body_json);
    subject->record = NULL;
    subject->body_text = NULL;
    subject->body_json = NULL;
    subject->is_body_parsed = false;
}
