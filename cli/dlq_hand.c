/* See dlq_hand.h. Entries stay in the order in which their messages were first received. */
#include "dlq_hand.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"

#define RENEW_AGAIN_MS 10000 /* after a call that failed */

struct entry {
    char *handle;
    char *group; /* NULL: none */
    int64_t renew_at_ms;
    int seconds; /* of its last visibility */
    unsigned pass;
    bool is_held;
};

struct dlq_hand {
    struct sqs_session *session;
    const char *queue_url;
    int visibility_seconds;
    int visibility_max_seconds;
    struct map *by_id; /* MessageId -> entry */
    struct entry **entries;
    size_t count;
    size_t capacity;
    size_t held;
    int64_t next_renew_ms; /* before it nothing is due */
    unsigned pass;
};

/* Up to SQS_BATCH_MAX entries for one call. */
struct batch {
    struct entry *entries[SQS_BATCH_MAX];
    const char *handles[SQS_BATCH_MAX];
    size_t count;
};

struct dlq_hand *dlq_hand_new(struct sqs_session *session, const char *queue_url, int visibility_seconds,
                              int visibility_max_seconds)
{
    struct dlq_hand *hand = memory_alloc(sizeof *hand);
    hand->session = session;
    hand->queue_url = queue_url;
    hand->visibility_seconds = visibility_seconds;
    hand->visibility_max_seconds = visibility_max_seconds;
    hand->by_id = map_new();
    hand->next_renew_ms = INT64_MAX;
    return hand;
}

void dlq_hand_destroy(struct dlq_hand *hand)
{
    if (hand == NULL) {
        return;
    }
    for (size_t i = 0; i < hand->count; i++) {
        free(hand->entries[i]->handle);
        free(hand->entries[i]->group);
        free(hand->entries[i]);
    }
    free(hand->entries);
    map_destroy(hand->by_id);
    free(hand);
}

enum dlq_hand_seen dlq_hand_seen(const struct dlq_hand *hand, const char *message_id)
{
    const struct entry *entry = map_get(hand->by_id, message_id);
    if (entry == NULL) {
        return DLQ_HAND_NEVER;
    }
    return entry->pass == hand->pass ? DLQ_HAND_ALREADY : DLQ_HAND_BEFORE;
}

static struct entry *add(struct dlq_hand *hand, const struct sqs_message *message)
{
    struct entry *entry = memory_alloc(sizeof *entry);
    if (hand->count == hand->capacity) {
        hand->capacity = hand->capacity == 0 ? 64 : hand->capacity * 2;
        hand->entries = memory_resize_array(hand->entries, hand->capacity, sizeof(struct entry *));
    }
    hand->entries[hand->count++] = entry;
    (void)map_put(hand->by_id, message->message_id, entry);
    entry->group = memory_copy_string(message->group_id);
    return entry;
}

static void set_visibility(struct dlq_hand *hand, struct entry *entry, int seconds)
{
    entry->seconds = seconds;
    entry->renew_at_ms = sqs_session_now_ms(hand->session) + (int64_t)seconds * 1000 / 2;
    hand->next_renew_ms = entry->renew_at_ms < hand->next_renew_ms ? entry->renew_at_ms : hand->next_renew_ms;
}

void dlq_hand_keep(struct dlq_hand *hand, const struct sqs_message *message)
{
    struct entry *entry = map_get(hand->by_id, message->message_id);
    if (entry == NULL) {
        entry = add(hand, message);
    }
    free(entry->handle);
    entry->handle = memory_copy_string(message->receipt_handle);
    entry->pass = hand->pass;
    hand->held += !entry->is_held;
    entry->is_held = true;
    set_visibility(hand, entry, hand->visibility_seconds);
}

size_t dlq_hand_count(const struct dlq_hand *hand)
{
    return hand->held;
}

static void let_go(struct dlq_hand *hand, struct entry *entry)
{
    hand->held -= entry->is_held;
    entry->is_held = false;
}

void dlq_hand_drop(struct dlq_hand *hand, const char *message_id)
{
    struct entry *entry = map_get(hand->by_id, message_id);
    if (entry != NULL) {
        let_go(hand, entry);
    }
}

static void add_to_batch(struct batch *batch, struct entry *entry)
{
    batch->entries[batch->count] = entry;
    batch->handles[batch->count++] = entry->handle;
}

