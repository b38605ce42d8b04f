/* Exponential back-off with jitter. */
#include "base/backoff.h"

#include <limits.h>

#include "base/check.h"
#include "base/random.h"

void backoff_init(struct backoff *backoff, int64_t initial_ms, int64_t maximum_ms, double factor, double jitter)
{
    CHECK(initial_ms > 0 && maximum_ms >= initial_ms);
    CHECK(factor >= 1.0 && jitter >= 0.0 && jitter <= 1.0);
    *backoff = (struct backoff){
        .initial_ms = initial_ms, .maximum_ms = maximum_ms, .factor = factor, .jitter = jitter, .attempts = 0};
}

void backoff_reset(struct backoff *backoff)
{
    backoff->attempts = 0;
}

int64_t backoff_next_ms(struct backoff *backoff)
{
    double delay = (double)backoff->initial_ms;
    double maximum = (double)backoff->maximum_ms;
    if (backoff->factor > 1.0) {
        for (int i = 0; i < backoff->attempts && delay < maximum; i++) {
            delay *= backoff->factor;
        }
    }
    if (delay > maximum) {
        delay = maximum;
    }
    if (backoff->attempts < INT_MAX) {
        backoff->attempts++;
    }
    const uint64_t steps = UINT64_C(1) << 20;
    double position = (double)random_below(steps + 1) / (double)steps; /* 0 .. 1 */
    double jittered = delay * (1.0 + backoff->jitter * (2.0 * position - 1.0));
    return (int64_t)(jittered + 0.5);
}
