/* Sends the messages of a dead-letter queue to the queue that they came from, with the identity that they had there: a
 * dead letter is deleted only when its replay has been taken, so that a kill in between leaves two copies, of which the
 * gateway makes one run. */
#ifndef CLI_DLQ_REPLAY_H
#define CLI_DLQ_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "sqs_session.h"

#define DLQ_REPLAY_VISIBILITY_SECONDS 120 /* for ten sends and deletes with their retries */
#define DLQ_REPLAY_DRY_RUN_SECONDS 30     /* what was only looked at stays hidden so long, or it would come again */

struct dlq_replay_options {
    const char *from;   /* the dead-letter queue's URL */
    const char *to;     /* NULL: what each dead letter says */
    int64_t limit;      /* 0: none */
    bool is_dry_run;    /* says what it would do; what it looked at is visible again after 30 s */
    FILE *out;          /* a line for each message */
};
struct dlq_replay_result {
    int64_t replayed;
    int64_t failed; /* left in the dead-letter queue; a line in out says why */
};

/* Ends when the queue gives nothing more that was there when it began. The error: the queue itself cannot be read;
 * *out_result is filled then, too: with what was done before. */
MUST_CHECK enum status dlq_replay_run(struct sqs_session *session, const struct dlq_replay_options *options,
                                      struct dlq_replay_result *out_result, struct error *error);

#endif
