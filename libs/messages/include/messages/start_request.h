/* Route and event → what Temporal is asked to start. Pure: the heart of "one run for a message" (rule 1). */
#ifndef MESSAGES_START_REQUEST_H
#define MESSAGES_START_REQUEST_H

#include "crypto/encode.h"
#include "messages/entry_class.h"
#include "messages/event.h"
#include "messages/idempotency.h"
#include "settings/settings.h"

#define WORKFLOW_ID_MAX ((size_t)1000)  /* bytes, Temporal's limit; longer: hashed */
#define FAIRNESS_KEY_MAX ((size_t)64)   /* bytes, Temporal's limit; longer: hashed */

#define START_REQUEST_ENCODING_BINARY "binary/plain" /* as Temporal calls it: bytes as they are */

/* What a run's memo tells of its message. FerryAttempt is set by who starts. */
#define MEMO_ATTEMPT "FerryAttempt"
#define MEMO_ROUTE "FerryRoute"
#define MEMO_MESSAGE "FerryMessageId"
#define MEMO_QUEUE "FerryQueue" /* its URL; a run that deletes its message asks that queue alone */

/* A memo field or a search attribute. */
struct start_request_member {
    const char *name; /* a constant, or the settings' */
    char *json;
};

struct start_request {
    char *workflow_id;
    bool is_id_hashed; /* what the template became is longer than WORKFLOW_ID_MAX */
    /* Of the first start: a function of workflow_id, so that a repetition is the same start; of a keyed one: of key and
     * body, too. Of a signal: a function of
     * workflow_id and message ID. */
    char request_id[CRYPTO_UUID_SIZE];
    bool is_keyed; /* an Idempotency-Key names it: a run that it meets may be of another body */
    struct idempotency idempotency;
    const char *input;  /* in the event's data, or in owned_input */
    size_t input_length;
    const char *input_encoding; /* NULL: JSON; else START_REQUEST_ENCODING_BINARY */
    char *owned_input;  /* NULL, or the unescaped Body, or the whole event */
    struct start_request_member *memo;
    size_t memo_count;
    struct start_request_member *search_attributes;
    size_t search_attribute_count;
    int priority;       /* 1 .. 5; 0: the server's default */
    char *fairness_key; /* NULL: none */
};

/* INVALID_ARGUMENT: this event can never be accepted by this route; the text is the reason, *out_class its kind. */
MUST_CHECK enum status start_request_make(const struct settings_route *route, const struct event *event,
                                          struct start_request *out_request, enum entry_class *out_class,
                                          struct error *error);
void start_request_deinit(struct start_request *request);

/* out: the request ID for the first start of a workflow ID. */
void start_request_id(const char *workflow_id, char out[CRYPTO_UUID_SIZE]);
/* out: the request ID for the attempt after that run of it. */
void start_request_id_after(const char *workflow_id, const char *run_id, char out[CRYPTO_UUID_SIZE]);

/* The workflow ID of a message of which only the ID is known. NULL: the route's id needs more of it. free() it. */
char *start_request_workflow_id_of(const struct settings_route *route, const char *message_id);

#endif
