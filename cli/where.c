/* See where.h. A condition becomes an event pattern, so that values compare as in a route's filter: one over the
 * message itself, or one over what its letter says, which stands where a pattern expects the body. */
#include "where.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "rules/event_pattern.h"

#define SHOWN_MAX 100U /* bytes of a condition in an error's text */
#define FIELDS                                                                                                         \
    "body, body.MEMBER, attribute.NAME, group, id, messageId, reason, detail, route, queue, workflowId, runId, "       \
    "firstRunId, attempt, failureType, failureMessage, receiveCount"

enum operation { EQUALS, CONTAINS, COMPARES };

struct condition {
    struct event_pattern *pattern;
    bool is_about_letter; /* over what the letter says */
    bool is_negated;
};

struct where {
    struct condition conditions[WHERE_CONDITIONS_MAX];
    size_t count;
};

/* A condition taken apart; the texts are the parser's. */
struct parts {
    char *field;
    const char *operator;
    char *value;
    enum operation operation;
    bool is_negated;
};

struct where *where_new(void)
{
    return memory_alloc(sizeof(struct where));
}

void where_destroy(struct where *where)
{
    if (where == NULL) {
        return;
    }
    for (size_t i = 0; i < where->count; i++) {
        event_pattern_destroy(where->conditions[i].pattern);
    }
    free(where);
}

bool where_is_empty(const struct where *where)
{
    return where->count == 0;
}

/* Compiles the pattern into the next place; takes it. */
static enum status add(struct where *where, json_t *pattern, struct condition condition, struct error *error)
{
    enum status status = STATUS_OK;
    if (where->count == WHERE_CONDITIONS_MAX) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "at most %d conditions", WHERE_CONDITIONS_MAX);
    } else {
        status = event_pattern_compile(pattern, &condition.pattern, error);
    }
    json_decref(pattern);
    if (status == STATUS_OK) {
        where->conditions[where->count++] = condition;
    }
    return status;
}

enum status where_add_filter(struct where *where, const char *pattern, struct error *error)
{
    json_error_t problem;
    json_t *parsed = json_loads(pattern, JSON_REJECT_DUPLICATES, &problem);
    if (parsed == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--filter: no JSON object: %s", problem.text);
    }
    enum status status = add(where, parsed, (struct condition){0}, error);
    if (status != STATUS_OK) {
        error_prefix(error, "--filter: ");
    }
    return status;
}

/* --- taking a condition apart ------------------------------------------------------------------------------------- */

static char *copy_trimmed(const char *text, size_t length)
{
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    return memory_copy(text, length);
}

static bool take_apart(const char *condition, struct parts *out)
{
    static const struct {
        const char *text;
        enum operation operation;
        bool is_negated;
    } operators[] = {
        {"!=", EQUALS, true},    {"!~", CONTAINS, true},  {"<=", COMPARES, false}, {">=", COMPARES, false},
        {"=", EQUALS, false},    {"~", CONTAINS, false},  {"<", COMPARES, false},  {">", COMPARES, false},
    };
    size_t length = strcspn(condition, "!=~<>");
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t size = strlen(operators[i].text);
        if (strncmp(condition + length, operators[i].text, size) == 0) {
            const char *value = condition + length + size;
            *out = (struct parts){
                .field = copy_trimmed(condition, length),
                .operator = operators[i].text,
                .value = copy_trimmed(value, strlen(value)),
                .operation = operators[i].operation,
                .is_negated = operators[i].is_negated,
            };
            return true;
        }
    }
    return false;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

