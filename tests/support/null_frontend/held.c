/* See held.h. */
#include "held.h"

#include <stdlib.h>

#include "base/memory.h"

void held_deinit(struct held *held)
{
    free(held->entries);
    *held = (struct held){0};
}

void held_add(struct held *held, int64_t at_ms, void *call)
{
    if (held->count == held->capacity) {
        held->capacity = held->capacity > 0 ? 2 * held->capacity : 64;
        held->entries = memory_resize_array(held->entries, held->capacity, sizeof *held->entries);
    }
    size_t at = held->count++;
    while (at > 0 && held->entries[(at - 1) / 2].at_ms > at_ms) {
        held->entries[at] = held->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    held->entries[at] = (struct held_entry){.at_ms = at_ms, .call = call};
}

int64_t held_next_ms(const struct held *held)
{
    return held->count > 0 ? held->entries[0].at_ms : INT64_MAX;
}

void *held_take(struct held *held, int64_t now_ms)
{
    if (held->count == 0 || held->entries[0].at_ms > now_ms) {
        return NULL;
    }
    void *call = held->entries[0].call;
    struct held_entry last = held->entries[--held->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < held->count && held->entries[child + 1].at_ms < held->entries[child].at_ms) {
            child++;
        }
        if (child >= held->count || held->entries[child].at_ms >= last.at_ms) {
            break;
        }
        held->entries[at] = held->entries[child];
        at = child;
    }
    held->entries[at] = last;
    return call;
}
