/* The circuit of one queue and route: whether the target takes messages. Pure: time is passed in (clock_monotonic_ms).
 *
 *   closed --failure--> open --back-off over--> probing --/readyz 200--> trying --accepted--> closed
 *                        ^                         | not ready             | failed
 *                        +-------------------------+-----------------------+
 *
 * In every state but closed the queue is not received from. A single exception keeps one bad message from stopping the
 * others: when every message in hand was tried in vain in this opening, one more may be received as a witness
 * (docs/adr/0013). Slowing (429) only delays. */
#ifndef POLLER_CIRCUIT_H
#define POLLER_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_PROBING, CIRCUIT_READY, CIRCUIT_TRYING };

struct circuit {
    enum circuit_state state;
    struct backoff backoff;
    struct backoff slow_backoff;
    int64_t retry_ms;  /* open: when to probe */
    int64_t slow_ms;   /* nothing is forwarded before */
    uint64_t opening;  /* counts openings, from 1 */
    uint64_t accepted; /* counts accepted messages */
};

/* jitter as in base/backoff.h; delays of 1 s doubling to 30 s. */
void circuit_init(struct circuit *circuit, double jitter);

enum circuit_step {
    CIRCUIT_FORWARD,  /* send what is ready, in batches */
    CIRCUIT_WAIT,     /* nothing now: circuit_next_ms says until when */
    CIRCUIT_PROBE,    /* ask /readyz */
    CIRCUIT_TRY_ONE   /* send one message */
};
enum circuit_step circuit_step(const struct circuit *circuit, int64_t now_ms);
int64_t circuit_next_ms(const struct circuit *circuit); /* INT64_MAX: it waits for an answer, not for a time */
bool circuit_is_closed(const struct circuit *circuit);

void circuit_probe_sent(struct circuit *circuit);
void circuit_probe_answered(struct circuit *circuit, bool is_ready, int64_t now_ms);
void circuit_try_sent(struct circuit *circuit);
/* The one that was tried could neither be accepted nor failed (its lease lapsed, it was rejected): another one. */
void circuit_try_void(struct circuit *circuit);
/* A failure of the target. retry_after_ms 0: not said. true: it was closed before. */
bool circuit_failed(struct circuit *circuit, int64_t retry_after_ms, int64_t now_ms);
/* A message was accepted. true: it was not closed before. */
bool circuit_accepted(struct circuit *circuit);
void circuit_slowed(struct circuit *circuit, int64_t retry_after_ms, int64_t now_ms);

#endif
