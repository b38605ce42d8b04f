/* See run_cache.h. Idle entries stand in a list, the least recently used first; busy ones only in the map. */
#include "run_cache.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/map.h"
#include "base/memory.h"

struct run_cache {
    size_t capacity;
    run_cache_evict_fn *evict;
    void *user;
    struct map *entries;
    struct list idle;
    _Atomic size_t count;
    _Atomic size_t bytes;
    _Atomic uint64_t evictions;
};

struct run_cache *run_cache_new(size_t capacity, run_cache_evict_fn *evict, void *user)
{
    struct run_cache *cache = memory_alloc(sizeof *cache);
    cache->capacity = capacity;
    cache->evict = evict;
    cache->user = user;
    cache->entries = map_new();
    list_init(&cache->idle);
    return cache;
}

void run_cache_destroy(struct run_cache *cache)
{
    if (!cache) {
        return;
    }
    size_t position = 0;
    void *value = NULL;
    const char *run_id = NULL;
    while (map_next(cache->entries, &position, &run_id, &value)) {
        struct run_cache_entry *entry = value;
        run_cache_remove(cache, entry);
        cache->evict(cache->user, entry);
    }
    map_destroy(cache->entries);
    free(cache);
}

static void set_bytes(struct run_cache *cache, struct run_cache_entry *entry, size_t bytes)
{
    atomic_fetch_sub_explicit(&cache->bytes, entry->bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&cache->bytes, bytes, memory_order_relaxed);
    entry->bytes = bytes;
}

static void note_count(struct run_cache *cache)
{
    atomic_store_explicit(&cache->count, map_count(cache->entries), memory_order_relaxed);
}

struct run_cache_entry *run_cache_get(struct run_cache *cache, const char *run_id)
{
    return map_get(cache->entries, run_id);
}

void run_cache_add(struct run_cache *cache, struct run_cache_entry *entry, const char *run_id)
{
    entry->run_id = run_id;
    entry->bytes = 0;
    entry->is_busy = true;
    list_init(&entry->link);
    void *previous = map_put(cache->entries, run_id, entry);
    CHECK(!previous);
    note_count(cache);
}

void run_cache_hold(struct run_cache *cache, struct run_cache_entry *entry)
{
    (void)cache;
    entry->is_busy = true;
    list_remove(&entry->link);
}

static void trim(struct run_cache *cache)
{
    while (map_count(cache->entries) > cache->capacity) {
        struct list *oldest = cache->idle.next;
        if (oldest == &cache->idle) {
            return;
        }
        struct run_cache_entry *entry = LIST_ITEM(oldest, struct run_cache_entry, link);
        run_cache_remove(cache, entry);
        atomic_fetch_add_explicit(&cache->evictions, 1, memory_order_relaxed);
        cache->evict(cache->user, entry);
    }
}

void run_cache_release(struct run_cache *cache, struct run_cache_entry *entry, size_t bytes)
{
    CHECK(entry->is_busy);
    set_bytes(cache, entry, bytes);
    entry->is_busy = false;
    list_append(&cache->idle, &entry->link);
    trim(cache);
}

void run_cache_remove(struct run_cache *cache, struct run_cache_entry *entry)
{
    list_remove(&entry->link);
    set_bytes(cache, entry, 0);
    void *removed = map_remove(cache->entries, entry->run_id);
    CHECK(removed == entry);
    note_count(cache);
}

size_t run_cache_count(const struct run_cache *cache)
{
    return atomic_load_explicit(&cache->count, memory_order_relaxed);
}

size_t run_cache_bytes(const struct run_cache *cache)
{
    return atomic_load_explicit(&cache->bytes, memory_order_relaxed);
}

uint64_t run_cache_evictions(const struct run_cache *cache)
{
    return atomic_load_explicit(&cache->evictions, memory_order_relaxed);
}
