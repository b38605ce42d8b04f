/* Events that came in another way than POST /v1/routes/{route}/events, a webhook above all, and go the same way. */
#ifndef GATEWAY_API_EVENTS_H
#define GATEWAY_API_EVENTS_H

#include <stddef.h>

#include "gateway.h"
#include "http/server.h"

enum plain_event_reply {
    PLAIN_EVENT_REPLY_API,    /* as the API answers: 201, 200, 202 */
    PLAIN_EVENT_REPLY_WEBHOOK /* 200 wherever that is another 2xx: some senders take nothing else */
};

struct plain_event {
    const struct settings_route *route;
    /* Who it is: the same again is the same event. Copied; longer than EVENT_IDENTITY_MAX: hashed. NULL: the
     * Idempotency-Key, else the MessageId in the JSON, else a new one. */
    const char *message_id;
    const char *type;       /* {event.type}, beside message_id; NULL: the event has no attributes. Copied */
    const char *body;       /* JSON; it must live until the reply, as the exchange's own does */
    size_t length;
    char *owned;            /* freed after the reply; NULL: nothing */
    enum plain_event_reply reply;
};

/* HTTP server's thread. Takes the event, and the exchange: it is answered, now or later; 400 for no JSON. */
void gateway_take_plain_event(struct http_exchange *exchange, struct gateway *gateway,
                              const struct plain_event *plain);

#endif
