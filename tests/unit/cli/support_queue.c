/* See support_queue.h. */
#include "support_queue.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"

#define TEXT_MAX ((size_t)64 << 10)
#define CLOCK_BEGIN_MS 1000000
#define SENT_LONG_AGO_MS INT64_C(1700000000000)

struct fake_message {
    const char *id;
    const char *group; /* NULL: none */
    const char *body;
    const char *attributes;
    int64_t sent_ms;
    int64_t visible_ms;
    int handle; /* of the last receive; 0: never received */
    bool is_deleted;
};

struct fake_fault {
    const char *code; /* of the whole call; NULL: none */
    enum sqs_error_class class;
    const char *entry_id; /* NULL: none */
    enum sqs_error_class entry_class;
};

struct sqs_session {
    int64_t now_ms;
    struct fake_message messages[FAKE_QUEUE_MESSAGES_MAX];
    size_t count;
    struct fake_fault faults[FAKE_CALLS];
    enum sqs_error_class error_class;
    const char *error_code;
    struct buffer journal;
    char *said;       /* what fake_queue_journal gave last */
    char *content;    /* what fake_queue_content gave last */
    char *attributes; /* of the last message sent */
};

/* ---- for tests ---- */

struct sqs_session *fake_queue_new(void)
{
    struct sqs_session *session = memory_alloc(sizeof *session);
    session->now_ms = CLOCK_BEGIN_MS;
    session->error_code = "";
    buffer_init(&session->journal, TEXT_MAX);
    return session;
}

void fake_queue_destroy(struct sqs_session *session)
{
    buffer_deinit(&session->journal);
    free(session->said);
    free(session->content);
    free(session->attributes);
    free(session);
}

static struct fake_message *find(struct sqs_session *session, const char *id)
{
    for (size_t i = 0; i < session->count; i++) {
        if (strcmp(session->messages[i].id, id) == 0) {
            return &session->messages[i];
        }
    }
    CHECK(false);
    return NULL;
}

void fake_queue_put(struct sqs_session *session, const char *id, const char *group, const char *body,
                    const char *attributes)
{
    CHECK(session->count < FAKE_QUEUE_MESSAGES_MAX);
    session->messages[session->count++] = (struct fake_message){
        .id = id, .group = group, .body = body, .attributes = attributes, .sent_ms = SENT_LONG_AGO_MS};
}

void fake_queue_set_sent(struct sqs_session *session, const char *id, int64_t wall_ms)
{
    find(session, id)->sent_ms = wall_ms;
}

static void hide(struct sqs_session *session, struct fake_message *message, int seconds)
{
    message->visible_ms = session->now_ms + (int64_t)seconds * 1000;
}

void fake_queue_hide(struct sqs_session *session, const char *id, int seconds)
{
    struct fake_message *message = find(session, id);
    message->handle++;
    hide(session, message, seconds);
}

void fake_queue_move_clock(struct sqs_session *session, int64_t ms)
{
    session->now_ms += ms;
}

void fake_queue_fail(struct sqs_session *session, enum fake_call call, enum sqs_error_class class, const char *code)
{
    session->faults[call].class = class;
    session->faults[call].code = code;
}

void fake_queue_fail_entry(struct sqs_session *session, enum fake_call call, const char *id, enum sqs_error_class class)
{
    session->faults[call].entry_class = class;
    session->faults[call].entry_id = id;
}

static bool is_hidden(const struct sqs_session *session, const struct fake_message *message)
{
    return message->visible_ms > session->now_ms;
}

const char *fake_queue_content(struct sqs_session *session)
{
    struct buffer text;
    size_t length = 0;
    buffer_init(&text, TEXT_MAX);
    for (size_t i = 0; i < session->count; i++) {
        const struct fake_message *message = &session->messages[i];
        if (!message->is_deleted) {
            CHECK(buffer_append_format(&text, "%s%s%s", text.length > 0 ? " " : "", message->id,
                                       is_hidden(session, message) ? "*" : ""));
        }
    }
    free(session->content);
    session->content = buffer_take(&text, &length);
    return session->content;
}

const char *fake_queue_journal(struct sqs_session *session)
{
    size_t length = 0;
    free(session->said);
    session->said = buffer_take(&session->journal, &length);
    return session->said;
}

const char *fake_queue_last_attributes(const struct sqs_session *session)
{
    return session->attributes;
}

