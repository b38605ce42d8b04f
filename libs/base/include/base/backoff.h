/* Exponential back-off with jitter. Caller's storage, one owner. */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t initial_ms;
    int64_t maximum_ms;
    double factor;
    double jitter;   /* 0.2: each delay is drawn from 80 to 120 % */
    int attempts;    /* failures in a row so far */
};

void backoff_init(struct backoff *backoff, int64_t initial_ms, int64_t maximum_ms, double factor, double jitter);
void backoff_reset(struct backoff *backoff);           /* after a success */
int64_t backoff_next_ms(struct backoff *backoff);      /* counts a failure, returns how long to wait */

#endif
