/* Where a span is in its trace: what W3C Trace Context hands on as traceparent and tracestate. Pure. */
#ifndef TRACE_CONTEXT_H
#define TRACE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define TRACE_ID_BYTES 16
#define TRACE_SPAN_ID_BYTES 8
#define TRACE_ID_SIZE 33        /* as hexadecimal digits, with the terminator */
#define TRACE_SPAN_ID_SIZE 17   /* the same */
#define TRACE_PARENT_SIZE 56    /* "00-" trace ID "-" span ID "-01", with the terminator */
#define TRACE_STATE_MAX 512     /* bytes of a tracestate that is handed on: what the recommendation asks for */

#define TRACE_FLAG_SAMPLED 0x01
#define TRACE_FLAG_RANDOM 0x02 /* the trace ID is random, of level 2 of the recommendation */

/* All zero: no context. Plain: copy it as you like. */
struct trace_context {
    uint8_t trace_id[TRACE_ID_BYTES];
    uint8_t span_id[TRACE_SPAN_ID_BYTES];
    uint8_t flags;                   /* of the two above; others are not handed on */
    char state[TRACE_STATE_MAX + 1]; /* tracestate as it came; "": none */
};

bool trace_context_is_valid(const struct trace_context *context); /* both IDs are there */
bool trace_context_is_sampled(const struct trace_context *context);

/* text: a traceparent of length bytes, of version 00 or of a later one that begins alike; lower case only. false: it is
 * none, or has an ID of zeros; *out is left alone then, else its state is empty. */
MUST_CHECK bool trace_context_parse(const char *text, size_t length, struct trace_context *out);
/* The tracestate that came along. One that is longer than TRACE_STATE_MAX or has other than visible ASCII, blanks and
 * tabs is dropped whole, as the recommendation allows. NULL: none. */
void trace_context_set_state(struct trace_context *context, const char *text, size_t length);
/* AWS X-Ray's own form, which SQS hands on as AWSTraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793;
 * Parent=53995c3f42cd8ad8;Sampled=1", in any order. false: Root or Parent is missing or malformed. */
MUST_CHECK bool trace_context_parse_aws(const char *text, size_t length, struct trace_context *out);

/* As a traceparent of version 00. */
void trace_context_format(const struct trace_context *context, char out[TRACE_PARENT_SIZE]);
void trace_id_format(const uint8_t trace_id[TRACE_ID_BYTES], char out[TRACE_ID_SIZE]);
void trace_span_id_format(const uint8_t span_id[TRACE_SPAN_ID_BYTES], char out[TRACE_SPAN_ID_SIZE]);

/* A new trace with random IDs, sampled. */
void trace_context_new(struct trace_context *out);
/* Another span of the parent's trace, with its flags and state; out may be parent. */
void trace_context_child(const struct trace_context *parent, struct trace_context *out);
/* The same with a span ID that is a function of the seed: what is made again is the same span again. */
void trace_context_child_of_seed(const struct trace_context *parent, const char *seed, struct trace_context *out);

#endif
