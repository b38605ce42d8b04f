/* The bearer token that callers of a service's API show. */
#ifndef SERVICE_BEARER_TOKEN_H
#define SERVICE_BEARER_TOKEN_H

#include <stdbool.h>

#include "base/secret.h"
#include "http/server.h"

/* true: the request has it. false: it has not, and was answered 401. Compared in constant time. The token before a
 * change is good for the overlap; and since a caller who knows another token than we may be the first to know a new
 * one, the file is looked at before he is refused. Any thread. */
bool service_admit_token(struct http_exchange *exchange, struct secret *token);

#endif
