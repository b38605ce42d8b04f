/* Route and event → the message that a route with target: sqs puts on its queue. Pure. */
#ifndef MESSAGES_QUEUE_MESSAGE_H
#define MESSAGES_QUEUE_MESSAGE_H

#include "aws/sqs_message.h"
#include "messages/entry_class.h"
#include "messages/event.h"
#include "settings/settings.h"

/* What SQS sets (docs of SendMessage, 2025). */
#define QUEUE_MESSAGE_ATTRIBUTES_MAX 10
#define QUEUE_MESSAGE_BYTES_MAX ((size_t)1 << 20) /* body and attributes */
#define QUEUE_MESSAGE_ID_MAX ((size_t)128) /* group and deduplication IDs; longer, or of other letters: hashed */

#define QUEUE_MESSAGE_TRACEPARENT "traceparent" /* the attribute, which the poller hands on as the event's own */

struct queue_message {
    char *body;
    size_t body_length;
    char *group_id;         /* NULL: none */
    char *deduplication_id; /* NULL: none */
    int delay_seconds;      /* -1: the queue's */
    struct sqs_message_attribute attributes[QUEUE_MESSAGE_ATTRIBUTES_MAX];
    char *attribute_texts[2 * QUEUE_MESSAGE_ATTRIBUTES_MAX]; /* what they lie in */
    size_t attribute_count;
};

/* The body is what the route's input says: the data's own bytes, its body, or the whole event. With anything but the
 * whole event the attributes go along as message attributes: ce-id, ce-type …; datacontenttype as content-type.
 * traceparent: the request's; NULL: none. INVALID_ARGUMENT: this event can never be such a message; the text is the
 * reason, *out_class its kind. */
MUST_CHECK enum status queue_message_make(const struct settings_route *route, const struct event *event,
                                          const char *traceparent, struct queue_message *out_message,
                                          enum entry_class *out_class, struct error *error);
void queue_message_deinit(struct queue_message *message);

/* Borrowed from the message. */
struct sqs_send_entry queue_message_entry(const struct queue_message *message);

#endif
