/* The body of POST /v1/workflows/{id}/reset. Pure. */
#ifndef GATEWAY_RESET_REQUEST_H
#define GATEWAY_RESET_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum reset_point {
    RESET_TO_EVENT, /* event_id */
    RESET_TO_FIRST_WORKFLOW_TASK,
    RESET_TO_LAST_WORKFLOW_TASK
};

struct reset_request {
    enum reset_point point;
    int64_t event_id;
    char *reason; /* NULL: none */
};

/* MALFORMED: not JSON. INVALID_ARGUMENT: not {"eventId" or "to", "reason"?}. */
MUST_CHECK enum status reset_request_parse(const char *body, size_t length, struct reset_request *out_request,
                                           struct error *error);
void reset_request_deinit(struct reset_request *request);

#endif
