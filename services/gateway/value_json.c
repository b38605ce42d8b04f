/* See value_json.h. */
#include "value_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "crypto/encode.h"
#include "json_text.h"

/* A buffer of its own within out's limits: what a member holds is written whole. */
static void member_of(struct buffer *out, const char *name, struct buffer *value)
{
    json_member_raw(out, name, value->data, value->length);
    buffer_deinit(value);
}

/* A name that is not ours to choose: it is escaped, and left out where it is no UTF-8. */
static void member_named(struct buffer *out, const char *name, const char *text)
{
    char *quoted = json_quote(name, strlen(name));
    if (quoted != NULL) { /* names are written between quotes of their own */
        quoted[strlen(quoted) - 1] = '\0';
        json_member_text(out, quoted + 1, text);
    }
    free(quoted);
}

static void append_encoded(struct buffer *out, const struct temporal_value *value)
{
    struct buffer metadata;
    buffer_init(&metadata, out->maximum);
    json_object_begin(&metadata);
    json_member_text(&metadata, "encoding", value->encoding);
    for (size_t i = 0; i < value->metadata_count; i++) {
        member_named(&metadata, value->metadata[i].name, value->metadata[i].data);
    }
    json_object_end(&metadata);
    char *data = crypto_base64_encode(value->data, value->length);
    json_object_begin(out);
    member_of(out, "metadata", &metadata);
    json_member_text(out, "data", data);
    json_object_end(out);
    free(data);
}

static void append_value(struct buffer *out, const struct temporal_value *value)
{
    struct json_slice json = {0};
    if (value->encoding == NULL || strcmp(value->encoding, TEMPORAL_ENCODING_NULL) == 0) {
        CHECK(buffer_append_string(out, "null"));
    } else if (strcmp(value->encoding, TEMPORAL_ENCODING_JSON) == 0 &&
               json_scan_value(value->data, value->length, &json)) {
        CHECK(buffer_append(out, json.data, json.length));
    } else {
        append_encoded(out, value);
    }
}

void value_json_member(struct buffer *out, const char *name, const struct temporal_value *value)
{
    struct buffer text;
    buffer_init(&text, out->maximum);
    append_value(&text, value);
    member_of(out, name, &text);
}

void value_json_list(struct buffer *out, const char *name, const struct temporal_value *values, size_t count)
{
    struct buffer list;
    buffer_init(&list, out->maximum);
    CHECK(buffer_append(&list, "[", 1));
    for (size_t i = 0; i < count; i++) {
        CHECK(buffer_append_string(&list, i == 0 ? "" : ","));
        append_value(&list, &values[i]);
    }
    CHECK(buffer_append(&list, "]", 1));
    member_of(out, name, &list);
}

void value_json_entries(struct buffer *out, const char *name, const struct temporal_memo_value *entries, size_t count)
{
    struct buffer object;
    buffer_init(&object, out->maximum);
    json_object_begin(&object);
    for (size_t i = 0; i < count; i++) {
        char *quoted = json_quote(entries[i].key, strlen(entries[i].key));
        if (quoted != NULL) { /* names are written between quotes of their own */
            quoted[strlen(quoted) - 1] = '\0';
            value_json_member(&object, quoted + 1, &entries[i].value);
        }
        free(quoted);
    }
    json_object_end(&object);
    member_of(out, name, &object);
}

static void member_text(struct buffer *out, const char *name, const char *text)
{
    json_member_text(out, name, text[0] == '\0' ? NULL : text);
}

static void append_failure(struct buffer *out, const struct temporal_failure *failure)
{
    member_text(out, "kind", failure->kind);
    member_text(out, "type", failure->type);
    member_text(out, "message", failure->message);
    member_text(out, "source", failure->source);
    member_text(out, "stackTrace", failure->stack_trace);
    if (failure->non_retryable) {
        json_member_boolean(out, "nonRetryable", true);
    }
    if (failure->next_retry_delay_ms > 0) {
        json_member_integer(out, "nextRetryDelayMs", failure->next_retry_delay_ms);
    }
    if (failure->detail_count > 0) {
        value_json_list(out, "details", failure->details, failure->detail_count);
    }
}

/* Causes are nested: each one's object is opened within the one before it, and all are closed at the end. */
void value_json_failure(struct buffer *out, const char *name, const struct temporal_failure *failure)
{
    struct buffer text;
    size_t depth = 0;
    if (failure == NULL) {
        return;
    }
    buffer_init(&text, out->maximum);
    json_object_begin(&text);
    append_failure(&text, failure);
    for (failure = failure->cause; failure != NULL; failure = failure->cause) {
        json_member_raw(&text, "cause", "{", 1);
        append_failure(&text, failure);
        depth++;
    }
    for (size_t i = 0; i <= depth; i++) {
        json_object_end(&text);
    }
    member_of(out, name, &text);
}

void value_json_close(struct buffer *out, const struct temporal_close_result *close)
{
    json_member_text(out, "status", temporal_run_status_name(close->status));
    if (close->status == TEMPORAL_RUN_COMPLETED) {
        value_json_member(out, "result", &close->result);
    }
    value_json_failure(out, "failure", close->failure);
    json_member_text(out, "reason", close->reason);
}
