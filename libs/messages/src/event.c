/* CloudEvents 1.0 in structured, batch and binary form, and plain JSON. */
#include "messages/event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/media_type.h"
#include "base/memory.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/encode.h"
#include "event_attributes.h"
#include "event_data.h"
#include "messages/idempotency.h"

#define TIME_LEFT_DIGITS_MAX 9

static const char s_event_types[] = "application/cloudevents";

enum event_form event_form(const struct event_headers *headers)
{
    if (media_type_is(headers->content_type, "application/cloudevents-batch+json")) {
        return EVENT_FORM_BATCH;
    }
    if (media_type_is(headers->content_type, "application/cloudevents+json")) {
        return EVENT_FORM_STRUCTURED;
    }
    const char *type = headers->content_type;
    if (type != NULL && strncasecmp(type, s_event_types, strlen(s_event_types)) == 0) {
        return EVENT_FORM_UNSUPPORTED; /* in another format: Avro, XML */
    }
    for (size_t i = 0; i < headers->attribute_count; i++) {
        if (strcasecmp(headers->attributes[i].name, "specversion") == 0) {
            return EVENT_FORM_BINARY;
        }
    }
    return media_type_is(headers->content_type, "application/json") ? EVENT_FORM_PLAIN : EVENT_FORM_UNSUPPORTED;
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

/* id, source and type may be NULL. */
static void name_cloud_event(struct event *event, const char *specversion, const char *id, const char *source,
                             const char *type)
{
    if (specversion == NULL || strcmp(specversion, "1.0") != 0) {
        event->defect = "expected a CloudEvent with specversion \"1.0\"";
    } else if (id == NULL || source == NULL || type == NULL) {
        event->defect = "expected a CloudEvent with id, source and type";
    } else {
        char *message_id =
            event->content == EVENT_CONTENT_JSON ? member_text(event->data, "MessageId") : NULL;
        bool is_sqs = message_id != NULL;
        event->message_id = is_sqs ? bounded_id(message_id) : identity_of_source(source, id);
        event->queue = is_sqs && strlen(source) <= EVENT_QUEUE_MAX ? memory_copy_string(source) : NULL;
    }
}

/* The members of a CloudEvent that matter, found in one pass. */
enum {
    SPECVERSION,
    ID,
    SOURCE,
    TYPE,
    DATA,
    DATA_BASE64,
    DATACONTENTTYPE,
    AFTER,
    ANEW,
    TRACEPARENT,
    TRACESTATE,
    MEMBER_COUNT
};

static const char *const s_members[MEMBER_COUNT] = {
    [SPECVERSION] = "specversion",
    [ID] = "id",
    [SOURCE] = "source",
    [TYPE] = "type",
    [DATA] = "data",
    [DATA_BASE64] = "data_base64",
    [DATACONTENTTYPE] = "datacontenttype",
    [AFTER] = "ferryafter",
    [ANEW] = "ferryanew",
    [TRACEPARENT] = "traceparent",
    [TRACESTATE] = "tracestate",
};

/* A header can hold the text alone. */
static bool is_true(struct json_slice value)
{
    return (value.length == 4 && memcmp(value.data, "true", 4) == 0) ||
           (value.length == 6 && memcmp(value.data, "\"true\"", 6) == 0);
}

static void read_attributes(struct event *event, const struct json_slice members[MEMBER_COUNT])
{
    char *specversion = text_of(members[SPECVERSION]);
    char *id = text_of(members[ID]);
    char *source = text_of(members[SOURCE]);
    char *type = text_of(members[TYPE]);
    event->is_anew = is_true(members[ANEW]);
    event->traceparent = members[TRACEPARENT];
    event->tracestate = members[TRACESTATE];
    if (event->defect == NULL && members[AFTER].data != NULL) {
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

static void parse_structured(struct json_slice text, struct event *event)
{
    struct json_slice members[MEMBER_COUNT];
    json_scan_members(text.data, text.length, s_members, members, MEMBER_COUNT);
    *event = (struct event){.json = text, .is_whole = true};
    event_data_of_members(event, members[DATA], members[DATA_BASE64], members[DATACONTENTTYPE]);
    read_attributes(event, members);
}

static enum status parse_plain(const struct event_headers *headers, const char *body, size_t length,
                               struct event *event, struct error *error)
{
    const char *key = headers->idempotency_key;
    *event = (struct event){.is_keyed = key != NULL};
    if (!event_data_of_bytes(event, "application/json", body, length)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    event->message_id = key != NULL ? memory_copy_string(key) : bounded_id(member_text(event->data, "MessageId"));
    if (event->message_id == NULL) {
        event->message_id = memory_alloc(RANDOM_UUID_SIZE);
        random_uuid(event->message_id);
    }
    settle(event);
    return STATUS_OK;
}

static enum status parse_binary(const struct event_headers *headers, const char *body, size_t length,
                                struct event *event, struct error *error)
{
    struct json_slice members[MEMBER_COUNT] = {0};
    *event = (struct event){.content = EVENT_CONTENT_NONE};
    if (length > 0 && !event_data_of_bytes(event, headers->content_type, body, length)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8, which its Content-Type says");
    }
    event->owned_json = event_attributes_json(headers, &event->json.length);
    if (event->owned_json == NULL) {
        event->defect = "expected UTF-8 in the ce-* headers, each of them once";
    } else {
        event->json.data = event->owned_json;
        json_scan_members(event->json.data, event->json.length, s_members, members, MEMBER_COUNT);
    }
    read_attributes(event, members);
    return STATUS_OK;
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
    struct json_slice text = {0};
    const char *key = headers->idempotency_key;
    enum status status = key != NULL ? idempotency_check_key(key, error) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    bool is_json = form == EVENT_FORM_BATCH || form == EVENT_FORM_STRUCTURED;
    if (is_json && !json_scan_value(body, length, &text)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    if (form == EVENT_FORM_BATCH) {
        return parse_batch(text, out_list, error);
    }
    struct event_list list = {.events = memory_alloc(sizeof *list.events), .count = 1};
    switch (form) {
    case EVENT_FORM_STRUCTURED:
        parse_structured(text, list.events);
        break;
    case EVENT_FORM_BINARY:
        status = parse_binary(headers, body, length, list.events, error);
        break;
    case EVENT_FORM_PLAIN:
        status = parse_plain(headers, body, length, list.events, error);
        break;
    case EVENT_FORM_BATCH:
    case EVENT_FORM_UNSUPPORTED:
        status = error_set(error, STATUS_INVALID_ARGUMENT, "unsupported media type");
        break;
    }
    if (status == STATUS_OK) {
        *out_list = list;
    } else {
        event_list_deinit(&list);
    }
    return status;
}

void event_set_message_id(struct event *event, const char *message_id)
{
    if (event->defect == NULL) {
        free(event->message_id);
        event->message_id = bounded_id(memory_copy_string(message_id));
        event->is_keyed = false;
    }
}

void event_list_deinit(struct event_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct event *event = &list->events[i];
        free(event->message_id);
        free(event->queue);
        free(event->after);
        free(event->owned_data);
        free(event->owned_json);
    }
    free(list->events);
    *list = (struct event_list){0};
}
