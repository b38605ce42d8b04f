/* The runs a worker knows, by run ID, in order of use: bounded by count, its memory reported. A busy run (a task of it
 * is being handled) is never pushed out, so that there may be more than the capacity while many are busy; capacity 0
 * keeps none beyond its task. One owner: the worker's workflow thread; the two figures may be read by any. */
#ifndef TEMPORAL_RUN_CACHE_H
#define TEMPORAL_RUN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct run_cache;

/* Member of what is cached. */
struct run_cache_entry {
    struct list link;
    const char *run_id; /* the owner's, unchanged while it is cached */
    size_t bytes;       /* as last told */
    bool is_busy;
};

/* Called for each entry pushed out; it is no longer in the cache. */
typedef void run_cache_evict_fn(void *user, struct run_cache_entry *entry);

struct run_cache *run_cache_new(size_t capacity, run_cache_evict_fn *evict, void *user);
/* Evicts what is left. */
void run_cache_destroy(struct run_cache *cache);

struct run_cache_entry *run_cache_get(struct run_cache *cache, const char *run_id); /* NULL: not there. No use. */
/* A new entry, busy; run_id must not be in the cache. */
void run_cache_add(struct run_cache *cache, struct run_cache_entry *entry, const char *run_id);
void run_cache_hold(struct run_cache *cache, struct run_cache_entry *entry); /* busy from now on */
/* Idle and most recently used; bytes is what it occupies. Pushes out the least recently used idle entries over the
 * capacity: possibly this one. */
void run_cache_release(struct run_cache *cache, struct run_cache_entry *entry, size_t bytes);
/* Takes it out without calling evict, busy or not; entry is the caller's again. */
void run_cache_remove(struct run_cache *cache, struct run_cache_entry *entry);

size_t run_cache_count(const struct run_cache *cache);     /* all entries */
size_t run_cache_bytes(const struct run_cache *cache);
uint64_t run_cache_evictions(const struct run_cache *cache); /* pushed out for want of room */

#endif
