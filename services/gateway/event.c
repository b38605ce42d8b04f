/* CloudEvents 1.0 in their three JSON forms, and plain JSON. */
#include "event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

#define TIME_LEFT_DIGITS_MAX 9

static bool media_type_is(const char *content_type, const char *name)
{
    size_t length = strlen(name);
    if (content_type == NULL) {
        return false;
    }
    content_type += strspn(content_type, " \t");
    return strncasecmp(content_type, name, length) == 0 && strchr("; \t", content_type[length]) != NULL;
}

enum event_form event_form(const struct event_headers *headers)
{
    if (media_type_is(headers->content_type, "application/cloudevents-batch+json")) {
        return EVENT_FORM_BATCH;
    }
    if (media_type_is(headers->content_type, "application/cloudevents+json")) {
        return EVENT_FORM_STRUCTURED;
    }
    if (media_type_is(headers->content_type, "application/json")) {
        return headers->ce_specversion != NULL ? EVENT_FORM_BINARY : EVENT_FORM_PLAIN;
    }
    return EVENT_FORM_UNSUPPORTED;
}

int64_t event_time_left_ms(const char *header, int64_t most_ms)
{
    size_t length = header != NULL ? strspn(header, "0123456789") : 0;
    int64_t left_ms = 0;
    if (length == 0 || length > TIME_LEFT_DIGITS_MAX || header[length] != '\0') {
        return most_ms;
    }
    for (size_t i = 0; i < length; i++) {
        left_ms = left_ms * 10 + (header[i] - '0');
    }
    return left_ms < most_ms ? left_ms : most_ms;
}

/* The text of a string; NULL: not there, no string, empty, or with a zero byte inside. free() it. */
static char *text_of(struct json_slice value)
{
    size_t length = 0;
    char *text = json_scan_string(value, &length);
    if (text != NULL && (length == 0 || strlen(text) != length)) {
        free(text);
        return NULL;
    }
    return text;
}

static char *member_text(struct json_slice object, const char *name)
{
    return text_of(json_scan_member(object.data, object.length, name));
}

/* ---- attempts ---- */

/* Takes text. */
static void set_after(struct event *event, char *text)
{
    if (text == NULL || strlen(text) > EVENT_RUN_ID_MAX) {
        free(text);
        event->defect = "expected a run ID in ferryafter";
        return;
    }
    event->after = text;
}

/* A replayed message goes on where its original stopped: under the original's ID, after the run that failed. */
static void read_replay(struct event *event)
{
    struct json_slice attributes = json_scan_member(event->data.data, event->data.length, "MessageAttributes");
    struct json_slice replay = {0};
    if (attributes.data != NULL) {
        replay = json_scan_member(attributes.data, attributes.length, EVENT_REPLAY_ATTRIBUTE);
    }
    if (replay.data == NULL) {
        return;
    }
    char *text = member_text(replay, "StringValue");
    struct json_slice object = {0};
    char *message_id = NULL;
    if (text != NULL && json_scan_value(text, strlen(text), &object)) {
        message_id = member_text(object, "messageId");
    }
    if (message_id == NULL || strlen(message_id) > EVENT_IDENTITY_MAX) {
        free(message_id);
        event->defect = "expected {\"messageId\", \"runId\"} in the message attribute " EVENT_REPLAY_ATTRIBUTE;
    } else {
        free(event->message_id);
        event->message_id = message_id;
        if (event->after == NULL && json_scan_member(object.data, object.length, "runId").data != NULL) {
            event->is_anew = true;
            set_after(event, member_text(object, "runId"));
        }
    }
    free(text);
}

/* Only what is whole is handed on. */
static void settle(struct event *event)
{
    if (event->defect == NULL) {
        read_replay(event);
    }
    if (event->defect != NULL) {
        free(event->message_id);
        free(event->queue);
        free(event->after);
        event->message_id = NULL;
        event->queue = NULL;
        event->after = NULL;
        event->is_anew = false;
    }
}

/* ---- identity ---- */

/* Takes text; what is longer than an ID may be becomes its hash. */
static char *bounded_id(char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    if (length <= EVENT_IDENTITY_MAX) {
        return text;
    }
    char *hash = memory_alloc(CRYPTO_SHA256_HEX_SIZE);
    crypto_sha256_hex(text, length, hash);
    free(text);
    return hash;
}

/* The same source and id give the same name, and no other pair gives it: the source's length stands before it. */
static char *identity_of_source(const char *source, const char *id)
{
    char *name = memory_format("%zu:%s:%s", strlen(source), source, id);
    char *identity = memory_alloc(CRYPTO_UUID_SIZE);
    crypto_stable_uuid(name, identity);
    free(name);
    return identity;
}

/* id and source may be NULL. */
static void name_cloud_event(struct event *event, const char *specversion, const char *id, const char *source,
                             const char *type)
{
    if (specversion == NULL || strcmp(specversion, "1.0") != 0) {
        event->defect = "expected a CloudEvent with specversion \"1.0\"";
    } else if (id == NULL || source == NULL || type == NULL) {
        event->defect = "expected a CloudEvent with id, source and type";
    } else if (event->data.data == NULL) {
        event->defect = "expected a CloudEvent with JSON in data";
    } else {
        char *message_id = member_text(event->data, "MessageId");
        bool is_sqs = message_id != NULL;
        event->message_id = is_sqs ? bounded_id(message_id) : identity_of_source(source, id);
        event->queue = is_sqs && strlen(source) <= EVENT_QUEUE_MAX ? memory_copy_string(source) : NULL;
    }
}

