/* See recent_events.h. */
#include "recent_events.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "json_text.h"

enum { ROUTE, MESSAGE_ID, WORKFLOW_ID, RUN_ID, OUTCOME, STATUS, REASON, QUEUE, QUEUED_ID, TOKEN, TEXT_COUNT };

static const char *const s_names[TEXT_COUNT] = {
    [ROUTE] = "route",     [MESSAGE_ID] = "messageId", [WORKFLOW_ID] = "workflowId", [RUN_ID] = "runId",
    [OUTCOME] = "outcome", [STATUS] = "status",        [REASON] = "reason",          [QUEUE] = "queue",
    [QUEUED_ID] = "queuedMessageId", [TOKEN] = "token",
};

/* A copy in one piece: the texts that are there, each with its zero byte, behind one another. */
struct record {
    int64_t wall_ms;
    unsigned short offsets[TEXT_COUNT]; /* 1 + where the text begins; 0: there is none */
    char texts[];
};

struct recent_events {
    pthread_mutex_t mutex; /* guards the rest */
    struct record *records[RECENT_EVENTS_MAX];
    size_t next;
};

struct recent_events *recent_events_new(void)
{
    struct recent_events *recent = memory_alloc(sizeof *recent);
    CHECK(pthread_mutex_init(&recent->mutex, NULL) == 0);
    return recent;
}

void recent_events_destroy(struct recent_events *recent)
{
    if (recent == NULL) {
        return;
    }
    for (size_t i = 0; i < RECENT_EVENTS_MAX; i++) {
        free(recent->records[i]);
    }
    (void)pthread_mutex_destroy(&recent->mutex);
    free(recent);
}

/* Bytes of the text that are kept: a character is not cut in two. */
static size_t kept_length(const char *text)
{
    size_t length = strnlen(text, RECENT_EVENTS_TEXT_MAX + 1);
    if (length <= RECENT_EVENTS_TEXT_MAX) {
        return length;
    }
    length = RECENT_EVENTS_TEXT_MAX;
    while (length > 0 && ((unsigned char)text[length] & 0xC0u) == 0x80) {
        length--;
    }
    return length;
}

static struct record *record_new(const struct recent_event *event)
{
    const struct entry *entry = event->entry;
    const char *const texts[TEXT_COUNT] = {
        [ROUTE] = event->route,       [MESSAGE_ID] = event->message_id,
        [WORKFLOW_ID] = entry->workflow_id, [RUN_ID] = entry->run_id,
        [OUTCOME] = entry_outcome_name(entry->outcome), [STATUS] = entry->status,
        [REASON] = entry->reason,     [QUEUE] = entry->queue,
        [QUEUED_ID] = entry->message_id, [TOKEN] = event->token,
    };
    size_t lengths[TEXT_COUNT] = {0};
    size_t size = 0;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        lengths[i] = texts[i] != NULL ? kept_length(texts[i]) : 0;
        size += texts[i] != NULL ? lengths[i] + 1 : 0;
    }
    struct record *record = memory_alloc(sizeof *record + size);
    char *out = record->texts;
    record->wall_ms = event->wall_ms;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (texts[i] != NULL) {
            record->offsets[i] = (unsigned short)(1 + (out - record->texts));
            memcpy(out, texts[i], lengths[i]);
            out += lengths[i] + 1;
        }
    }
    return record;
}

void recent_events_add(struct recent_events *recent, const struct recent_event *event)
{
    struct record *record = record_new(event);
    (void)pthread_mutex_lock(&recent->mutex);
    size_t place = recent->next++ % RECENT_EVENTS_MAX;
    struct record *oldest = recent->records[place];
    recent->records[place] = record;
    (void)pthread_mutex_unlock(&recent->mutex);
    free(oldest);
}

/* NULL: it has none. */
static const char *text_of(const struct record *record, size_t index)
{
    return record->offsets[index] > 0 ? record->texts + record->offsets[index] - 1 : NULL;
}

static void write_record(const struct record *record, struct buffer *out)
{
    json_object_begin(out);
    json_member_time(out, "time", record->wall_ms);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        json_member_text(out, s_names[i], text_of(record, i));
    }
    json_object_end(out);
}

void recent_events_write(struct recent_events *recent, recent_events_shows_fn *shows, const void *user,
                         struct buffer *out)
{
    bool is_first = true;
    CHECK(buffer_append_string(out, "{\"events\":["));
    (void)pthread_mutex_lock(&recent->mutex);
    for (size_t i = 1; i <= RECENT_EVENTS_MAX && i <= recent->next; i++) {
        const struct record *record = recent->records[(recent->next - i) % RECENT_EVENTS_MAX];
        if (shows != NULL && !shows(user, text_of(record, ROUTE))) {
            continue;
        }
        CHECK(is_first || buffer_append(out, ",", 1));
        write_record(record, out);
        is_first = false;
    }
    (void)pthread_mutex_unlock(&recent->mutex);
    CHECK(buffer_append_string(out, "]}"));
}
