/* Which route takes a message: the first of the queue's whose filter does. Pure. */
#ifndef MESSAGES_ROUTING_H
#define MESSAGES_ROUTING_H

#include "aws/sqs_client.h"
#include "base/error.h"
#include "settings/settings.h"

/* The routes are borrowed. One owner. */
struct routing {
    const struct settings_route **routes;
    size_t count;
    enum settings_envelope envelope;
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

#endif
