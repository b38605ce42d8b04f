/* When a heartbeat goes to the server: the first at once, then the latest of what came every interval. Pure: the
 * caller brings the clock, keeps the details and sends. One owner (the attempt's lock). */
#ifndef TEMPORAL_HEARTBEAT_H
#define TEMPORAL_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_INTERVAL_MAX_MS INT64_C(60000)
#define HEARTBEAT_INTERVAL_WITHOUT_TIMEOUT_MS INT64_C(30000)

/* min(0.8 x timeout, 60 s); 30 s when no timeout is set (0). */
int64_t heartbeat_interval_ms(int64_t heartbeat_timeout_ms);

struct heartbeat {
    int64_t interval_ms;
    int64_t next_ms;   /* no heartbeat is sent before; 0: none was sent yet */
    bool is_in_flight; /* one is sent and not answered: there is never a second */
    bool is_held;      /* something newer than what was sent last waits */
};

void heartbeat_init(struct heartbeat *heartbeat, int64_t heartbeat_timeout_ms);
/* The activity said something. true: send the latest now; the send is noted. false: it is held. */
bool heartbeat_record(struct heartbeat *heartbeat, int64_t now_ms);
/* Whatever the interval says; none is in flight. The caller sends; the send is noted. */
void heartbeat_force(struct heartbeat *heartbeat, int64_t now_ms);
/* The answer came, or the send failed for good: failed brings what was sent back into "held". */
void heartbeat_answered(struct heartbeat *heartbeat, bool failed);
/* When heartbeat_take_due has something to do; INT64_MAX: nothing is held, or one is in flight. */
int64_t heartbeat_due_ms(const struct heartbeat *heartbeat);
/* true: send the latest now; the send is noted. */
bool heartbeat_take_due(struct heartbeat *heartbeat, int64_t now_ms);

#endif