struct sqs_message *fake_queue_message(struct sqs_session *session, const char *id)
{
    const struct fake_message *message = find(session, id);
    char *handle = memory_format("%s#%d", message->id, message->handle);
    char *sent = memory_format("%" PRId64, message->sent_ms);
    json_t *json = json_pack("{s:s, s:s, s:s, s:{s:s}}", "MessageId", message->id, "ReceiptHandle", handle, "Body",
                             message->body, "Attributes", "SentTimestamp", sent);
    if (message->group != NULL) {
        json_t *group = json_string(message->group);
        CHECK(json_object_set_new(json_object_get(json, "Attributes"), "MessageGroupId", group) == 0);
    }
    if (message->attributes != NULL) {
        CHECK(json_object_set_new(json, "MessageAttributes", json_loads(message->attributes, 0, NULL)) == 0);
    }
    char *text = json_dumps(json, JSON_COMPACT);
    struct sqs_message *received = sqs_message_from_json(text, strlen(text));
    CHECK(received != NULL);
    free(text);
    json_decref(json);
    free(sent);
    free(handle);
    return received;
}

/* ---- what all calls have in common ---- */

static void PRINTF_LIKE(2, 3) note(struct sqs_session *session, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    CHECK(buffer_append_string(&session->journal, text));
}

/* Whether such a call fails as a whole; then it is noted. */
static enum status fail(struct sqs_session *session, enum fake_call call, struct error *error)
{
    const struct fake_fault *fault = &session->faults[call];
    if (fault->code == NULL) {
        return STATUS_OK;
    }
    note(session, "!\n");
    session->error_class = fault->class;
    session->error_code = fault->code;
    return error_set(error, STATUS_UNAVAILABLE, "%s", fault->code);
}

/* What becomes of the entry of this message, or of text; is_fine: as far as the queue itself is concerned. */
static struct sqs_session_entry answer(struct sqs_session *session, enum fake_call call, const char *id, bool is_fine)
{
    const struct fake_fault *fault = &session->faults[call];
    bool is_told = fault->entry_id != NULL && strcmp(fault->entry_id, id) == 0;
    struct sqs_session_entry entry = {.is_ok = is_fine && !is_told,
                                      .class = is_told ? fault->entry_class : SQS_ERROR_HANDLE};
    (void)snprintf(entry.text, sizeof entry.text, "%s", entry.is_ok ? "" : is_told ? "as told" : "no such handle");
    note(session, " %s%s", id, entry.is_ok ? "" : "!");
    return entry;
}

/* The message, if the handle is its newest and it is in flight. */
static struct fake_message *find_in_flight(struct sqs_session *session, const char *handle)
{
    for (size_t i = 0; i < session->count; i++) {
        struct fake_message *message = &session->messages[i];
        char newest[64];
        (void)snprintf(newest, sizeof newest, "%s#%d", message->id, message->handle);
        if (strcmp(newest, handle) == 0) {
            return !message->is_deleted && is_hidden(session, message) ? message : NULL;
        }
    }
    return NULL;
}

/* "a" of "a#3". */
static const char *id_of(const char *handle, char out[64])
{
    (void)snprintf(out, 64, "%.*s", (int)strcspn(handle, "#"), handle);
    return out;
}

/* ---- sqs_session.h ---- */

enum sqs_error_class sqs_session_error_class(const struct sqs_session *session)
{
    return session->error_class;
}

const char *sqs_session_error_code(const struct sqs_session *session)
{
    return session->error_code;
}

int64_t sqs_session_now_ms(const struct sqs_session *session)
{
    return session->now_ms;
}

void sqs_session_wait_until(struct sqs_session *session, int64_t monotonic_ms)
{
    session->now_ms = monotonic_ms > session->now_ms ? monotonic_ms : session->now_ms;
}

/* FIFO: a message of its group was in flight when the receive began. */
static bool is_locked(const struct sqs_session *session, const char *group)
{
    for (size_t i = 0; group != NULL && i < session->count; i++) {
        const struct fake_message *message = &session->messages[i];
        if (!message->is_deleted && is_hidden(session, message) && message->group != NULL &&
            strcmp(message->group, group) == 0) {
            return true;
        }
    }
    return false;
}

enum status sqs_session_receive(struct sqs_session *session, const char *queue_url, int wait_seconds,
                                int visibility_seconds, struct sqs_message *out_messages[SQS_BATCH_MAX],
                                size_t *out_count, struct error *error)
{
    struct fake_message *given[SQS_BATCH_MAX];
    size_t count = 0;
    (void)queue_url;
    note(session, "receive");
    enum status status = fail(session, FAKE_RECEIVE, error);
    for (size_t i = 0; status == STATUS_OK && i < session->count && count < SQS_BATCH_MAX; i++) {
        struct fake_message *message = &session->messages[i];
        if (!message->is_deleted && !is_hidden(session, message) && !is_locked(session, message->group)) {
            given[count++] = message;
        }
    }
    for (size_t i = 0; i < count; i++) {
        given[i]->handle++;
        hide(session, given[i], visibility_seconds);
        out_messages[i] = fake_queue_message(session, given[i]->id);
        note(session, " %s", given[i]->id);
    }
    if (status == STATUS_OK) {
        session->now_ms += count == 0 ? (int64_t)wait_seconds * 1000 : 0;
        note(session, count == 0 ? " -\n" : "\n");
        *out_count = count;
    }
    return status;
}

