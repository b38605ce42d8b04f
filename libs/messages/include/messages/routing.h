/* Which route takes a message: the first of the queue's whose filter does. Pure. */
#ifndef MESSAGES_ROUTING_H
#define MESSAGES_ROUTING_H

#include "aws/sqs_message.h"
#include "base/error.h"
#include "rules/event_pattern.h"
#include "settings/settings.h"

/* The routes are borrowed. One owner. */
struct routing {
    const struct settings_route **routes;
    size_t count;
    enum settings_envelope envelope;
    const char *dead_letter_queue; /* of messages that no route takes; NULL: none. The queue's */
    bool has_filters;
    char *queue_arn; /* from the queue's URL; NULL: an endpoint of another kind; so the region */
    char *region;
};

/* The list of routes is copied. */
void routing_init(struct routing *routing, const struct settings_queue *queue,
                  const struct settings_route *const *routes, size_t count);
void routing_deinit(struct routing *routing);

/* *out_line: the route's place, or routing->count where no filter takes the message. Filters see what is inside the
 * queue's envelope. MALFORMED, with *out_line = routing->count all the same: the message is not in that envelope, and
 * there are filters that would have to look into it (without any, forwarding finds out). */
MUST_CHECK enum status routing_choose(const struct routing *routing, const struct sqs_message *message,
                                      size_t *out_line, struct error *error);

/* The same for people. out_why: routing->count texts; why the filters of the routes before *out_line do not take it,
 * "" of the others. */
MUST_CHECK enum status routing_explain(const struct routing *routing, const struct sqs_message *message,
                                       size_t *out_line, char (*out_why)[EVENT_PATTERN_WHY_SIZE],
                                       struct error *error);

/* Where a dead letter of the message goes that this line takes, or none (routing->count). NULL: it has no queue. */
const char *routing_dead_letter_queue(const struct routing *routing, size_t line);

#endif
