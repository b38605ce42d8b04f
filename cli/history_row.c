/* See history_row.h. */
#include "history_row.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"
#include "json_pick.h"
#include "time_text.h"

#define TYPE_PREFIX "EVENT_TYPE_"
#define CAUSES_MAX 10
#define DETAIL_MAX 200 /* bytes of a text in a row */
#define TEXT_MAX ((size_t)64 << 10)

char *history_row_type(const char *event_type)
{
    const char *from = strncmp(event_type, TYPE_PREFIX, strlen(TYPE_PREFIX)) == 0
                           ? event_type + strlen(TYPE_PREFIX)
                           : event_type;
    char *text = memory_copy_string(from);
    char *to = text;
    bool is_first = true;
    for (; *from != '\0'; from++) {
        if (*from == '_') {
            is_first = true;
            continue;
        }
        *to++ = is_first ? *from : (char)tolower((unsigned char)*from);
        is_first = false;
    }
    *to = '\0';
    return text;
}

struct json_slice history_row_attributes(struct json_slice event)
{
    static const char suffix[] = "Attributes\"";
    struct json_slice name = {0};
    struct json_slice value = {0};
    for (size_t position = 0; json_scan_next_member(event.data, event.length, &position, &name, &value);) {
        if (name.length > strlen(suffix) &&
            strncmp(name.data + name.length - strlen(suffix), suffix, strlen(suffix)) == 0) {
            return value;
        }
    }
    return (struct json_slice){0};
}

static void append(struct buffer *out, const char *text)
{
    size_t length = strlen(text);
    CHECK(buffer_append(out, text, length < DETAIL_MAX ? length : DETAIL_MAX));
}

char *history_row_failure(struct json_slice failure)
{
    struct buffer text;
    size_t length = 0;
    if (failure.data == NULL) {
        return NULL;
    }
    buffer_init(&text, TEXT_MAX);
    for (int depth = 0; failure.data != NULL && depth < CAUSES_MAX; depth++) {
        char *message = json_pick_text(failure, "message");
        struct json_slice application = json_pick_path(failure, "applicationFailureInfo");
        char *type = application.data != NULL ? json_pick_text(application, "type") : NULL;
        append(&text, depth > 0 ? " <- " : "");
        append(&text, type != NULL ? type : "");
        append(&text, type != NULL && *type != '\0' ? ": " : "");
        append(&text, message != NULL ? message : "");
        free(message);
        free(type);
        failure = json_pick_path(failure, "cause");
    }
    return buffer_take(&text, &length);
}

/* Members of an event's attributes that name what it is about, in the order in which they are shown. */
static const char *const s_telling[] = {
    "workflowType.name", "activityType.name", "signalName",  "timerId",  "startToFireTimeout", "updateId",
    "acceptedRequest.input.name", "markerName", "reason",    "identity", "attempt",            "retryState",
};

/* Nobody needs the identity of a worker where the event says more, and the first attempt is nothing to tell. */
static bool is_worth_telling(const char *path, struct json_slice value, bool has_text)
{
    if (strcmp(path, "identity") == 0) {
        return !has_text;
    }
    if (strcmp(path, "attempt") == 0) {
        return !(value.length == 1 && value.data[0] == '1');
    }
    return strcmp(path, "retryState") != 0;
}

static char *detail_of(struct json_slice attributes)
{
    struct buffer text;
    size_t length = 0;
    buffer_init(&text, TEXT_MAX);
    for (size_t i = 0; i < sizeof s_telling / sizeof s_telling[0]; i++) {
        struct json_slice value = json_pick_path(attributes, s_telling[i]);
        if (value.data == NULL || !is_worth_telling(s_telling[i], value, text.length > 0)) {
            continue;
        }
        char *own = json_scan_string(value, &length);
        char *shown = own != NULL ? own : memory_format("%.*s", (int)value.length, value.data);
        append(&text, text.length > 0 && *shown != '\0' ? " " : "");
        append(&text, strcmp(s_telling[i], "attempt") == 0 ? "attempt " : "");
        append(&text, shown);
        free(shown);
    }
    char *failure = history_row_failure(json_pick_path(attributes, "failure"));
    if (failure != NULL) {
        append(&text, text.length > 0 ? " " : "");
        append(&text, failure);
        free(failure);
    }
    return buffer_take(&text, &length);
}

json_t *history_row(struct json_slice event)
{
    char when[TIME_TEXT_SIZE] = "";
    char *type = json_pick_text(event, "eventType");
    char *time = json_pick_text(event, "eventTime");
    char *number = json_pick_text(event, "eventId");
    char *shown = history_row_type(type != NULL ? type : "");
    char *detail = detail_of(history_row_attributes(event));
    int64_t ms = time_text_read(time);
    if (ms >= 0) {
        time_text_moment(ms, true, when);
    }
    json_t *row = json_object();
    CHECK(json_object_set_new(row, "event", json_integer(number != NULL ? strtoll(number, NULL, 10) : 0)) == 0);
    CHECK(json_object_set_new(row, "time", json_string(when)) == 0);
    CHECK(json_object_set_new(row, "type", json_string(shown)) == 0);
    json_t *text = json_string(detail);
    CHECK(json_object_set_new(row, "detail", text != NULL ? text : json_string("(not UTF-8)")) == 0);
    free(type);
    free(time);
    free(number);
    free(shown);
    free(detail);
    return row;
}
