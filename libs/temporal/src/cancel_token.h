/* What calls do with the token that they are given (temporal/cancel_token.h). */
#ifndef TEMPORAL_CANCEL_TOKEN_INTERNAL_H
#define TEMPORAL_CANCEL_TOKEN_INTERNAL_H

#include <stdbool.h>

#include "base/list.h"
#include "rpc/channel.h"
#include "temporal/cancel_token.h"

/* One call's place; in the call. */
struct cancel_token_place {
    struct temporal_cancel_token *token; /* a reference; NULL: it has none */
    struct list node;
    struct rpc_call **rpc; /* the call's, set while it is under way */
};

/* NULL is fine, here, for begin, and for the place of a call without a token. */
struct temporal_cancel_token *cancel_token_retain(struct temporal_cancel_token *token);

/* Around the start of a call: it cannot leave, nor be canceled, before its handle is known. */
void cancel_token_begin(struct cancel_token_place *place, struct temporal_cancel_token *token);
void cancel_token_enter(struct cancel_token_place *place, struct rpc_call **rpc);
/* The call has ended. */
void cancel_token_leave(struct cancel_token_place *place);

#endif
