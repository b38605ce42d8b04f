/* See token.h. */
#include "token.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

#define REFUSAL_PAUSE_MS 2000

void token_init(struct token *token, struct secret *secret, int64_t overlap_ms)
{
    *token = (struct token){.secret = secret, .overlap_ms = overlap_ms};
}

char *token_take(struct token *token, int64_t now_ms)
{
    if (token->secret == NULL) {
        return NULL;
    }
    char *current = secret_current(token->secret, now_ms);
    char *previous = now_ms < token->previous_until_ms ? secret_previous(token->secret, now_ms) : NULL;
    if (previous == NULL) {
        return current;
    }
    secret_wipe(current);
    return previous;
}

void token_refused(struct token *token, int64_t now_ms)
{
    if (token->secret == NULL || now_ms < token->next_refusal_ms) {
        return;
    }
    bool was_previous = now_ms < token->previous_until_ms;
    bool has_changed = secret_look_again(token->secret, now_ms);
    char *previous = secret_previous(token->secret, now_ms);
    token->next_refusal_ms = now_ms + REFUSAL_PAUSE_MS;
    token->previous_until_ms = 0;
    if (previous != NULL && !was_previous && !has_changed) {
        /* Half: when the gateway has changed by then, it still takes this one until we come back to the new one. */
        token->previous_until_ms = now_ms + token->overlap_ms / 2;
        log_plain(LOG_LEVEL_WARN, "the gateway does not know the new token yet: the one before it is sent");
    }
    secret_wipe(previous);
}
