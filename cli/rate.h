/* A token bucket: so many a second, at most one second's worth at once. Pure. */
#ifndef CLI_RATE_H
#define CLI_RATE_H

#include <stddef.h>
#include <stdint.h>

#define RATE_MAX INT64_C(1000000) /* tokens a second */

/* Caller's storage. */
struct rate {
    int64_t per_second; /* 0: no limit */
    int64_t level;      /* thousandths of a token */
    int64_t filled_ms;  /* up to when the level was reckoned */
};

/* per_second: 0 (whatever is asked for is granted) .. RATE_MAX. The bucket is full at first.
 * now_ms: clock_monotonic_ms, here and below. */
void rate_init(struct rate *rate, int64_t per_second, int64_t now_ms);
/* Takes up to most tokens, and says how many it were. 0: wait for rate_wait_ms. */
size_t rate_take(struct rate *rate, size_t most, int64_t now_ms);
/* How long until there is a token; 0: there is one. */
int64_t rate_wait_ms(const struct rate *rate, int64_t now_ms);

#endif
