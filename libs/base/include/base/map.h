/* Hash map from text to pointers, seeded per process. The map copies its keys and owns them; it never owns values.
 * One owner; no locks. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);
void map_destroy(struct map *map); /* NULL is fine */

size_t map_count(const struct map *map);
void *map_get(const struct map *map, const char *key);            /* NULL: not there */
void *map_put(struct map *map, const char *key, void *value);     /* returns the value that was there, or NULL */
void *map_remove(struct map *map, const char *key);               /* returns the value that was there, or NULL */

/* Walks in no particular order: *position starts at 0; false at the end. Do not change the map while walking, except
 * by removing the entry just returned. */
bool map_next(const struct map *map, size_t *position, const char **out_key, void **out_value);

#endif
