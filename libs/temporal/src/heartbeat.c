/* See heartbeat.h. */
#include "heartbeat.h"

int64_t heartbeat_interval_ms(int64_t heartbeat_timeout_ms)
{
    if (heartbeat_timeout_ms <= 0) {
        return HEARTBEAT_INTERVAL_WITHOUT_TIMEOUT_MS;
    }
    if (heartbeat_timeout_ms >= HEARTBEAT_INTERVAL_MAX_MS * 2) {
        return HEARTBEAT_INTERVAL_MAX_MS;
    }
    int64_t interval_ms = heartbeat_timeout_ms * 8 / 10;
    return interval_ms < HEARTBEAT_INTERVAL_MAX_MS ? interval_ms : HEARTBEAT_INTERVAL_MAX_MS;
}

void heartbeat_init(struct heartbeat *heartbeat, int64_t heartbeat_timeout_ms)
{
    *heartbeat = (struct heartbeat){.interval_ms = heartbeat_interval_ms(heartbeat_timeout_ms)};
}

static void note_send(struct heartbeat *heartbeat, int64_t now_ms)
{
    heartbeat->next_ms = now_ms + heartbeat->interval_ms;
    heartbeat->is_in_flight = true;
    heartbeat->is_held = false;
}

bool heartbeat_record(struct heartbeat *heartbeat, int64_t now_ms)
{
    heartbeat->is_held = true;
    return heartbeat_take_due(heartbeat, now_ms);
}

void heartbeat_force(struct heartbeat *heartbeat, int64_t now_ms)
{
    note_send(heartbeat, now_ms);
}

void heartbeat_answered(struct heartbeat *heartbeat, bool failed)
{
    heartbeat->is_in_flight = false;
    if (failed) {
        heartbeat->is_held = true;
    }
}

int64_t heartbeat_due_ms(const struct heartbeat *heartbeat)
{
    return heartbeat->is_held && !heartbeat->is_in_flight ? heartbeat->next_ms : INT64_MAX;
}

bool heartbeat_take_due(struct heartbeat *heartbeat, int64_t now_ms)
{
    if (heartbeat_due_ms(heartbeat) > now_ms) {
        return false;
    }
    note_send(heartbeat, now_ms);
    return true;
}
