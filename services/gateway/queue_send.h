/* The events of one request on their way to a route's queue.
 *
 * On a FIFO queue one is sent after the other, and what follows a failure in the same group is not sent: it would go
 * before it. On a standard queue all are sent at once. */
#ifndef GATEWAY_QUEUE_SEND_H
#define GATEWAY_QUEUE_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/sqs_stack.h"
#include "entry.h"
#include "messages/event.h"
#include "messages/queue_message.h"

/* What became of one event. */
struct queue_sent {
    struct queue_message message;
    enum entry_outcome outcome; /* QUEUED, REJECTED, RETRY */
    char *message_id;
    char *sequence_number;      /* NULL: the queue is none of FIFO's */
    enum entry_class class;     /* REJECTED */
    bool is_refusal;            /* RETRY: SQS will not have it before somebody does something about it */
    int64_t retry_after_ms;     /* RETRY; 0: SQS does not say */
    struct error error;         /* REJECTED, RETRY */
};

struct queue_send_options {
    struct sqs_stack *sqs;      /* with its thread */
    const struct settings_route *route;
    const struct event *events; /* outlive it, as the route does */
    size_t count;
    const char *traceparent;    /* the request's; NULL: none */
    int64_t deadline_ms;
    void (*done)(void *user);   /* exactly once, on that thread; or in sqs_stack_destroy */
    void *user;
};

/* out_sent: count of them, zeroed; written until done. */
void queue_send(const struct queue_send_options *options, struct queue_sent *out_sent);
void queue_sent_deinit(struct queue_sent *sent);

/* Texts are borrowed. */
struct entry queue_sent_entry(const struct queue_sent *sent, const struct settings_route *route);

#endif
