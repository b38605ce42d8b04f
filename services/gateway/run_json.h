/* A run in answers: as describe and list tell it. Pure. */
#ifndef GATEWAY_RUN_JSON_H
#define GATEWAY_RUN_JSON_H

#include "base/buffer.h"
#include "temporal/client.h"

/* One object; what the server does not tell is left out. */
void run_json_append(struct buffer *out, const struct temporal_describe_result *run);

#endif