/* A JSON scalar that the text is; NULL: it is none, or no value that can be compared. */
static json_t *scalar_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (json_is_object(value) || json_is_array(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* 42 is the number and the text, "42" in quotes the text alone. */
static json_t *equals_list(const char *text)
{
    json_t *list = json_array();
    json_t *value = scalar_of(text);
    bool is_text = json_is_string(value);
    if (value != NULL) {
        CHECK(json_array_append_new(list, value) == 0);
    }
    if (!is_text) {
        CHECK(json_array_append_new(list, json_string(text)) == 0);
    }
    return list;
}

/* "*text*", with what a wildcard means more by escaped. */
static json_t *contains_list(const char *text)
{
    json_t *value = scalar_of(text);
    const char *wanted = json_is_string(value) ? json_string_value(value) : text;
    char *wildcard = memory_alloc(2 * strlen(wanted) + 3);
    char *end = wildcard;
    *end++ = '*';
    for (; *wanted != '\0'; wanted++) {
        if (*wanted == '*' || *wanted == '\\') {
            *end++ = '\\';
        }
        *end++ = *wanted;
    }
    *end++ = '*';
    json_t *list = json_pack("[{s:s}]", "wildcard", wildcard);
    free(wildcard);
    json_decref(value);
    return list;
}

static enum status make_list(const struct parts *parts, json_t **out_list, struct error *error)
{
    json_t *number = NULL;
    switch (parts->operation) {
    case EQUALS:
        *out_list = equals_list(parts->value);
        break;
    case CONTAINS:
        if (*parts->value == '\0') {
            return error_set(error, STATUS_INVALID_ARGUMENT, "expected a text behind %s", parts->operator);
        }
        *out_list = contains_list(parts->value);
        break;
    case COMPARES:
        number = scalar_of(parts->value);
        if (!json_is_number(number)) {
            json_decref(number);
            return error_set(error, STATUS_INVALID_ARGUMENT, "expected a number behind %s, found \"%s\"",
                             parts->operator, parts->value);
        }
        *out_list = json_pack("[{s:[s,o]}]", "numeric", parts->operator, number);
        break;
    }
    CHECK(*out_list != NULL);
    return STATUS_OK;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static bool is_letter_field(const char *name)
{
    static const char *const names[] = {"id",         "messageId", "reason",      "detail",         "route",
                                        "queue",      "workflowId", "runId",       "firstRunId",     "attempt",
                                        "failureType", "failureMessage", "receiveCount"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* {"name": value}; takes value. */
static json_t *object_of(const char *name, json_t *value)
{
    json_t *object = json_object();
    CHECK(json_object_set_new(object, name, value) == 0);
    return object;
}

/* "a.b" and a list as {"a": {"b": list}}; takes list. NULL: a name between the dots is empty. */
static json_t *nest(const char *path, json_t *list)
{
    const char *dot = strchr(path, '.');
    size_t length = dot == NULL ? strlen(path) : (size_t)(dot - path);
    if (length == 0) {
        json_decref(list);
        return NULL;
    }
    json_t *below = dot == NULL ? list : nest(dot + 1, list);
    if (below == NULL) {
        return NULL;
    }
    char *name = memory_copy(path, length);
    json_t *object = object_of(name, below);
    free(name);
    return object;
}

/* Takes list. */
static enum status make_pattern(const struct parts *parts, json_t *list, json_t **out_pattern,
                                struct condition *condition, struct error *error)
{
    const char *field = parts->field;
    if (strcmp(field, "body") == 0) {
        if (parts->operation == COMPARES) {
            json_decref(list);
            return error_set(error, STATUS_INVALID_ARGUMENT, "body is a text: it takes =, !=, ~ and !~; its members, "
                                                             "as body.total, can be compared");
        }
        *out_pattern = object_of("body", list);
    } else if (strncmp(field, "body.", 5) == 0) {
        json_t *nested = nest(field + 5, list);
        if (nested == NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "an empty name in \"%s\"", field);
        }
        *out_pattern = object_of("body", nested);
    } else if (strncmp(field, "attribute.", 10) == 0 && field[10] != '\0') {
        *out_pattern = object_of("messageAttributes", object_of(field + 10, object_of("stringValue", list)));
    } else if (strcmp(field, "group") == 0) {
        *out_pattern = object_of("attributes", object_of("MessageGroupId", list));
    } else if (is_letter_field(field)) {
        condition->is_about_letter = true;
        *out_pattern = object_of("body", object_of(field, list));
    } else {
        json_decref(list);
        return error_set(error, STATUS_INVALID_ARGUMENT, "no field \"%s\"; known are " FIELDS, field);
    }
    return STATUS_OK;
}

static enum status add_parts(struct where *where, const struct parts *parts, struct error *error)
{
    struct condition condition = {.is_negated = parts->is_negated};
    json_t *list = NULL;
    json_t *pattern = NULL;
    if (*parts->field == '\0' || *parts->value == '=') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected FIELD, one of = != ~ !~ < <= > >=, and VALUE");
    }
    enum status status = make_list(parts, &list, error);
    if (status == STATUS_OK) {
        status = make_pattern(parts, list, &pattern, &condition, error);
    }
    return status == STATUS_OK ? add(where, pattern, condition, error) : status;
}

enum status where_add(struct where *where, const char *text, struct error *error)
{
    struct parts parts = {0};
    size_t length = strlen(text);
    enum status status = STATUS_OK;
    if (length > WHERE_TEXT_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--where: at most %d bytes", WHERE_TEXT_MAX);
    }
    if (!utf8_is_valid(text, length)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "--where: no UTF-8");
    }
    if (take_apart(text, &parts)) {
        status = add_parts(where, &parts, error);
    } else {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected FIELD, one of = != ~ !~ < <= > >=, and VALUE");
    }
    if (status != STATUS_OK) {
        error_prefix(error, "--where '%.*s%s': ", (int)utf8_cut(text, length < SHOWN_MAX ? length : SHOWN_MAX), text,
                     length > SHOWN_MAX ? "..." : "");
    }
    free(parts.field);
    free(parts.value);
    return status;
}

/* --- matching ----------------------------------------------------------------------------------------------------- */

static json_t *load(struct json_slice slice)
{
    return slice.data == NULL ? NULL : json_loadb(slice.data, slice.length, JSON_ALLOW_NUL, NULL);
}

/* What the letter says, with its own MessageId as "id"; free() it. */
static char *letter_text(const struct sqs_message *message, const struct dead_letter *letter)
{
    json_t *object = letter != NULL ? json_copy(letter->said) : json_object();
    if (letter != NULL) {
        CHECK(json_object_set_new(object, "messageId", json_string(letter->message_id)) == 0);
    }
    (void)json_object_set_new(object, "id", json_string(message->message_id)); /* fails where it is no UTF-8: no id */
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    CHECK(text != NULL);
    return text;
}

static bool all_take(const struct where *where, struct event_subject *original, struct event_subject *about)
{
    for (size_t i = 0; i < where->count; i++) {
        const struct condition *condition = &where->conditions[i];
        struct event_subject *subject = condition->is_about_letter ? about : original;
        if (event_pattern_matches(condition->pattern, subject) == condition->is_negated) {
            return false;
        }
    }
    return true;
}

bool where_takes(const struct where *where, const struct sqs_message *message, const struct dead_letter *letter)
{
    if (where_is_empty(where)) {
        return true;
    }
    size_t body_length = 0;
    char *body = sqs_message_body(message, &body_length);
    json_t *message_attributes = load(message->attributes);
    json_t *attributes = load(json_scan_member(message->json, message->json_length, "Attributes"));
    char *said = letter_text(message, letter);
    struct event_subject original = {
        .message_id = letter != NULL ? letter->message_id : message->message_id,
        .body = body,
        .body_length = body_length,
        .message_attributes = message_attributes,
        .attributes = attributes,
    };
    struct event_subject about = {.body = said, .body_length = strlen(said)};
    bool takes = all_take(where, &original, &about);
    event_subject_deinit(&original);
    event_subject_deinit(&about);
    free(said);
    json_decref(attributes);
    json_decref(message_attributes);
    free(body);
    return takes;
}
