/* See token_set.h. */
#include "token_set.h"

/* FNV-1a: tokens are digests, nobody chooses them to collide. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const unsigned char *byte = (const unsigned char *)text; *byte != 0; byte++) {
        hash = (hash ^ *byte) * UINT64_C(1099511628211);
    }
    return hash == 0 ? 1 : hash;
}

void token_set_add(struct token_set *set, const char *token)
{
    uint64_t hash = hash_of(token);
    set->slots[hash % TOKEN_SET_SLOTS] = hash;
}

bool token_set_take(struct token_set *set, const char *token)
{
    uint64_t hash = hash_of(token);
    uint64_t *slot = &set->slots[hash % TOKEN_SET_SLOTS];
    if (*slot != hash) {
        return false;
    }
    *slot = 0;
    return true;
}
