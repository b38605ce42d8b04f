/* Hash map from text to pointers: entries in the order they came, and a table of open-addressed slots that point at
 * them. Keys are hashed with SipHash-1-3 under a seed of this process, so that peers cannot make them collide. */
#include "base/map.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/random.h"

#define ENTRIES_FIRST ((size_t)8)

struct entry {
    uint64_t hash;
    char *key; /* NULL: removed; its slot goes on pointing here until the next rebuild */
    void *value;
};

struct map {
    struct entry *entries;
    size_t used;     /* entries taken, removed ones included */
    size_t capacity; /* of entries */
    size_t *slots;   /* 1 + index of an entry; 0: free. Twice as many as entries: a probe always ends */
    size_t count;    /* entries that are there */
};

static pthread_once_t s_seed_once = PTHREAD_ONCE_INIT;
static uint64_t s_seed[2];

static void make_seed(void)
{
    random_bytes(s_seed, sizeof s_seed);
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return (value << bits) | (value >> (64U - bits));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static uint64_t hash_key(const char *key, size_t length)
{
    uint64_t v[4] = {s_seed[0] ^ UINT64_C(0x736f6d6570736575), s_seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     s_seed[0] ^ UINT64_C(0x6c7967656e657261), s_seed[1] ^ UINT64_C(0x7465646279746573)};
    size_t position = 0;
    uint64_t word = 0;
    for (; length - position >= sizeof word; position += sizeof word) {
        memcpy(&word, key + position, sizeof word);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = 0;
    memcpy(&word, key + position, length - position);
    word |= (uint64_t)(length & 0xFFU) << 56;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xFFU;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(void)
{
    CHECK(pthread_once(&s_seed_once, make_seed) == 0);
    return memory_alloc(sizeof(struct map));
}

void map_destroy(struct map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->used; i++) {
        free(map->entries[i].key);
    }
    free(map->entries);
    free(map->slots);
    free(map);
}

size_t map_count(const struct map *map)
{
    return map->count;
}

static void insert_slot(struct map *map, size_t index)
{
    size_t mask = map->capacity * 2 - 1;
    size_t slot = (size_t)map->entries[index].hash & mask;
    while (map->slots[slot] != 0) {
        slot = (slot + 1) & mask;
    }
    map->slots[slot] = index + 1;
}

/* Drops removed entries and makes room for as many again as there are. */
static void rebuild(struct map *map)
{
    size_t capacity = ENTRIES_FIRST;
    while (capacity < map->count * 2) {
        capacity *= 2;
    }
    struct entry *entries = memory_alloc_array(capacity, sizeof *entries);
    size_t used = 0;
    for (size_t i = 0; i < map->used; i++) {
        if (map->entries[i].key != NULL) {
            entries[used++] = map->entries[i];
        }
    }
    free(map->entries);
    free(map->slots);
    map->entries = entries;
    map->used = used;
    map->capacity = capacity;
    map->slots = memory_alloc_array(capacity * 2, sizeof *map->slots);
    for (size_t i = 0; i < used; i++) {
        insert_slot(map, i);
    }
    CHECK(map->used == map->count && map->used < map->capacity);
}

static struct entry *find(const struct map *map, const char *key, uint64_t hash)
{
    if (map->count == 0) {
        return NULL;
    }
    size_t mask = map->capacity * 2 - 1;
    for (size_t slot = (size_t)hash & mask; map->slots[slot] != 0; slot = (slot + 1) & mask) {
        struct entry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && entry->key != NULL && strcmp(entry->key, key) == 0) {
            return entry;
        }
    }
    return NULL;
}

void *map_get(const struct map *map, const char *key)
{
    const struct entry *entry = find(map, key, hash_key(key, strlen(key)));
    return entry == NULL ? NULL : entry->value;
}

void *map_put(struct map *map, const char *key, void *value)
{
    size_t length = strlen(key);
    uint64_t hash = hash_key(key, length);
    struct entry *entry = find(map, key, hash);
    if (entry != NULL) {
        void *old = entry->value;
        entry->value = value;
        return old;
    }
    if (map->used == map->capacity) {
        rebuild(map);
    }
    map->entries[map->used] = (struct entry){.hash = hash, .key = memory_copy(key, length), .value = value};
    insert_slot(map, map->used);
    map->used++;
    map->count++;
    return NULL;
}

void *map_remove(struct map *map, const char *key)
{
    struct entry *entry = find(map, key, hash_key(key, strlen(key)));
    if (entry == NULL) {
        return NULL;
    }
    void *value = entry->value;
    free(entry->key);
    *entry = (struct entry){.hash = entry->hash};
    map->count--;
    return value;
}

bool map_next(const struct map *map, size_t *position, const char **out_key, void **out_value)
{
    while (*position < map->used) {
        const struct entry *entry = &map->entries[(*position)++];
        if (entry->key != NULL) {
            if (out_key != NULL) {
                *out_key = entry->key;
            }
            if (out_value != NULL) {
                *out_value = entry->value;
            }
            return true;
        }
    }
    return false;
}
