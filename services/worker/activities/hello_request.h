/* What helloWorldActivity is given, taken apart and validated: {"correlationId", "request", "sqsReceipt"}, request
 * being an object with a non-empty string "message" and whatever else, and, where the workflow knows how its message
 * came, "sqsQueue" and "route". Pure. */
#ifndef WORKER_HELLO_REQUEST_H
#define WORKER_HELLO_REQUEST_H

#include "base/error.h"
#include "base/json_scan.h"

/* Caller's storage. */
struct hello_request {
    char *correlation_id;       /* owned; NULL: none */
    char *receipt_handle;       /* owned, a secret; NULL: none, nothing is to be deleted */
    char *queue_url;            /* owned; NULL: not said; so the next */
    char *route;
    struct json_slice request;  /* inside the text that was read */
};

/* All but the request itself is filled in also when the request is refused, so that the refusal can be logged
 * under them. INVALID_ARGUMENT: with the reason in words for the workflow's failure. */
MUST_CHECK enum status hello_request_read(const char *text, size_t length, struct hello_request *out_request,
                                          struct error *error);
void hello_request_deinit(struct hello_request *request);

#endif
