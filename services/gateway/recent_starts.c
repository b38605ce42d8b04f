/* See recent_starts.h. */
#include "recent_starts.h"

/* FNV-1a: run IDs are the server's random UUIDs, nobody chooses them to collide. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const unsigned char *byte = (const unsigned char *)text; *byte != 0; byte++) {
        hash = (hash ^ *byte) * UINT64_C(1099511628211);
    }
    return hash == 0 ? 1 : hash;
}

bool recent_starts_add(struct recent_starts *recent, const char *run_id)
{
    uint64_t hash = hash_of(run_id);
    uint64_t *slot = &recent->slots[hash % RECENT_STARTS_SLOTS];
    if (*slot == hash) {
        return false;
    }
    *slot = hash;
    return true;
}
