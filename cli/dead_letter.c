/* See dead_letter.h. */
#include "dead_letter.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"

static json_t *attributes_of(const struct sqs_message *message)
{
    struct json_slice slice = json_scan_member(message->json, message->json_length, "MessageAttributes");
    json_t *attributes = slice.data != NULL ? json_loadb(slice.data, slice.length, 0, NULL) : NULL;
    return attributes != NULL ? attributes : json_object();
}

static const char *text_of(const json_t *attributes, const char *name)
{
    return json_string_value(json_object_get(json_object_get(attributes, name), "StringValue"));
}

static char *copy_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? memory_copy_string(text) : NULL;
}

enum status dead_letter_read(const struct sqs_message *message, struct dead_letter *out_letter, struct error *error)
{
    enum status status = STATUS_OK;
    json_t *attributes = attributes_of(message);
    const char *name = text_of(attributes, DEAD_LETTER_ATTRIBUTE) != NULL ? DEAD_LETTER_ATTRIBUTE : REPLAY_ATTRIBUTE;
    const char *text = text_of(attributes, name);
    json_t *said = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (text != NULL && !json_is_string(json_object_get(said, "messageId"))) {
        status = error_set(error, STATUS_MALFORMED, "the attribute %s of message %s is no JSON object with a messageId",
                           name, message->message_id);
        goto done;
    }
    *out_letter = (struct dead_letter){
        .message_id = text != NULL ? copy_member(said, "messageId") : memory_copy_string(message->message_id),
        .queue = copy_member(said, "queue"),
        .route = copy_member(said, "route"),
        .workflow_id = copy_member(said, "workflowId"),
        .run_id = copy_member(said, "runId"),
        .reason = copy_member(said, "reason"),
        .said = said != NULL ? json_incref(said) : json_object(),
    };
done:
    json_decref(said);
    json_decref(attributes);
    return status;
}

void dead_letter_deinit(struct dead_letter *letter)
{
    free(letter->message_id);
    free(letter->queue);
    free(letter->route);
    free(letter->workflow_id);
    free(letter->run_id);
    free(letter->reason);
    json_decref(letter->said);
    *letter = (struct dead_letter){0};
}

/* Does nothing with a value of NULL. */
static void set(json_t *object, const char *name, const char *value)
{
    if (value != NULL) {
        CHECK(json_object_set_new(object, name, json_string(value)) == 0); /* it was read from JSON: UTF-8 */
    }
}

char *dead_letter_replay_attributes(const struct sqs_message *message, const struct dead_letter *letter)
{
    json_t *attributes = attributes_of(message);
    json_t *replay = json_object();
    set(replay, "messageId", letter->message_id);
    set(replay, "workflowId", letter->workflow_id);
    set(replay, "runId", letter->run_id);
    set(replay, "route", letter->route);
    set(replay, "queue", letter->queue);
    char *text = json_dumps(replay, JSON_COMPACT);
    json_decref(replay);
    (void)json_object_del(attributes, DEAD_LETTER_ATTRIBUTE); /* fails when it is not there: fine */
    CHECK(json_object_set_new(attributes, REPLAY_ATTRIBUTE,
                              json_pack("{s:s, s:s}", "DataType", "String", "StringValue", text)) == 0);
    free(text);
    text = json_dumps(attributes, JSON_COMPACT);
    json_decref(attributes);
    CHECK(text != NULL);
    return text;
}
