/* Spans as an ExportTraceServiceRequest in OTLP's JSON form. Pure. */
#ifndef OTLP_ENCODE_H
#define OTLP_ENCODE_H

#include "base/buffer.h"
#include "otlp/settings.h"
#include "trace/span.h"

#define OTLP_BODY_FULL ((size_t)4 << 20) /* bytes after which no more spans go into a request */
#define OTLP_BODY_MAX ((size_t)64 << 20) /* the maximum of out: one span more always fits */

/* Begins a request: what stands before the spans. */
void otlp_encode_begin(struct buffer *out, const struct otlp_pairs *resource);
void otlp_encode_span(struct buffer *out, const struct trace_span *span, bool is_first);
void otlp_encode_end(struct buffer *out);

/* How many spans the collector has refused, as a 200's body says it (partialSuccess); 0: none, or no such body. */
size_t otlp_decode_rejected(const char *body, size_t length);

#endif
