/* One event on its way to a run at Temporal: the first start, a further attempt, or a signal. Rule 1 of the delivery
 * contract, as docs/adr/0011 and docs/adr/0017 spell it out.
 *
 * Written by who begins it, then by the rpc thread; finished exactly once, on the rpc thread. */
#ifndef GATEWAY_EVENT_START_H
#define GATEWAY_EVENT_START_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "gateway.h"
#include "messages/event.h"
#include "messages/start_request.h"
#include "request_trace.h"
#include "watch.h"

typedef void event_start_done_fn(void *user);

/* Caller's storage. gateway, route, event, deadline_ms, done and user are set before event_start_begin. */
struct event_start {
    struct gateway *gateway;
    const struct settings_route *route;
    const struct event *event; /* outlives the start */
    const struct trace_context *context; /* of the request, where the event has none of its own; NULL: none */
    int64_t deadline_ms;
    event_start_done_fn *done; /* rpc thread */
    void *user;

    struct start_request request;
    enum entry_outcome outcome;
    char *run_id;
    char *first_run_id;
    int64_t attempt;
    struct watch_result result; /* CLOSED; status is set for ATTACHED, too */
    struct error error;         /* REJECTED, RETRY */
    enum entry_class class;     /* REJECTED */
    bool is_target_error;       /* error is Temporal's, not the event's own defect */

    /* While it is under way. */
    struct start_trace trace;
    enum temporal_run_status run_status;
    int64_t next_attempt; /* of the start that is sent */
    char *started_run_id; /* the run that our start is said to have made; NULL: none */
    bool may_attempt;     /* the run that is being looked at may be followed by another */
    bool has_callback;    /* the start under way asks for a callback */
};

/* true: under way, done will run. false: rejected already, done will not. */
MUST_CHECK bool event_start_begin(struct event_start *start);
void event_start_deinit(struct event_start *start);

/* Texts are borrowed. */
struct entry event_start_entry(const struct event_start *start);

#endif
