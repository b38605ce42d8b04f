/* Sends the messages of a dead-letter queue to the queue that they came from, with the identity that they had there: a
 * dead letter is deleted only when its replay has been taken, so that a kill in between leaves two copies, of which the
 * gateway makes one run. */
#ifndef CLI_DLQ_REPLAY_H
#define CLI_DLQ_REPLAY_H

#include "dlq_report.h"
#include "dlq_scan.h"
#include "sqs_session.h"

/* A batch's bodies and attributes together; a longer message goes alone. SQS takes 1 MiB, some servers 256 KiB. */
#define DLQ_REPLAY_BATCH_BYTES_MAX ((size_t)200 * 1024)

/* Caller's storage: the user of dlq_replay_act. */
struct dlq_replay {
    struct sqs_session *session;
    const char *from; /* the dead-letter queue's URL */
    const char *to;   /* NULL: what each dead letter says */
    struct dlq_report *report;
};

/* A dlq_act_fn. In a dry run (report->is_dry_run) it sends nothing. */
bool dlq_replay_act(void *user, struct dlq_item *items, size_t count);

#endif
