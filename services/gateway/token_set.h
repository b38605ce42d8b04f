/* Texts seen lately, by their hashes: a table of fixed size in which a newer text takes an older one's slot. What it
 * forgets costs a delay, never a result. One owner. */
#ifndef GATEWAY_TOKEN_SET_H
#define GATEWAY_TOKEN_SET_H

#include <stdbool.h>
#include <stdint.h>

#define TOKEN_SET_SLOTS 16384

/* Zeroed before its first use. */
struct token_set {
    uint64_t slots[TOKEN_SET_SLOTS];
};

void token_set_add(struct token_set *set, const char *token);
/* true: it was there, and is taken out. */
bool token_set_take(struct token_set *set, const char *token);

#endif
