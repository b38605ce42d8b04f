/* The arithmetic of a message's lease: how long SQS keeps it hidden for us. Pure: every time is passed in and counts on
 * clock_boottime_ms, which also runs while the machine sleeps. */
#ifndef POLLER_LEASE_H
#define POLLER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

/* SQS hides a message for at most 12 h from the receive call that gave it out; beyond that it refuses. */
#define LEASE_TOTAL_MS ((int64_t)12 * 3600 * 1000)
#define LEASE_JITTER_MAX 1000u /* thousandths of the tenth of the visibility by which a renewal may come early */

struct lease {
    int64_t received_ms;   /* start of the receive call of this delivery: never later than SQS's own clock start */
    int64_t deadline_ms;   /* the message is not ours any more from here on */
    int64_t renew_ms;      /* when to ask for more */
    int64_t visibility_ms; /* what was granted last */
};

/* jitter: 0 .. LEASE_JITTER_MAX. */
void lease_begin(struct lease *lease, int64_t call_start_ms, int visibility_seconds, unsigned jitter);
/* After a renewal that was asked for at call_start_ms and granted. */
void lease_renewed(struct lease *lease, int64_t call_start_ms, int visibility_seconds, unsigned jitter);
/* After a renewal that may succeed later: asked again at retry_ms. */
void lease_postpone(struct lease *lease, int64_t retry_ms);

bool lease_has_lapsed(const struct lease *lease, int64_t now_ms);
/* Also true a little early, so that batches fill: slack_ms before the time. */
bool lease_wants_renewal(const struct lease *lease, int64_t now_ms, int64_t slack_ms);
/* What to ask for: wanted, cut to what is left of the 12 h. 0: nothing worth asking for is left. */
int lease_visibility_to_ask(const struct lease *lease, int wanted_seconds, int64_t now_ms);
/* How long a call about this message may take so that it ends before the lease does. <= 0: no time for any. */
int64_t lease_call_budget_ms(const struct lease *lease, int64_t now_ms);

/* The long poll's seconds: a lease counts from the start of the call, so the poll takes at most a third of it. */
int lease_wait_seconds(int wanted_seconds, int visibility_seconds);
/* The visibility of a returned message: 10 s, doubled with each receive, at most 15 min. */
int lease_return_seconds(int64_t receive_count);

#endif
