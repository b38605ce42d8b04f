/* How many requests a token may send: a bucket of `burst` requests that fills up again evenly. Pure; time is passed in.
 *
 * Kept as one time (as the GCRA of ATM networks does it): when the bucket would be full again. One owner. */
#ifndef GATEWAY_RATE_LIMIT_H
#define GATEWAY_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/* Caller's storage. */
struct rate_limit {
    int64_t interval_ns; /* between two requests; 0: no limit */
    int64_t burst;
    int64_t full_ns;     /* when the bucket is full again; in the past: it is */
};

/* rate requests in period_ms, at most burst at once; rate 0: no limit. rate, burst: at most 1,000,000, and period_ms an
 * hour. */
void rate_limit_init(struct rate_limit *limit, int64_t rate, int64_t period_ms, int64_t burst);
/* Takes one out of the bucket. false: it is empty; *out_wait_ms is how long until there is one, at least 1. */
MUST_CHECK bool rate_limit_take(struct rate_limit *limit, int64_t now_us, int64_t *out_wait_ms);

#endif