enum status sqs_session_change_visibility_batch(struct sqs_session *session, const char *queue_url,
                                                const char *const *receipt_handles, size_t count, int seconds,
                                                struct sqs_session_entry *out_entries, struct error *error)
{
    char id[64];
    (void)queue_url;
    CHECK(count > 0 && count <= SQS_BATCH_MAX);
    note(session, "visibility %d", seconds);
    enum status status = fail(session, FAKE_VISIBILITY, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct fake_message *message = find_in_flight(session, receipt_handles[i]);
        out_entries[i] = answer(session, FAKE_VISIBILITY, id_of(receipt_handles[i], id), message != NULL);
        if (out_entries[i].is_ok) {
            hide(session, message, seconds);
        }
    }
    note(session, status == STATUS_OK ? "\n" : "");
    return status;
}

enum status sqs_session_delete_batch(struct sqs_session *session, const char *queue_url,
                                     const char *const *receipt_handles, size_t count,
                                     struct sqs_session_entry *out_entries, struct error *error)
{
    char id[64];
    (void)queue_url;
    CHECK(count > 0 && count <= SQS_BATCH_MAX);
    note(session, "delete");
    enum status status = fail(session, FAKE_DELETE, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct fake_message *message = find_in_flight(session, receipt_handles[i]);
        out_entries[i] = answer(session, FAKE_DELETE, id_of(receipt_handles[i], id), message != NULL);
        if (out_entries[i].is_ok) {
            message->is_deleted = true;
        }
    }
    note(session, status == STATUS_OK ? "\n" : "");
    return status;
}

enum status sqs_session_send_batch(struct sqs_session *session, const char *queue_url,
                                   const struct sqs_send_entry *entries, size_t count,
                                   struct sqs_session_entry *out_entries, struct error *error)
{
    CHECK(count > 0 && count <= SQS_BATCH_MAX);
    note(session, "send %s", queue_url);
    enum status status = fail(session, FAKE_SEND, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        const struct sqs_send_entry *entry = &entries[i];
        char *body = memory_format("%.*s", (int)entry->body_json.length, entry->body_json.data);
        const char *id = entry->deduplication_id != NULL ? entry->deduplication_id : body;
        out_entries[i] = answer(session, FAKE_SEND, id, true);
        (void)snprintf(out_entries[i].message_id, sizeof out_entries[i].message_id, "sent-%.100s", id);
        free(session->attributes);
        session->attributes = memory_format("%.*s", (int)entry->attributes_json.length, entry->attributes_json.data);
        free(body);
    }
    note(session, status == STATUS_OK ? "\n" : "");
    return status;
}

/* ---- the rest of sqs_session.h: nothing that is tested with this queue calls it ---- */

static enum status refuse(struct error *error)
{
    return error_set(error, STATUS_UNIMPLEMENTED, "not a call that this queue knows");
}

enum status sqs_session_new(struct sqs_session **out_session, struct error *error)
{
    (void)out_session;
    return refuse(error);
}

void sqs_session_destroy(struct sqs_session *session)
{
    CHECK(session == NULL);
}

enum status sqs_session_send(struct sqs_session *session, const char *queue_url, const struct sqs_send_entry *entry,
                             struct error *error)
{
    (void)session;
    (void)queue_url;
    (void)entry;
    return refuse(error);
}

enum status sqs_session_delete(struct sqs_session *session, const char *queue_url, const char *receipt_handle,
                               struct error *error)
{
    (void)session;
    (void)queue_url;
    (void)receipt_handle;
    return refuse(error);
}

enum status sqs_session_change_visibility(struct sqs_session *session, const char *queue_url,
                                          const char *receipt_handle, int seconds, struct error *error)
{
    (void)seconds;
    return sqs_session_delete(session, queue_url, receipt_handle, error);
}

enum status sqs_session_get_queue_attributes(struct sqs_session *session, const char *queue_url,
                                             json_t **out_attributes, struct error *error)
{
    (void)session;
    (void)queue_url;
    (void)out_attributes;
    return refuse(error);
}

enum status sqs_session_probe_send(struct sqs_session *session, const char *queue_url, struct error *error)
{
    (void)session;
    (void)queue_url;
    return refuse(error);
}

enum status sqs_session_find_credentials(struct sqs_session *session, const char **out_source, struct error *error)
{
    (void)session;
    (void)out_source;
    return refuse(error);
}
