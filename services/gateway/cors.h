/* Cross-origin requests of browsers (https://fetch.spec.whatwg.org, "CORS protocol"): which headers an answer gets.
 * Pure. Credentials are never allowed: a browser adds nothing by itself, a page's script sends the token. */
#ifndef GATEWAY_CORS_H
#define GATEWAY_CORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "settings/access.h"

/* Whether the page at this origin may call. NULL: not from a page of another origin. */
MUST_CHECK bool cors_allows(const struct settings_cors *cors, const char *origin);
/* What a page's script may read of an answer beside what everybody may. */
#define CORS_EXPOSED "Location, Retry-After, Preference-Applied, WWW-Authenticate, X-Request-Id"
#define CORS_METHODS "GET, HEAD, POST, DELETE"
/* The headers that a preflight asks for (Access-Control-Request-Headers), as they are to be allowed: a page that may
 * call may send what it likes. NULL: it asks for none, or for none that are well-formed. */
const char *cors_allowed_headers(const char *requested);

#endif
