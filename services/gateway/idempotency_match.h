/* Whether a run is the one that an Idempotency-Key has started. Pure. */
#ifndef GATEWAY_IDEMPOTENCY_MATCH_H
#define GATEWAY_IDEMPOTENCY_MATCH_H

#include "messages/idempotency.h"
#include "temporal/client.h"

/* What the latest run of the workflow ID is to a keyed start. */
enum idempotency_match {
    IDEMPOTENCY_OTHER, /* of another key, or of none: the caller's policies decide */
    IDEMPOTENCY_SAME,  /* this very start */
    IDEMPOTENCY_REUSED /* the same key with another body */
};
enum idempotency_match idempotency_match(const struct idempotency *idempotency,
                                         const struct temporal_describe_result *run);

#endif