static void renew_batch(struct dlq_hand *hand, struct batch *batch)
{
    struct sqs_session_entry results[SQS_BATCH_MAX];
    int seconds = batch->count == 0 ? 0 : batch->entries[0]->seconds * 2;
    seconds = seconds > hand->visibility_max_seconds ? hand->visibility_max_seconds : seconds;
    if (batch->count == 0) {
        return;
    }
    enum status status = sqs_session_change_visibility_batch(hand->session, hand->queue_url, batch->handles,
                                                             batch->count, seconds, results, NULL);
    for (size_t i = 0; i < batch->count; i++) {
        struct entry *entry = batch->entries[i];
        if (status == STATUS_OK && results[i].is_ok) {
            set_visibility(hand, entry, seconds);
        } else if (status == STATUS_OK && results[i].class == SQS_ERROR_HANDLE) {
            let_go(hand, entry);
        } else {
            entry->renew_at_ms = sqs_session_now_ms(hand->session) + RENEW_AGAIN_MS;
        }
    }
    batch->count = 0;
}

void dlq_hand_renew(struct dlq_hand *hand)
{
    struct batch batch = {.count = 0};
    int64_t now_ms = sqs_session_now_ms(hand->session);
    if (now_ms < hand->next_renew_ms) {
        return;
    }
    for (size_t i = 0; i < hand->count; i++) {
        if (hand->entries[i]->is_held && hand->entries[i]->renew_at_ms <= now_ms) {
            add_to_batch(&batch, hand->entries[i]);
        }
        if (batch.count == SQS_BATCH_MAX || i + 1 == hand->count) {
            renew_batch(hand, &batch);
        }
    }
    hand->next_renew_ms = INT64_MAX;
    for (size_t i = 0; i < hand->count; i++) {
        const struct entry *entry = hand->entries[i];
        if (entry->is_held && entry->renew_at_ms < hand->next_renew_ms) {
            hand->next_renew_ms = entry->renew_at_ms;
        }
    }
}

size_t dlq_hand_groups(const struct dlq_hand *hand, size_t least)
{
    struct map *counts = map_new();
    size_t groups = 0;
    for (size_t i = 0; i < hand->count; i++) {
        const struct entry *entry = hand->entries[i];
        if (entry->is_held && entry->group != NULL) {
            uintptr_t count = (uintptr_t)map_get(counts, entry->group) + 1;
            (void)map_put(counts, entry->group, (void *)count);
            groups += count == least;
        }
    }
    map_destroy(counts);
    return groups;
}

bool dlq_hand_has_any_group(const struct dlq_hand *hand, const struct map *groups)
{
    for (size_t i = 0; i < hand->count; i++) {
        const struct entry *entry = hand->entries[i];
        if (entry->is_held && entry->group != NULL && map_get(groups, entry->group) != NULL) {
            return true;
        }
    }
    return false;
}

/* How many of them stay hidden; *out_status says whether the call as a whole went through. */
static size_t release_batch(struct dlq_hand *hand, struct batch *batch, enum status *out_status)
{
    struct sqs_session_entry results[SQS_BATCH_MAX];
    size_t failed = 0;
    *out_status = sqs_session_change_visibility_batch(hand->session, hand->queue_url, batch->handles, batch->count, 0,
                                                      results, NULL);
    for (size_t i = 0; i < batch->count; i++) {
        bool is_visible = *out_status == STATUS_OK && (results[i].is_ok || results[i].class == SQS_ERROR_HANDLE);
        failed += !is_visible;
        let_go(hand, batch->entries[i]);
    }
    batch->count = 0;
    return failed;
}

size_t dlq_hand_release(struct dlq_hand *hand, struct progress *progress)
{
    struct batch batch = {.count = 0};
    enum status status = STATUS_OK;
    size_t failed = 0;
    int64_t done = 0;
    size_t at = hand->count;
    while (hand->held > 0 && status == STATUS_OK) {
        while (at > 0 && batch.count < SQS_BATCH_MAX) {
            at--;
            if (hand->entries[at]->is_held) {
                add_to_batch(&batch, hand->entries[at]);
            }
        }
        done += (int64_t)batch.count;
        failed += release_batch(hand, &batch, &status);
        progress_set(progress, done);
    }
    failed += hand->held;
    for (size_t i = 0; i < hand->count; i++) {
        let_go(hand, hand->entries[i]);
    }
    hand->next_renew_ms = INT64_MAX;
    hand->pass++;
    return failed;
}
