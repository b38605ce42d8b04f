/* Waits for runs at the gateway: `/v1/runs/wait` for all queues of the process. The loop's thread owns it.
 *
 * A wait answers as soon as one of its runs has closed, and what remains is asked again; each asking costs the gateway
 * work for each run in it. So runs wait in groups of limited size, what remains of an answered wait is asked again a
 * moment later together with new ones, and only when all places are taken does a group grow: the smallest one is taken
 * back and asked again with the new runs. */
#ifndef POLLER_WAITER_H
#define POLLER_WAITER_H

#include "base/loop.h"
#include "base/metrics.h"
#include "gateway.h"
#include "message.h"
#include "runs.h"

struct waiter;

/* closed(user, watch, run): the chain has closed (or is not found); the watch is the caller's again, run borrowed. */
typedef void waiter_closed_fn(struct run_watch *watch, const struct closed_run *run);

struct waiter_options {
    struct loop *loop;
    struct gateway *gateway;
    struct metrics *metrics;
    waiter_closed_fn *closed;
};
struct waiter *waiter_new(const struct waiter_options *options);
void waiter_destroy(struct waiter *waiter); /* gives up what it waits for. NULL is fine */

/* watch->workflow_id and first_run_id are set and stay until it was closed or removed. */
void waiter_add(struct waiter *waiter, struct run_watch *watch);
void waiter_remove(struct waiter *waiter, struct run_watch *watch); /* harmless when not watched */
void waiter_stop(struct waiter *waiter); /* takes all calls back; no more are made */

#endif