/* The members of a CloudEvent that matter, found in one pass. */
enum { SPECVERSION, ID, SOURCE, TYPE, DATA, AFTER, ANEW, MEMBER_COUNT };

static const char *const s_members[MEMBER_COUNT] = {
    [SPECVERSION] = "specversion", [ID] = "id",
    [SOURCE] = "source",           [TYPE] = "type",
    [DATA] = "data",               [AFTER] = "ferryafter",
    [ANEW] = "ferryanew",
};

static void parse_structured(struct json_slice text, struct event *event)
{
    struct json_slice members[MEMBER_COUNT];
    json_scan_members(text.data, text.length, s_members, members, MEMBER_COUNT);
    char *specversion = text_of(members[SPECVERSION]);
    char *id = text_of(members[ID]);
    char *source = text_of(members[SOURCE]);
    char *type = text_of(members[TYPE]);
    *event = (struct event){.data = members[DATA]};
    event->is_anew = members[ANEW].length == 4 && memcmp(members[ANEW].data, "true", 4) == 0;
    if (members[AFTER].data != NULL) {
        set_after(event, text_of(members[AFTER]));
    }
    if (event->defect == NULL) {
        name_cloud_event(event, specversion, id, source, type);
    }
    settle(event);
    free(specversion);
    free(id);
    free(source);
    free(type);
}

static void parse_plain(struct json_slice text, const char *idempotency_key, struct event *event)
{
    *event = (struct event){.data = text};
    bool has_key = idempotency_key != NULL && *idempotency_key != '\0';
    event->message_id = bounded_id(has_key ? memory_copy_string(idempotency_key) : member_text(text, "MessageId"));
    if (event->message_id == NULL) {
        event->message_id = memory_alloc(RANDOM_UUID_SIZE);
        random_uuid(event->message_id);
    }
    settle(event);
}

static void parse_binary(struct json_slice text, const struct event_headers *headers, struct event *event)
{
    *event = (struct event){.data = text,
                            .is_anew = headers->ce_anew != NULL && strcmp(headers->ce_anew, "true") == 0};
    if (headers->ce_after != NULL) {
        set_after(event, *headers->ce_after != '\0' ? memory_copy_string(headers->ce_after) : NULL);
    }
    if (event->defect == NULL) {
        name_cloud_event(event, headers->ce_specversion, headers->ce_id, headers->ce_source, headers->ce_type);
    }
    settle(event);
}

static enum status parse_batch(struct json_slice text, struct event_list *out_list, struct error *error)
{
    enum status status = STATUS_OK;
    struct event_list list = {0};
    struct json_slice element;
    size_t position = 0;
    size_t found = 0;
    if (text.data[0] != '[') {
        return error_set(error, STATUS_MALFORMED, "expected a JSON array of CloudEvents");
    }
    list.events = memory_alloc_array(EVENT_BATCH_MAX, sizeof *list.events);
    while (json_scan_element(text.data, text.length, &position, &element)) {
        if (list.count < EVENT_BATCH_MAX) {
            parse_structured(element, &list.events[list.count++]);
        }
        found++;
    }
    if (found == 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "expected at least one event, found none");
    } else if (found > EVENT_BATCH_MAX) {
        status = error_set(error, STATUS_TOO_LARGE, "expected at most %zu events, found %zu", EVENT_BATCH_MAX, found);
    } else {
        *out_list = list;
        list = (struct event_list){0};
    }
    event_list_deinit(&list);
    return status;
}

enum status event_list_parse(enum event_form form, const struct event_headers *headers, const char *body,
                             size_t length, struct event_list *out_list, struct error *error)
{
    struct json_slice text;
    if (!json_scan_value(body, length, &text)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    if (form == EVENT_FORM_BATCH) {
        return parse_batch(text, out_list, error);
    }
    struct event *event = memory_alloc(sizeof *event);
    switch (form) {
    case EVENT_FORM_STRUCTURED:
        parse_structured(text, event);
        break;
    case EVENT_FORM_BINARY:
        parse_binary(text, headers, event);
        break;
    case EVENT_FORM_PLAIN:
        parse_plain(text, headers->idempotency_key, event);
        break;
    case EVENT_FORM_BATCH:
    case EVENT_FORM_UNSUPPORTED:
        free(event);
        return error_set(error, STATUS_INVALID_ARGUMENT, "unsupported media type");
    }
    *out_list = (struct event_list){.events = event, .count = 1};
    return STATUS_OK;
}

void event_set_message_id(struct event *event, const char *message_id)
{
    if (event->defect == NULL) {
        free(event->message_id);
        event->message_id = bounded_id(memory_copy_string(message_id));
    }
}

void event_list_deinit(struct event_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->events[i].message_id);
        free(list->events[i].queue);
        free(list->events[i].after);
    }
    free(list->events);
    *list = (struct event_list){0};
}
