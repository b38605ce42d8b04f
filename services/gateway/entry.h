/* What became of one event: the words of the API. Pure. */
#ifndef GATEWAY_ENTRY_H
#define GATEWAY_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "messages/entry_class.h"

enum entry_outcome {
    ENTRY_STARTED,
    ENTRY_ATTACHED, /* its run is open */
    ENTRY_CLOSED,   /* its run has closed: look at status */
    ENTRY_REJECTED, /* can never be accepted: look at reason */
    ENTRY_RETRY,    /* the target failed: look at reason */
    ENTRY_QUEUED    /* it is on the route's queue */
};

/* Texts are borrowed; NULL: left out. */
struct entry {
    enum entry_outcome outcome;
    const char *workflow_id;
    const char *run_id;
    const char *first_run_id;
    int64_t attempt; /* 0: left out */
    const char *status;
    const char *failure_type;
    const char *failure_message;
    bool non_retryable;
    int64_t retry_after_ms; /* 0: left out */
    const char *reason;
    enum entry_class class; /* of REJECTED */
    bool is_signaled;       /* the message is a signal, and it is durable */
    const char *queue;      /* of QUEUED: its URL, and what SQS made of the event there */
    const char *message_id;
    const char *sequence_number; /* FIFO */
};

const char *entry_outcome_name(enum entry_outcome outcome);

/* One element of a batch's results. */
void entry_write(struct buffer *out, const struct entry *entry);
/* The members that name the run. */
void entry_write_run(struct buffer *out, const struct entry *entry);
/* The answer to a single event that was started, attached, closed or queued. */
void entry_write_single(struct buffer *out, const struct entry *entry);
/* 201, 200 or 202. */
int entry_single_status(const struct entry *entry);

/* The members of a closed run, shared by batches, waits and results. */
void entry_write_failure(struct buffer *out, const struct entry *entry);

#endif
