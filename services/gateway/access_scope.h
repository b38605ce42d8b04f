/* Whether a token's scope covers a request. Pure. */
#ifndef GATEWAY_ACCESS_SCOPE_H
#define GATEWAY_ACCESS_SCOPE_H

#include <stdbool.h>

#include "api.h"
#include "base/error.h"
#include "settings/access.h"
#include "settings/settings.h"

/* What somebody may do. */
struct access_grant {
    const char *name; /* the token's, for logs and texts; NULL: nobody was asked for one */
    const struct settings *settings;
    const struct settings_token *token; /* the scope; NULL: everything */
};

/* What is asked for. */
struct access_request {
    enum api_verb verb;     /* never OPEN */
    const char *route;      /* NULL: none is meant. One that is not configured is covered by a scope of all routes */
    const char *namespace_; /* NULL: the route's, else temporal.namespace */
};

/* PERMISSION_DENIED: "the token \"ci\" may not terminate", and the like for route and namespace. error may be NULL. */
MUST_CHECK enum status access_scope_check(const struct access_grant *grant, const struct access_request *request,
                                          struct error *error);
/* Whether he may see what is configured for a route, and what became of its events. */
MUST_CHECK bool access_scope_shows(const struct access_grant *grant, const char *route);

#endif
