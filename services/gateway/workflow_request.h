/* The body of POST /v1/workflows, and the words in query strings. Pure. */
#ifndef GATEWAY_WORKFLOW_REQUEST_H
#define GATEWAY_WORKFLOW_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_scan.h"
#include "crypto/encode.h"

struct workflow_request {
    char *workflow_type;
    char *task_queue;
    char *workflow_id; /* as given, or a function of the Idempotency-Key, or new */
    struct json_slice input; /* slice of the body; .data NULL: no argument */
    bool has_key;
    char request_id[CRYPTO_UUID_SIZE]; /* with has_key */
};

/* idempotency_key NULL: none. MALFORMED: not JSON. INVALID_ARGUMENT: not an object, workflowType or taskQueue missing,
 * a text where none is. */
MUST_CHECK enum status workflow_request_parse(const char *body, size_t length, const char *idempotency_key,
                                              struct workflow_request *out_request, struct error *error);
void workflow_request_deinit(struct workflow_request *request);

/* "30s", "500ms", "1m", or seconds, up to maximum_ms; NULL is 0. INVALID_ARGUMENT else. */
MUST_CHECK enum status workflow_request_wait(const char *text, int64_t maximum_ms, int64_t *out_ms,
                                             struct error *error);

#endif
