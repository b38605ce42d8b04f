/* One request with events, from when they are read until its answer: each event becomes a start, or a message on the
 * route's queue, all of them at once; the answer goes out when the last of them is known. A single event's sender may
 * wait for the end of its run. */
#ifndef GATEWAY_EVENTS_CALL_H
#define GATEWAY_EVENTS_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "api_events.h"
#include "event_start.h"
#include "gateway.h"
#include "queue_send.h"
#include "wait_preference.h"

/* Whoever takes `open` to zero answers and frees it. */
struct events_call {
    struct gateway *gateway;
    struct http_exchange *exchange;
    const struct settings_route *route;
    bool is_batch;
    enum plain_event_reply reply;
    const char *token; /* the caller's, by name; NULL: none was asked for */
    struct wait_preference wait; /* of a single event */
    bool has_context;
    struct trace_context context; /* of the request */
    int64_t started_us;
    int64_t deadline_ms;
    char *owned_body;            /* NULL: the list's slices are of the exchange's body */
    struct event_list list;
    struct event_start *starts;  /* one for each event, or NULL: */
    struct queue_sent *sent;     /* the same */
    atomic_size_t open;          /* starts under way, and one for the handler while it sends them */
};

/* HTTP server's thread. Takes list. */
struct events_call *events_call_new(struct http_exchange *exchange, struct gateway *gateway,
                                    const struct settings_route *route, struct event_list list);
/* The call is gone afterwards: it answers, now or later. */
void events_call_begin(struct events_call *call);

#endif
