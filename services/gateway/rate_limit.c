/* See rate_limit.h. */
#include "rate_limit.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

void rate_limit_init(struct rate_limit *limit, int64_t rate, int64_t period_ms, int64_t burst)
{
    *limit = (struct rate_limit){.interval_ns = rate > 0 ? period_ms * NS_PER_MS / rate : 0, .burst = burst};
}

bool rate_limit_take(struct rate_limit *limit, int64_t now_us, int64_t *out_wait_ms)
{
    int64_t now_ns = now_us * NS_PER_US;
    int64_t full_ns = limit->full_ns > now_ns ? limit->full_ns : now_ns;
    int64_t missing_ns = full_ns - now_ns + limit->interval_ns - limit->burst * limit->interval_ns;
    if (limit->interval_ns > 0 && missing_ns > 0) {
        *out_wait_ms = (missing_ns + NS_PER_MS - 1) / NS_PER_MS;
        return false;
    }
    limit->full_ns = full_ns + limit->interval_ns;
    return true;
}
