/* See worker_slots.h. */
#include "worker_slots.h"

#include "base/check.h"

void worker_slots_init(struct worker_slots *slots, size_t capacity, struct metric_gauge *used_gauge,
                       struct metric_gauge *available_gauge)
{
    slots->capacity = capacity;
    atomic_init(&slots->used, 0);
    slots->used_gauge = used_gauge;
    slots->available_gauge = available_gauge;
    if (available_gauge) {
        metric_gauge_add(available_gauge, (int64_t)capacity);
    }
}

static void note(const struct worker_slots *slots, int64_t change)
{
    if (slots->used_gauge) {
        metric_gauge_add(slots->used_gauge, change);
    }
    if (slots->available_gauge) {
        metric_gauge_add(slots->available_gauge, -change);
    }
}

bool worker_slots_take(struct worker_slots *slots)
{
    size_t used = atomic_load_explicit(&slots->used, memory_order_relaxed);
    while (used < slots->capacity) {
        if (atomic_compare_exchange_weak_explicit(&slots->used, &used, used + 1, memory_order_acq_rel,
                                                  memory_order_relaxed)) {
            note(slots, 1);
            return true;
        }
    }
    return false;
}

void worker_slots_force(struct worker_slots *slots)
{
    atomic_fetch_add_explicit(&slots->used, 1, memory_order_acq_rel);
    note(slots, 1);
}

void worker_slots_release(struct worker_slots *slots)
{
    size_t before = atomic_fetch_sub_explicit(&slots->used, 1, memory_order_acq_rel);
    CHECK(before > 0);
    note(slots, -1);
}

size_t worker_slots_used(const struct worker_slots *slots)
{
    return atomic_load_explicit(&slots->used, memory_order_relaxed);
}
