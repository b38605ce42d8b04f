/* Durations in query strings, headers and bodies: "500ms", "30s", "1.5m", "2h", "7d"; without a unit they are seconds.
 * Pure. */
#ifndef GATEWAY_DURATION_H
#define GATEWAY_DURATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DURATION_MAX_MS ((int64_t)3650 * 24 * 3600 * 1000) /* ten years: what Temporal's own limits are far below */

/* name is whose value it is, for the error. INVALID_ARGUMENT: no such duration, or longer than maximum_ms. */
MUST_CHECK enum status duration_parse(const char *name, const char *text, size_t length, int64_t maximum_ms,
                                      int64_t *out_ms, struct error *error);

#endif
