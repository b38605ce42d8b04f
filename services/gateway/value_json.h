/* Temporal's values in answers. A JSON value is its own bytes; null, and no value, is null; another encoding is
 * {"metadata": {"encoding": "binary/plain", …}, "data": "<base64>"}. Pure. */
#ifndef GATEWAY_VALUE_JSON_H
#define GATEWAY_VALUE_JSON_H

#include <stddef.h>

#include "base/buffer.h"
#include "temporal/client.h"

/* Members of the object that is being written to out. */
void value_json_member(struct buffer *out, const char *name, const struct temporal_value *value);
/* An array. */
void value_json_list(struct buffer *out, const char *name, const struct temporal_value *values, size_t count);
/* A memo, or search attributes. */
void value_json_entries(struct buffer *out, const char *name, const struct temporal_memo_value *entries, size_t count);
/* {"kind", "type", "message", "source", "stackTrace", "nonRetryable", "nextRetryDelayMs", "details": […],
 * "cause": {…}}; what is empty is left out. NULL: the whole member is. */
void value_json_failure(struct buffer *out, const char *name, const struct temporal_failure *failure);
/* A chain's end: "status", and "result", "failure" or "reason". */
void value_json_close(struct buffer *out, const struct temporal_close_result *close);

#endif
