/* How long a caller wants to wait: ?wait=25s, or the preference wait=25 of RFC 7240. Pure. */
#ifndef GATEWAY_WAIT_PREFERENCE_H
#define GATEWAY_WAIT_PREFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct wait_preference {
    bool is_given;
    bool is_preferred; /* by the header: the answer says what was applied */
    int64_t wait_ms;
};

/* query and prefer: the parameter's and the header's value; NULL: none. The query wins. A preference is a wish: one
 * that does not parse is ignored, one over maximum_ms is cut to it. INVALID_ARGUMENT: the query's value is no duration,
 * or over maximum_ms. */
MUST_CHECK enum status wait_preference_read(const char *query, const char *prefer, int64_t maximum_ms,
                                            struct wait_preference *out_wait, struct error *error);

#endif
