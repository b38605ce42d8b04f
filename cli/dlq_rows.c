/* See dlq_rows.h. */
#include "dlq_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

char *dlq_rows_age(int64_t age_ms)
{
    int64_t seconds = age_ms > 0 ? age_ms / 1000 : 0;
    if (seconds < 120) {
        return memory_format("%" PRId64 "s", seconds);
    }
    if (seconds < (int64_t)120 * 60) {
        return memory_format("%" PRId64 "m", seconds / 60);
    }
    if (seconds < (int64_t)48 * 3600) {
        return memory_format("%" PRId64 "h", seconds / 3600);
    }
    return memory_format("%" PRId64 "d", seconds / 86400);
}

/* Does nothing with a value of NULL, or with a text that is no UTF-8. */
static void set_text(json_t *object, const char *name, const char *text)
{
    (void)json_object_set_new(object, name, text != NULL ? json_string(text) : NULL);
}

static void set_time(json_t *object, const char *name, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_SIZE];
    if (wall_ms > 0) {
        clock_format_rfc3339(wall_ms, text);
        set_text(object, name, text);
    }
}

json_t *dlq_rows_line(const struct dlq_item *item, int64_t now_wall_ms)
{
    const struct sqs_message *message = item->message;
    json_t *row = json_object();
    set_text(row, "messageId", item->is_readable ? item->letter.message_id : message->message_id);
    set_text(row, "deadLetterId", message->message_id);
    if (item->is_readable) {
        set_text(row, "route", item->letter.route);
        set_text(row, "reason", item->letter.reason);
        set_text(row, "workflowId", item->letter.workflow_id);
        set_text(row, "runId", item->letter.run_id);
        (void)json_object_set(row, "attempt", json_object_get(item->letter.said, "attempt")); /* fails if not there */
    }
    set_text(row, "group", message->group_id);
    set_time(row, "sentAt", message->sent_timestamp_ms);
    if (message->sent_timestamp_ms > 0) {
        char *age = dlq_rows_age(now_wall_ms - message->sent_timestamp_ms);
        set_text(row, "age", age);
        free(age);
        (void)json_object_set_new(row, "ageSeconds",
                                  json_integer((now_wall_ms - message->sent_timestamp_ms) / 1000));
    }
    return row;
}

json_t *dlq_rows_full(const struct dlq_item *item)
{
    const struct sqs_message *message = item->message;
    json_t *row = json_object();
    size_t length = 0;
    char *body = sqs_message_body(message, &length);
    json_t *attributes = message->attributes.data == NULL
                             ? NULL
                             : json_loadb(message->attributes.data, message->attributes.length, JSON_ALLOW_NUL, NULL);
    set_text(row, "messageId", item->is_readable ? item->letter.message_id : message->message_id);
    set_text(row, "deadLetterId", message->message_id);
    set_time(row, "sentAt", message->sent_timestamp_ms);
    (void)json_object_set_new(row, "receiveCount", json_integer(message->receive_count));
    set_text(row, "group", message->group_id);
    set_text(row, "deduplicationId", message->deduplication_id);
    set_text(row, "traceHeader", message->trace_header);
    if (item->is_readable && json_object_size(item->letter.said) > 0) {
        (void)json_object_set(row, "deadLetter", item->letter.said);
        (void)json_object_del(attributes, DEAD_LETTER_ATTRIBUTE);
    }
    if (json_object_size(attributes) > 0) {
        (void)json_object_set(row, "messageAttributes", attributes);
    }
    (void)json_object_set_new(row, "body", body != NULL ? json_stringn(body, length) : NULL);
    json_decref(attributes);
    free(body);
    return row;
}
