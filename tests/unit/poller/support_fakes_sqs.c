/* The fake queue: SQS's JSON protocol, with groups, leases and scripted faults. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support_fakes_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define GENEROUS_MS 500 /* a lease lasts longer than was asked for, so that the poller's end of it comes first */

/* --- the queue (mutex held) --------------------------------------------------------------------------------------- */

static bool is_given_out(const struct fake_message *message, int64_t now_ms)
{
    return !message->is_deleted && message->visible_ms > now_ms;
}

/* given_now: what this receive has given out already; it locks its groups for later receives only. */
static bool is_available(const struct fakes *fakes, const struct fake_message *message, int64_t now_ms,
                         const bool *given_now)
{
    if (message->is_deleted || message->visible_ms > now_ms) {
        return false;
    }
    for (size_t i = 0; fakes->is_fifo && i < fakes->message_count; i++) {
        const struct fake_message *other = &fakes->messages[i];
        if (strcmp(other->group, message->group) == 0 && is_given_out(other, now_ms) && !given_now[i]) {
            return false;
        }
    }
    return true;
}

static json_t *give(struct fakes *fakes, struct fake_message *message, int visibility_seconds, int64_t now_ms)
{
    char handle[TEXT_MAX_BYTES];
    char count[16];
    message->receives++;
    message->visible_ms = now_ms + (int64_t)visibility_seconds * 1000 + GENEROUS_MS;
    (void)snprintf(handle, sizeof handle, "%s#%d", message->id, message->receives);
    (void)snprintf(count, sizeof count, "%d", message->receives);
    fakes_note(fakes, "give %s", message->id);
    json_t *attributes = json_pack("{s:s, s:s}", "ApproximateReceiveCount", count, "SentTimestamp", "1700000000000");
    if (fakes->is_fifo) {
        (void)json_object_set_new(attributes, "MessageGroupId", json_string(message->group));
        (void)json_object_set_new(attributes, "SequenceNumber", json_string(message->sequence));
    }
    json_t *out = json_pack("{s:s, s:s, s:s, s:o}", "MessageId", message->id, "ReceiptHandle", handle, "Body",
                            message->body != NULL ? message->body : "{\"message\":\"hi\"}", "Attributes", attributes);
    if (message->attributes != NULL) {
        (void)json_object_set_new(out, "MessageAttributes", json_loads(message->attributes, 0, NULL));
    }
    if (message->is_damaged) {
        (void)json_object_set_new(out, "MD5OfBody", json_string("00000000000000000000000000000000"));
    }
    return out;
}

static json_t *take_visible(struct fakes *fakes, int max_messages, int visibility_seconds)
{
    int64_t now_ms = clock_monotonic_ms();
    json_t *list = json_array();
    bool given_now[MESSAGES_MAX] = {false};
    for (size_t i = 0; i < fakes->message_count && json_array_size(list) < (size_t)max_messages; i++) {
        if (is_available(fakes, &fakes->messages[i], now_ms, given_now)) {
            given_now[i] = true;
            (void)json_array_append_new(list, give(fakes, &fakes->messages[i], visibility_seconds, now_ms));
        }
    }
    return list;
}

static int integer_of(json_t *body, const char *name)
{
    return (int)json_integer_value(json_object_get(body, name));
}

/* The handle is "ID#receives": good while it is the newest and the message is there and given out. */
static struct fake_message *by_handle(struct fakes *fakes, const char *handle)
{
    char id[TEXT_MAX_BYTES];
    const char *hash = strrchr(handle, '#');
    assert_non_null(hash);
    (void)snprintf(id, sizeof id, "%.*s", (int)(hash - handle), handle);
    struct fake_message *message = fakes_find(fakes, id);
    assert_non_null(message);
    char newest[16];
    (void)snprintf(newest, sizeof newest, "%d", message->receives);
    bool is_good = !message->is_deleted && strcmp(hash + 1, newest) == 0 &&
                   message->visible_ms > clock_monotonic_ms();
    return is_good ? message : NULL;
}

static json_t *batch_entry(struct fakes *fakes, json_t *entry, bool is_delete, bool *out_is_ok)
{
    const char *handle = json_string_value(json_object_get(entry, "ReceiptHandle"));
    const char *entry_id = json_string_value(json_object_get(entry, "Id"));
    struct fake_message *message = by_handle(fakes, handle);
    *out_is_ok = message != NULL;
    if (message == NULL) {
        fakes_note(fakes, "refused %s %.*s", is_delete ? "delete" : "visibility", (int)(strrchr(handle, '#') - handle),
                   handle);
        return json_pack("{s:s, s:s, s:b, s:s}", "Id", entry_id, "Code", "ReceiptHandleIsInvalid", "SenderFault", 1,
                         "Message", "The receipt handle has expired");
    }
    if (is_delete) {
        message->is_deleted = true;
        fakes_note(fakes, "delete %s", message->id);
    } else {
        int seconds = integer_of(entry, "VisibilityTimeout");
        message->visible_ms = clock_monotonic_ms() + (seconds > 0 ? (int64_t)seconds * 1000 + GENEROUS_MS : 0);
        fakes_note(fakes, "visibility %s %d", message->id, seconds);
    }
    return json_pack("{s:s}", "Id", entry_id);
}

