/* Goes through a dead-letter queue once. SQS has no way to look at a message without taking it: what is looked at and
 * stays in the queue is kept in hand, hidden, until the end, or it would be given out again and the scan would not end.
 * Then all of it is made visible again.
 *
 * FIFO: while messages of a group are in hand, SQS gives out none behind them, but for those (ten at the most) that one
 * receive brings together. Where some of a group went away and others stayed, the scan begins once more, until nothing
 * goes away any more. What stands behind ten messages that stay is out of reach; groups_cut counts these groups. */
#ifndef CLI_DLQ_SCAN_H
#define CLI_DLQ_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dead_letter.h"
#include "progress.h"
#include "sqs_session.h"
#include "where.h"

#define DLQ_SCAN_VISIBILITY_SECONDS 120     /* of what is received: enough for sends and deletes with their retries */
#define DLQ_SCAN_VISIBILITY_MAX_SECONDS 900 /* what stays in hand is renewed for longer each time, up to this */
#define DLQ_SCAN_IN_HAND_MAX 100000         /* SQS has 120,000 in flight at the most; about 600 bytes each */
#define DLQ_SCAN_IN_HAND_MAX_FIFO 18000     /* 20,000 */

/* A message that the scan's conditions take. */
struct dlq_item {
    struct sqs_message *message;
    struct dead_letter letter;
    struct error problem;
    bool is_readable; /* false: letter is empty, and problem says why */
    bool is_gone; /* for act to set: it is not in the queue any more */
    bool is_done; /* for act to set: it counts towards the limit */
};

/* Up to SQS_BATCH_MAX items, in the order in which SQS gave them. false: the scan ends here. */
typedef bool dlq_act_fn(void *user, struct dlq_item *items, size_t count);

struct dlq_scan_options {
    const char *queue_url;
    const struct where *where;
    int64_t limit;      /* items done; 0: none */
    int64_t per_second; /* items acted on; 0: any number */
    int visibility_seconds; /* of what is received; 0: DLQ_SCAN_VISIBILITY_SECONDS */
    dlq_act_fn *act;
    void *user;
    struct progress *progress; /* shows how many were looked at */
};

struct dlq_scan_result {
    int64_t looked_at;
    int64_t taken;          /* by the conditions */
    int64_t groups_cut;     /* FIFO: see above */
    bool is_limit_reached;
    bool is_interrupted;
    bool is_hand_full;      /* the rest was not looked at */
    int64_t kept_hidden;    /* could not be made visible: DLQ_SCAN_VISIBILITY_MAX_SECONDS later they are */
};

/* What came into the queue after the scan began is not looked at: what was replayed may have failed again. The error:
 * the queue cannot be read; *out_result is filled then, too. */
MUST_CHECK enum status dlq_scan_run(struct sqs_session *session, const struct dlq_scan_options *options,
                                    struct dlq_scan_result *out_result, struct error *error);

#endif
