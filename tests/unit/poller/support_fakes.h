/* A queue that speaks SQS's JSON protocol and a gateway, both on one server of http/server.h in this process, with
 * scripted faults; and pollers on a loop of the test's own thread. Every step that the two see is one line of a
 * journal: "receive", "give a1", "forward a1,b1", "attempt 2 of a1", "visibility a1 60", "delete a1", "refused delete
 * a1", "wait", "send dead a1" (a message to the queue "dead" with this deduplication ID, or else with the messageId
 * that its FerryDeadLetter names), "forward@other a1" (to a route that is not the first). */
#ifndef POLLER_SUPPORT_FAKES_H
#define POLLER_SUPPORT_FAKES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "poller.h"
#include "settings/settings.h"

struct fakes;

/* fifo: messages have groups that lock. The queue's visibility as the poller asks for it. */
struct fakes *fakes_new(bool is_fifo, int visibility_seconds);
void fakes_destroy(struct fakes *fakes);

struct settings_queue *fakes_queue(struct fakes *fakes); /* before fakes_start; so the next */
struct settings_route *fakes_route(struct fakes *fakes);
struct settings *fakes_settings(struct fakes *fakes);

/* Each of these before or after the start. id, group and sequence are constants. */
void fakes_send(struct fakes *fakes, const char *id, const char *group, const char *sequence);
void fakes_send_damaged(struct fakes *fakes, const char *id, const char *group, const char *sequence);
/* Body and message attributes (JSON; NULL: none) of one that was sent. Constants. */
void fakes_set_content(struct fakes *fakes, const char *id, const char *body, const char *attributes);
void fakes_give_again(struct fakes *fakes, const char *id);   /* visible at once, whatever its lease says */
void fakes_take_away(struct fakes *fakes, const char *id);    /* deleted by somebody else */
/* NULL type: no more */
void fakes_fail_action(struct fakes *fakes, const char *action, int http_status, const char *type);
void fakes_set_retry_after(struct fakes *fakes, const char *seconds); /* of such failures; NULL: not said */
/* What the gateway says of this message: "started", "retry", "rejected", "closed:Failed" …; NULL: started. */
void fakes_set_outcome(struct fakes *fakes, const char *id, const char *outcome);
void fakes_set_gateway_status(struct fakes *fakes, int http_status); /* of events requests; 200: as scripted */
void fakes_set_batch_limit(struct fakes *fakes, size_t events);      /* more in a request: 413; SIZE_MAX */
void fakes_set_events_held(struct fakes *fakes, bool are_held);      /* events requests are answered when not held */
void fakes_hold_events_of(struct fakes *fakes, const char *id);      /* only requests with this one; NULL: none */
void fakes_set_probes_held(struct fakes *fakes, bool are_held);      /* GET /readyz: "probe arrived" */
void fakes_set_renewals_held(struct fakes *fakes, bool are_held);    /* visibility batches without a zero; likewise */
void fakes_set_ready(struct fakes *fakes, bool is_ready);            /* the gateway's /readyz */
void fakes_set_auto_close(struct fakes *fakes, const char *status);  /* runs close at once with it; NULL: never */
void fakes_close_run(struct fakes *fakes, const char *id, const char *status);
void fakes_set_non_retryable(struct fakes *fakes, bool are_non_retryable); /* failures of runs */
void fakes_set_route_status(struct fakes *fakes, const char *route, int http_status); /* of this one; NULL: none */
void fakes_set_attributes_limit(struct fakes *fakes, size_t count); /* SendMessage refuses more */
/* The body of the last SendMessage request as JSON; json_decref() it. */
json_t *fakes_last_sent(struct fakes *fakes);
/* The last event of this message as the gateway saw it; json_decref() it. */
json_t *fakes_last_event(struct fakes *fakes, const char *id);
/* One more route, before fakes_start; the filter (JSON, a constant; NULL: none) as rules/event_pattern.h has it. */
struct settings_route *fakes_add_route(struct fakes *fakes, const char *name, const char *filter);
void fakes_set_filter(struct fakes *fakes, const char *filter); /* of the first route */
char *fakes_queue_url(struct fakes *fakes, const char *name);   /* another queue's, until fakes_destroy */

void fakes_start(struct fakes *fakes); /* a poller; once more: another one beside it */
void fakes_stop(struct fakes *fakes);  /* as SIGTERM does */
struct poller *fakes_poller(struct fakes *fakes); /* the first */
struct loop *fakes_loop(struct fakes *fakes);
struct http_client *fakes_http(struct fakes *fakes);
struct metrics *fakes_metrics(struct fakes *fakes);
bool fakes_is_drained(const struct fakes *fakes);
bool fakes_is_ready(const struct fakes *fakes);
const char *fakes_ready_reason(const struct fakes *fakes);

/* Runs the loop until the line was seen (times times); fails the test after 20 s. */
void fakes_expect(struct fakes *fakes, const char *line, size_t times);
void fakes_run_until(struct fakes *fakes, bool (*is_true)(struct fakes *fakes), const char *what);
size_t fakes_count(struct fakes *fakes, const char *line);
size_t fakes_count_prefix(struct fakes *fakes, const char *prefix);
/* first occurrence; SIZE_MAX: never */
size_t fakes_index(struct fakes *fakes, const char *line);
void fakes_print(struct fakes *fakes);

#endif
