/* Threads that run activities: made on demand, one for each activity that runs, given back to the system when they
 * have been idle for a while. Any thread may submit. */
#ifndef TEMPORAL_ACTIVITY_THREADS_H
#define TEMPORAL_ACTIVITY_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"

#define ACTIVITY_THREADS_IDLE_MS 10000

struct activity_threads;

/* Runs one item; it is no longer in any list. */
typedef void activity_threads_run_fn(void *user, struct list *item);

struct activity_threads_options {
    size_t stack_bytes;
    int64_t idle_ms; /* 0: ACTIVITY_THREADS_IDLE_MS */
    activity_threads_run_fn *run;
    void *user;
};

struct activity_threads *activity_threads_new(const struct activity_threads_options *options);

/* How many items are under way is the caller's to bound. INTERNAL: the system refuses a thread and none is there that
 * would take the item later; the item stays the caller's. */
MUST_CHECK enum status activity_threads_submit(struct activity_threads *threads, struct list *item,
                                               struct error *error);

/* Runs what was submitted, then joins all. Nothing may be submitted any more. NULL is fine. */
void activity_threads_destroy(struct activity_threads *threads);

size_t activity_threads_count(struct activity_threads *threads);

#endif
