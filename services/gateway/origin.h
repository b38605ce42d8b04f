/* Which site's page a browser's request comes from, where no token tells who asks. Pure.
 *
 * A browser sends a page's requests wherever the page wants them, also to a gateway on the reader's own machine. It
 * says whose page it was: Origin (RFC 6454), with every method but GET and HEAD. A page whose own name resolves to this
 * machine (DNS rebinding) is of the same origin; only Host tells. */
#ifndef GATEWAY_ORIGIN_H
#define GATEWAY_ORIGIN_H

#include <stdbool.h>

#include "base/error.h"
#include "settings/access.h"

struct origin_request {
    const char *origin;              /* NULL: not a browser, or not another page's */
    const char *host;                /* NULL: HTTP/1.0 */
    bool is_read;                    /* it changes nothing; browsers show other origins no answer */
    bool needs_local_host;           /* Host must be this machine's, or an address */
    const struct settings_cors *cors; /* whose pages may call; NULL: nobody's */
};

/* PERMISSION_DENIED: a page of another site is behind it, or may be. */
MUST_CHECK enum status origin_check(const struct origin_request *request, struct error *error);

#endif