static json_t *batch(struct fakes *fakes, json_t *body, bool is_delete)
{
    json_t *ok = json_array();
    json_t *failed = json_array();
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(body, "Entries"), index, entry)
    {
        bool is_ok = false;
        json_t *result = batch_entry(fakes, entry, is_delete, &is_ok);
        (void)json_array_append_new(is_ok ? ok : failed, result);
    }
    fakes_note(fakes, "end of batch");
    return json_pack("{s:o, s:o}", "Successful", ok, "Failed", failed);
}

static bool is_renewal(json_t *body)
{
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(body, "Entries"), index, entry)
    {
        if (integer_of(entry, "VisibilityTimeout") == 0) {
            return false;
        }
    }
    return true;
}

/* "dead" of ".../dead" with what names the message. */
static void reply_sent(struct fakes *fakes, struct http_exchange *exchange, json_t *body)
{
    const char *url = json_string_value(json_object_get(body, "QueueUrl"));
    const char *id = json_string_value(json_object_get(body, "MessageDeduplicationId"));
    const json_t *attributes = json_object_get(body, "MessageAttributes");
    const char *text = json_string_value(
        json_object_get(json_object_get(attributes, "FerryDeadLetter"), "StringValue"));
    json_t *about = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (id == NULL) {
        id = json_string_value(json_object_get(about, "messageId"));
    }
    if (json_object_size(attributes) > fakes->attributes_limit) {
        fakes_note(fakes, "refused send %s %s", strrchr(url, '/') + 1, id != NULL ? id : "");
        json_t *refusal = json_pack("{s:s, s:s}", "__type", "com.amazonaws.sqs#InvalidParameterValue", "message",
                                    "Number of message attributes exceeds the allowed maximum.");
        fakes_reply_json(exchange, 400, refusal);
    } else {
        fakes_note(fakes, "send %s %s", strrchr(url, '/') + 1, id != NULL ? id : "");
        json_decref(fakes->last_sent);
        fakes->last_sent = json_incref(body);
        fakes_reply_json(exchange, 200, json_pack("{s:s}", "MessageId", "dead-1"));
    }
    json_decref(about);
}

static void reply_failure(struct fakes *fakes, struct http_exchange *exchange, const char *action)
{
    const struct http_header header = {.name = "Retry-After", .value = fakes->retry_after};
    char *text = memory_format("{\"__type\":\"%s\",\"message\":\"scripted\"}", fakes->failing_type);
    fakes_note(fakes, "failed %s", action);
    http_exchange_reply(exchange, fakes->failing_status, "application/x-amz-json-1.0", &header,
                        fakes->retry_after != NULL ? 1 : 0, text, strlen(text));
    free(text);
}

/* --- its actions -------------------------------------------------------------------------------------------------- */

static bool answer_receive(struct fakes *fakes, struct open_poll *poll)
{
    json_t *list = take_visible(fakes, poll->max_messages, poll->visibility_seconds);
    if (json_array_size(list) == 0 && !fakes_poll_is_over(fakes, poll)) {
        json_decref(list);
        return false;
    }
    fakes_reply_json(poll->exchange, 200, json_pack("{s:o}", "Messages", list));
    return true;
}

static void on_receive(struct fakes *fakes, struct http_exchange *exchange, json_t *body, bool is_other_queue)
{
    struct open_poll poll = {
        .exchange = exchange,
        .answer = answer_receive,
        .deadline_ms = clock_monotonic_ms() + (int64_t)integer_of(body, "WaitTimeSeconds") * 1000,
        .visibility_seconds = integer_of(body, "VisibilityTimeout"),
        .max_messages = is_other_queue ? 0 : integer_of(body, "MaxNumberOfMessages"),
    };
    fakes_note(fakes, is_other_queue ? "receive other" : "receive");
    json_t *list = take_visible(fakes, poll.max_messages, poll.visibility_seconds);
    if (json_array_size(list) > 0) {
        fakes_reply_json(exchange, 200, json_pack("{s:o}", "Messages", list));
    } else {
        json_decref(list);
        fakes_keep(fakes, &poll);
    }
}

