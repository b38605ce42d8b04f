/* A context as the JSON object that Temporal's SDKs put into the header "_tracer-data":
 * {"traceparent":"00-…","tracestate":"…","baggage":"…"}. Pure. */
#ifndef TRACE_CARRIER_H
#define TRACE_CARRIER_H

#include <stddef.h>

#include "trace/context.h"

#define TRACE_CARRIER_HEADER "_tracer-data"
#define TRACE_CARRIER_MAX ((size_t)16 << 10) /* bytes of a carrier that is looked at */

/* false: not such an object, too long, or without a traceparent. Any traceparent of a trace_context_parse will do. */
MUST_CHECK bool trace_carrier_parse(const char *json, size_t length, struct trace_context *out);
/* free() it. template (may be NULL): another carrier, whose baggage goes along. Never NULL. */
char *trace_carrier_write(const struct trace_context *context, const char *template, size_t template_length,
                          size_t *out_length);

#endif
