/* Which token to send while it changes. The gateway may see a new one later than we do: then the one before it is sent
 * for some time. Pure but for the secret; time is passed in (clock_monotonic_ms). */
#ifndef POLLER_TOKEN_H
#define POLLER_TOKEN_H

#include <stdint.h>

#include "base/secret.h"

struct token {
    struct secret *secret;     /* borrowed; NULL: there is none */
    int64_t overlap_ms;        /* how long the gateway takes the token before a change */
    int64_t previous_until_ms; /* the token before the last change is sent until then */
    int64_t next_refusal_ms;   /* refusals before that are of requests sent before we changed over */
};

void token_init(struct token *token, struct secret *secret, int64_t overlap_ms);

/* What to send; NULL: nothing. secret_wipe it. */
char *token_take(struct token *token, int64_t now_ms);
/* The gateway has answered 401: looks at the file, and changes over to the token before the last change or back. */
void token_refused(struct token *token, int64_t now_ms);

#endif
