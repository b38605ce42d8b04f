/* The messages that a scan keeps in hand, hidden from everybody, and what it has seen. */
#ifndef CLI_DLQ_HAND_H
#define CLI_DLQ_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "progress.h"
#include "sqs_session.h"

enum dlq_hand_seen {
    DLQ_HAND_NEVER,
    DLQ_HAND_BEFORE, /* in an earlier pass */
    DLQ_HAND_ALREADY /* in this one */
};

struct dlq_hand;
struct map;

/* Borrows both. visibility_seconds: what messages are received with; visibility_max_seconds: the most that they are
 * renewed for. */
struct dlq_hand *dlq_hand_new(struct sqs_session *session, const char *queue_url, int visibility_seconds,
                              int visibility_max_seconds);
void dlq_hand_destroy(struct dlq_hand *hand); /* releases nothing; NULL is fine */

/* Whether the message was kept before, under whatever handle. */
enum dlq_hand_seen dlq_hand_seen(const struct dlq_hand *hand, const char *message_id);
/* Keeps it, under its newest handle; keeps nothing of message. */
void dlq_hand_keep(struct dlq_hand *hand, const struct sqs_message *message);
/* It is not in the queue any more, or nobody's concern: it stays known. One that is not in hand: nothing. */
void dlq_hand_drop(struct dlq_hand *hand, const char *message_id);
size_t dlq_hand_count(const struct dlq_hand *hand); /* in hand now */
/* Renews those that are half over; blocks for these calls alone. What cannot be renewed is given out again. */
void dlq_hand_renew(struct dlq_hand *hand);

/* FIFO: in how many groups at least least messages are in hand. */
size_t dlq_hand_groups(const struct dlq_hand *hand, size_t least);
/* Whether a message of one of the groups, which are the map's keys, is in hand. */
bool dlq_hand_has_any_group(const struct dlq_hand *hand, const struct map *groups);

/* Makes all of them visible again, the last received first, so that a FIFO group is whole when its head is free. What
 * was seen stays known; a new pass begins. Returns how many stay hidden, because SQS could not be told. */
size_t dlq_hand_release(struct dlq_hand *hand, struct progress *progress);

#endif
