/* See circuit.h. */
#include "circuit.h"

#include "base/check.h"

#define FIRST_DELAY_MS 1000
#define MAXIMUM_DELAY_MS 30000
#define RETRY_AFTER_MAX_MS 60000

void circuit_init(struct circuit *circuit, double jitter)
{
    *circuit = (struct circuit){.state = CIRCUIT_CLOSED};
    backoff_init(&circuit->backoff, FIRST_DELAY_MS, MAXIMUM_DELAY_MS, 2.0, jitter);
    backoff_init(&circuit->slow_backoff, FIRST_DELAY_MS, MAXIMUM_DELAY_MS, 2.0, jitter);
}

enum circuit_step circuit_step(const struct circuit *circuit, int64_t now_ms)
{
    if (now_ms < circuit->slow_ms) {
        return CIRCUIT_WAIT;
    }
    switch (circuit->state) {
    case CIRCUIT_CLOSED:
        return CIRCUIT_FORWARD;
    case CIRCUIT_OPEN:
        return now_ms >= circuit->retry_ms ? CIRCUIT_PROBE : CIRCUIT_WAIT;
    case CIRCUIT_READY:
        return CIRCUIT_TRY_ONE;
    case CIRCUIT_PROBING:
    case CIRCUIT_TRYING:
        break;
    }
    return CIRCUIT_WAIT;
}

int64_t circuit_next_ms(const struct circuit *circuit)
{
    int64_t next_ms = INT64_MAX;
    if (circuit->state == CIRCUIT_OPEN) {
        next_ms = circuit->retry_ms;
    } else if (circuit->state == CIRCUIT_CLOSED || circuit->state == CIRCUIT_READY) {
        next_ms = circuit->slow_ms;
    }
    return next_ms != INT64_MAX && next_ms < circuit->slow_ms ? circuit->slow_ms : next_ms;
}

bool circuit_is_closed(const struct circuit *circuit)
{
    return circuit->state == CIRCUIT_CLOSED;
}

void circuit_probe_sent(struct circuit *circuit)
{
    CHECK(circuit->state == CIRCUIT_OPEN);
    circuit->state = CIRCUIT_PROBING;
}

static int64_t later(struct backoff *backoff, int64_t retry_after_ms, int64_t now_ms)
{
    int64_t delay_ms = backoff_next_ms(backoff);
    if (retry_after_ms > RETRY_AFTER_MAX_MS) {
        retry_after_ms = RETRY_AFTER_MAX_MS;
    }
    return now_ms + (delay_ms > retry_after_ms ? delay_ms : retry_after_ms);
}

void circuit_probe_answered(struct circuit *circuit, bool is_ready, int64_t now_ms)
{
    if (circuit->state != CIRCUIT_PROBING) {
        return; /* closed meanwhile by a forward that was under way when it opened */
    }
    if (is_ready) {
        circuit->state = CIRCUIT_READY;
        return;
    }
    circuit->state = CIRCUIT_OPEN;
    circuit->retry_ms = later(&circuit->backoff, 0, now_ms);
}

void circuit_try_sent(struct circuit *circuit)
{
    CHECK(circuit->state == CIRCUIT_READY);
    circuit->state = CIRCUIT_TRYING;
}

void circuit_try_void(struct circuit *circuit)
{
    if (circuit->state == CIRCUIT_TRYING) {
        circuit->state = CIRCUIT_READY;
    }
}

bool circuit_failed(struct circuit *circuit, int64_t retry_after_ms, int64_t now_ms)
{
    switch (circuit->state) {
    case CIRCUIT_CLOSED:
        circuit->state = CIRCUIT_OPEN;
        circuit->opening++;
        circuit->retry_ms = later(&circuit->backoff, retry_after_ms, now_ms);
        return true;
    case CIRCUIT_TRYING:
        circuit->state = CIRCUIT_OPEN;
        circuit->retry_ms = later(&circuit->backoff, retry_after_ms, now_ms);
        break;
    case CIRCUIT_OPEN:    /* several requests were under way when it opened: one failure is enough */
    case CIRCUIT_PROBING:
    case CIRCUIT_READY:
        break;
    }
    return false;
}

bool circuit_accepted(struct circuit *circuit)
{
    bool was_closed = circuit->state == CIRCUIT_CLOSED;
    circuit->accepted++;
    circuit->state = CIRCUIT_CLOSED;
    backoff_reset(&circuit->backoff);
    backoff_reset(&circuit->slow_backoff);
    return !was_closed;
}

void circuit_slowed(struct circuit *circuit, int64_t retry_after_ms, int64_t now_ms)
{
    circuit_try_void(circuit);
    circuit->slow_ms = later(&circuit->slow_backoff, retry_after_ms, now_ms);
}
