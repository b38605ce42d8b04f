/* See dlq_replay.h. */
#include "dlq_replay.h"

#include <stdlib.h>
#include <string.h>

#include "dead_letter.h"
#include "settings/settings.h"

/* What goes to one queue in one call. */
struct batch {
    const char *to;
    struct dlq_item *items[SQS_BATCH_MAX];
    struct sqs_send_entry entries[SQS_BATCH_MAX];
    struct sqs_session_entry sent[SQS_BATCH_MAX];
    size_t count;
    size_t bytes;
};

static const char *target_of(const struct dlq_replay *replay, const struct dlq_item *item)
{
    return replay->to != NULL ? replay->to : item->letter.queue;
}

/* NULL: it can be replayed. */
static const char *problem_of(const struct dlq_replay *replay, const struct dlq_item *item)
{
    if (!item->is_readable) {
        return item->problem.text;
    }
    const char *to = target_of(replay, item);
    if (to == NULL) {
        return "it does not say which queue it came from; name one with --to URL";
    }
    if (strcmp(to, replay->from) == 0) {
        return "it would go to the queue that it is in; name another with --to URL";
    }
    return item->message->body.data == NULL ? "it has no body" : NULL;
}

/* false: it does not fit into this call.
 * Its deduplication ID is the dead letter's own MessageId, which is new for each dead letter: SQS would swallow the
 * original's for five minutes, and say that all is well. */
static bool add(struct batch *batch, struct dlq_item *item)
{
    const struct sqs_message *message = item->message;
    bool is_fifo = settings_url_is_fifo(batch->to);
    char *attributes = dead_letter_replay_attributes(message, &item->letter);
    size_t bytes = message->body.length + strlen(attributes);
    if (batch->count > 0 && batch->bytes + bytes > DLQ_REPLAY_BATCH_BYTES_MAX) {
        free(attributes);
        return false;
    }
    batch->items[batch->count] = item;
    batch->entries[batch->count] = (struct sqs_send_entry){
        .body_json = message->body,
        .group_id = !is_fifo || message->group_id != NULL ? message->group_id : message->message_id,
        .deduplication_id = is_fifo ? message->message_id : NULL,
        .delay_seconds = -1,
        .attributes_json = {attributes, strlen(attributes)}, /* owned by the batch */
    };
    batch->count++;
    batch->bytes += bytes;
    return true;
}

static void clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free((char *)(uintptr_t)batch->entries[i].attributes_json.data);
    }
    batch->count = 0;
    batch->bytes = 0;
}

/* Deletes those that were sent, and tells what became of each. */
static void settle(struct dlq_replay *replay, struct batch *batch)
{
    struct sqs_session_entry deleted[SQS_BATCH_MAX];
    const char *handles[SQS_BATCH_MAX];
    size_t places[SQS_BATCH_MAX];
    struct error error = {0};
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->sent[i].is_ok) {
            places[count] = i;
            handles[count++] = batch->items[i]->message->receipt_handle;
        } else {
            dlq_report_left(replay->report, batch->items[i], batch->sent[i].text);
        }
    }
    if (count == 0) {
        return;
    }
    enum status status = sqs_session_delete_batch(replay->session, replay->from, handles, count, deleted, &error);
    for (size_t i = 0; i < count; i++) {
        struct dlq_item *item = batch->items[places[i]];
        struct dlq_line line = {.to = batch->to, .sent_id = batch->sent[places[i]].message_id};
        item->is_done = true;
        item->is_gone = status == STATUS_OK && deleted[i].is_ok;
        line.detail = item->is_gone ? NULL : "but its dead letter was not deleted; a second replay of it runs nothing";
        dlq_report_done(replay->report, item, &line);
    }
}

static void send(struct dlq_replay *replay, struct batch *batch)
{
    struct error error = {0};
    enum status status = sqs_session_send_batch(replay->session, batch->to, batch->entries, batch->count, batch->sent,
                                                &error);
    if (status == STATUS_OK) {
        settle(replay, batch);
    } else {
        for (size_t i = 0; i < batch->count; i++) {
            dlq_report_left(replay->report, batch->items[i], error.text);
        }
    }
    clear(batch);
}

/* All items whose place in waiting is set and that go where the first of them goes, as many as fit into a call. */
static void send_some(struct dlq_replay *replay, struct dlq_item *items, size_t count, bool *waiting)
{
    struct batch batch = {.to = NULL};
    for (size_t i = 0; i < count; i++) {
        const char *to = waiting[i] ? target_of(replay, &items[i]) : NULL;
        if (to == NULL || (batch.to != NULL && strcmp(batch.to, to) != 0)) {
            continue;
        }
        batch.to = to;
        if (!add(&batch, &items[i])) {
            break; /* the next ones may be of its group: they wait with it */
        }
        waiting[i] = false;
    }
    send(replay, &batch);
}

static bool is_any(const bool *waiting, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (waiting[i]) {
            return true;
        }
    }
    return false;
}

bool dlq_replay_act(void *user, struct dlq_item *items, size_t count)
{
    struct dlq_replay *replay = user;
    bool waiting[SQS_BATCH_MAX] = {false};
    for (size_t i = 0; i < count; i++) {
        const char *problem = problem_of(replay, &items[i]);
        if (problem != NULL) {
            dlq_report_left(replay->report, &items[i], problem);
        } else if (replay->report->is_dry_run) {
            items[i].is_done = true;
            dlq_report_done(replay->report, &items[i], &(struct dlq_line){.to = target_of(replay, &items[i])});
        } else {
            waiting[i] = true;
        }
    }
    while (is_any(waiting, count)) {
        send_some(replay, items, count, waiting);
    }
    return true;
}
