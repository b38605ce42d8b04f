/* Who may do what at the gateway: client certificates, tokens with scopes and rates, origins of browsers
 * (docs/access.md).
 *
 * Thread: the HTTP server's alone, but for new and destroy. */
#ifndef GATEWAY_ACCESS_H
#define GATEWAY_ACCESS_H

#include <stdbool.h>

#include "access_scope.h"
#include "api.h"
#include "base/error.h"
#include "base/metrics.h"
#include "http/server.h"
#include "settings/settings.h"

struct gateway_access;

/* settings and metrics outlive it. INVALID_ARGUMENT: a token's file cannot be read, or two tokens are the same. */
MUST_CHECK enum status gateway_access_new(const struct settings *settings, struct metrics *metrics,
                                          struct gateway_access **out_access, struct error *error);
void gateway_access_destroy(struct gateway_access *access); /* wipes; NULL is fine */
/* Whether anybody is asked for a token. */
bool gateway_access_has_tokens(const struct gateway_access *access);

/* The server's admit hook; user is the gateway. Lets in who has what is needed, and may do what the request's route
 * (its tag is an api_verb), its path parameter `route` and its `?namespace=` say; a route with API_VERB_OPEN is
 * everybody's. Without tokens it looks whose page asks (origin.h). A preflight of an allowed origin is answered 204.
 * false: it has replied, 401, 403 or 429. */
bool gateway_admit(struct http_exchange *exchange, void *user);

/* For handlers, before their reply, on the server's thread: what only they know to be asked for (a second verb, a route
 * or namespace in the body). route, namespace_: NULL as in access_request. false: it has replied 403. */
MUST_CHECK bool gateway_may(struct http_exchange *exchange, enum api_verb verb, const char *route,
                            const char *namespace_);
/* What the exchange's caller may do, for handlers that show only what he may see; NULL: the route is open to everybody.
 * Valid as long as the gateway. */
const struct access_grant *gateway_access_grant(const struct http_exchange *exchange);

enum access_refusal {
    ACCESS_REFUSED_TOKEN,
    ACCESS_REFUSED_CERTIFICATE,
    ACCESS_REFUSED_SCOPE,
    ACCESS_REFUSED_RATE,
    ACCESS_REFUSED_SIGNATURE, /* of a webhook */
    ACCESS_REFUSED_ORIGIN     /* another site's page, where no token is asked for */
};
#define ACCESS_REFUSALS 6

/* Counts and logs (not each of many) that a request was refused. name: the token's or the webhook's route; NULL: it is
 * not known. reason: never what was given. */
void gateway_access_note_refusal(struct gateway_access *access, enum access_refusal refusal, const char *name,
                                 const char *reason);

#endif
