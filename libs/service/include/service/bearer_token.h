/* The bearer token that callers of a service's API show. */
#ifndef SERVICE_BEARER_TOKEN_H
#define SERVICE_BEARER_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "http/server.h"

/* true: the request has it. false: it has not, and was answered 401. Compared in constant time. The token before a
 * change is good for the overlap; and since a caller who knows another token than we may be the first to know a new
 * one, the file is looked at before he is refused. Any thread. */
bool service_admit_token(struct http_exchange *exchange, struct secret *token);

/* What a request shows: what stands behind "Bearer " in its Authorization; NULL: nothing does. */
const char *service_shown_token(const struct http_exchange *exchange);
/* Whether it is the token now, or the one before while its overlap lasts. In constant time. now_ms: clock_monotonic_ms.
 * Any thread. */
MUST_CHECK bool service_is_token(struct secret *token, const char *shown, int64_t now_ms);

#endif
