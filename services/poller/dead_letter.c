/* See dead_letter.h. */
#include "dead_letter.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_scan.h"
#include "base/memory.h"

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0') {
        return;
    }
    size_t length = strlen(text);
    if (length > DEAD_LETTER_TEXT_MAX) {
        length = DEAD_LETTER_TEXT_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
            length--; /* never inside a character */
        }
    }
    json_t *value = json_stringn(text, length); /* NULL: not UTF-8; left out then */
    if (value != NULL) {
        CHECK(json_object_set_new(object, name, value) == 0);
    }
}

static void set_integer(json_t *object, const char *name, int64_t number)
{
    if (number > 0) {
        CHECK(json_object_set_new(object, name, json_integer(number)) == 0);
    }
}

char *dead_letter_original_id(const struct sqs_message *delivery)
{
    size_t length = 0;
    char *id = NULL;
    if (delivery->attributes.data == NULL) {
        return NULL;
    }
    struct json_slice attribute =
        json_scan_member(delivery->attributes.data, delivery->attributes.length, DEAD_LETTER_REPLAY_ATTRIBUTE);
    if (attribute.data == NULL) {
        return NULL;
    }
    char *text = json_scan_string(json_scan_member(attribute.data, attribute.length, "StringValue"), &length);
    json_t *replay = text == NULL ? NULL : json_loadb(text, length, 0, NULL);
    id = memory_copy_string(json_string_value(json_object_get(replay, "messageId")));
    json_decref(replay);
    free(text);
    return id;
}

char *dead_letter_describe(const struct message *message, const char *queue_url, const char *route,
                           int64_t now_wall_ms)
{
    static const struct setback none = {.reason = "unknown"};
    const struct setback *setback = message->setback != NULL ? message->setback : &none;
    char now[CLOCK_RFC3339_SIZE];
    char *original_id = dead_letter_original_id(message->delivery);
    json_t *object = json_object();
    clock_format_rfc3339(now_wall_ms, now);
    set_text(object, "reason", setback->reason);
    set_text(object, "detail", setback->detail);
    set_text(object, "messageId", original_id != NULL ? original_id : message_id(message));
    set_text(object, "queue", queue_url);
    set_text(object, "route", route);
    set_text(object, "workflowId", message->watch.workflow_id);
    set_text(object, "runId", message->run_id);
    set_text(object, "firstRunId", message->watch.first_run_id);
    set_integer(object, "attempt", message->attempt);
    set_text(object, "failureType", setback->failure_type);
    set_text(object, "failureMessage", setback->failure_message);
    set_integer(object, "receiveCount", message->delivery->receive_count);
    set_integer(object, "sentTimestamp", message->delivery->sent_timestamp_ms);
    set_text(object, "deadLetteredAt", now);
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    CHECK(text != NULL);
    json_decref(object);
    free(original_id);
    return text;
}
