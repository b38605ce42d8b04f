/* Route and event → what Temporal is asked to start. Pure: the heart of "one run for a message" (rule 1). */
#ifndef GATEWAY_START_REQUEST_H
#define GATEWAY_START_REQUEST_H

#include "crypto/encode.h"
#include "event.h"
#include "settings/settings.h"

#define WORKFLOW_ID_MAX ((size_t)1000) /* bytes, Temporal's limit; longer: hashed */

struct start_request {
    char *workflow_id;
    char request_id[CRYPTO_UUID_SIZE]; /* a function of workflow_id, so that a repetition is the same start */
    const char *input;                 /* JSON; in the event's data, or in owned_input */
    size_t input_length;
    char *owned_input;                 /* NULL, or the unescaped Body */
    char *memo_message_id;             /* JSON string */
    char *memo_route;                  /* JSON string */
};

/* INVALID_ARGUMENT: this event can never be accepted by this route; the text is the reason. */
MUST_CHECK enum status start_request_make(const struct settings_route *route, const struct event *event,
                                          struct start_request *out_request, struct error *error);
void start_request_deinit(struct start_request *request);

/* out: the request ID for the first start of a workflow ID. */
void start_request_id(const char *workflow_id, char out[CRYPTO_UUID_SIZE]);

#endif
