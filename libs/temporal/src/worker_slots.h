/* Permits for tasks of one kind. One is taken before a poll goes out, moves to the task that the poll brings, and is
 * given back when the task is finished or the poll brought nothing: so a worker never holds a task it has no room
 * for. Any thread, no locks. */
#ifndef TEMPORAL_WORKER_SLOTS_H
#define TEMPORAL_WORKER_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/metrics.h"

/* Caller's storage. */
struct worker_slots {
    size_t capacity;
    _Atomic size_t used;
    struct metric_gauge *used_gauge; /* NULL: none; so the next */
    struct metric_gauge *available_gauge;
};

void worker_slots_init(struct worker_slots *slots, size_t capacity, struct metric_gauge *used_gauge,
                       struct metric_gauge *available_gauge);
bool worker_slots_take(struct worker_slots *slots); /* false: none is free */
void worker_slots_force(struct worker_slots *slots); /* takes one, over the capacity if need be */
void worker_slots_release(struct worker_slots *slots);
size_t worker_slots_used(const struct worker_slots *slots);

#endif
