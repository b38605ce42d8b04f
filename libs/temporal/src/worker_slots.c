/* See worker_slots.h. */
#include "worker_slots.h"

#include "base/check.h"

void worker_slots_init(struct worker_slots *slots, size_t capacity)
{
    slots->capacity = capacity;
    atomic_init(&slots->used, 0);
}

bool worker_slots_take(struct worker_slots *slots)
{
    size_t used = atomic_load_explicit(&slots->used, memory_order_relaxed);
    while (used < slots->capacity) {
        if (atomic_compare_exchange_weak_explicit(&slots->used, &used, used + 1, memory_order_acq_rel,
                                                  memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void worker_slots_release(struct worker_slots *slots)
{
    size_t before = atomic_fetch_sub_explicit(&slots->used, 1, memory_order_acq_rel);
    CHECK(before > 0);
}

size_t worker_slots_used(const struct worker_slots *slots)
{
    return atomic_load_explicit(&slots->used, memory_order_relaxed);
}