static bool answer_renewals(struct fakes *fakes, struct open_poll *poll)
{
    if (fakes->are_renewals_held && !fakes->is_ending) {
        return false;
    }
    fakes_reply_json(poll->exchange, 200, batch(fakes, poll->request, false));
    return true;
}

static void on_visibility(struct fakes *fakes, struct http_exchange *exchange, json_t *body)
{
    if (fakes->are_renewals_held && is_renewal(body)) {
        fakes_note(fakes, "renewal arrived");
        fakes_keep(fakes, &(struct open_poll){.exchange = exchange,
                                              .answer = answer_renewals,
                                              .deadline_ms = INT64_MAX,
                                              .request = json_incref(body)});
    } else {
        fakes_reply_json(exchange, 200, batch(fakes, body, false));
    }
}

void fake_sqs_on_action(struct http_exchange *exchange, void *user)
{
    struct fakes *fakes = user;
    size_t length = 0;
    const char *text = http_exchange_body(exchange, &length);
    json_t *body = json_loadb(text, length, 0, NULL);
    const char *target = http_exchange_header(exchange, "x-amz-target");
    const char *action = target != NULL ? strchr(target, '.') + 1 : "";
    bool is_other_queue = strstr(json_string_value(json_object_get(body, "QueueUrl")), "other") != NULL;
    fakes_lock(fakes);
    if (fakes->failing_action != NULL && strcmp(fakes->failing_action, action) == 0 && !is_other_queue) {
        reply_failure(fakes, exchange, action);
    } else if (strcmp(action, "ReceiveMessage") == 0) {
        on_receive(fakes, exchange, body, is_other_queue);
    } else if (strcmp(action, "SendMessage") == 0) {
        reply_sent(fakes, exchange, body);
    } else if (strcmp(action, "DeleteMessageBatch") == 0) {
        fakes_reply_json(exchange, 200, batch(fakes, body, true));
    } else if (strcmp(action, "ChangeMessageVisibilityBatch") == 0) {
        on_visibility(fakes, exchange, body);
    } else {
        fakes_reply_json(exchange, 200, json_pack("{s:{s:s}}", "Attributes", "VisibilityTimeout", "30"));
    }
    fakes_unlock(fakes);
    json_decref(body);
}

/* --- scripting ---------------------------------------------------------------------------------------------------- */

static void send_message(struct fakes *fakes, const char *id, const char *group, const char *sequence, bool is_damaged)
{
    fakes_lock(fakes);
    assert_true(fakes->message_count < MESSAGES_MAX);
    fakes->messages[fakes->message_count++] =
        (struct fake_message){.id = id, .group = group, .sequence = sequence, .is_damaged = is_damaged};
    fakes_unlock(fakes);
}

void fakes_send(struct fakes *fakes, const char *id, const char *group, const char *sequence)
{
    send_message(fakes, id, group, sequence, false);
}

void fakes_send_damaged(struct fakes *fakes, const char *id, const char *group, const char *sequence)
{
    send_message(fakes, id, group, sequence, true);
}

void fakes_set_content(struct fakes *fakes, const char *id, const char *body, const char *attributes)
{
    fakes_lock(fakes);
    fakes_find(fakes, id)->body = body;
    fakes_find(fakes, id)->attributes = attributes;
    fakes_unlock(fakes);
}

void fakes_give_again(struct fakes *fakes, const char *id)
{
    fakes_lock(fakes);
    fakes_find(fakes, id)->visible_ms = 0;
    fakes_unlock(fakes);
}

void fakes_take_away(struct fakes *fakes, const char *id)
{
    fakes_lock(fakes);
    fakes_find(fakes, id)->is_deleted = true;
    fakes_unlock(fakes);
}

void fakes_fail_action(struct fakes *fakes, const char *action, int http_status, const char *type)
{
    fakes_lock(fakes);
    fakes->failing_action = type != NULL ? action : NULL;
    fakes->failing_status = http_status;
    fakes->failing_type = type;
    fakes_unlock(fakes);
}

void fakes_set_retry_after(struct fakes *fakes, const char *seconds)
{
    fakes_lock(fakes);
    fakes->retry_after = seconds;
    fakes_unlock(fakes);
}

void fakes_set_renewals_held(struct fakes *fakes, bool are_held)
{
    fakes_lock(fakes);
    fakes->are_renewals_held = are_held;
    fakes_unlock(fakes);
}

void fakes_set_attributes_limit(struct fakes *fakes, size_t count)
{
    fakes_lock(fakes);
    fakes->attributes_limit = count;
    fakes_unlock(fakes);
}

json_t *fakes_last_sent(struct fakes *fakes)
{
    fakes_lock(fakes);
    json_t *sent = json_deep_copy(fakes->last_sent);
    fakes_unlock(fakes);
    return sent;
}
