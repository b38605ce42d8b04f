/* Idempotency-Key of a start: which start a request is, and whether the run that is there is its own
 * (docs/adr/0023). Pure. */
#ifndef MESSAGES_IDEMPOTENCY_H
#define MESSAGES_IDEMPOTENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

#define IDEMPOTENCY_KEY_MAX ((size_t)255)
#define IDEMPOTENCY_MEMO_KEY "FerryIdempotencyKey"
#define IDEMPOTENCY_MEMO_HASH "FerryRequestHash"

/* Visible ASCII and inner spaces, 1 .. IDEMPOTENCY_KEY_MAX bytes. INVALID_ARGUMENT else. */
MUST_CHECK enum status idempotency_check_key(const char *key, struct error *error);

/* The workflow ID of a start that names none: the same key for the same workflow type is the same workflow. key NULL:
 * a new one. free() it. */
char *idempotency_workflow_id(const char *workflow_type, const char *key);

/* The request ID of a signal or an update: a function of what (its kind, and its name), the workflow ID and the key. */
void idempotency_request_id(const char *what, const char *workflow_id, const char *key, char out[CRYPTO_UUID_SIZE]);

/* A keyed start. */
struct idempotency {
    char request_id[CRYPTO_UUID_SIZE]; /* the same start at Temporal, however often it is asked for */
    char key_json[CRYPTO_SHA256_HEX_SIZE + 2];  /* the memo's values: SHA-256 of the key and of the body, as JSON */
    char hash_json[CRYPTO_SHA256_HEX_SIZE + 2];
};
void idempotency_init(struct idempotency *idempotency, const char *workflow_id, const char *key, const void *body,
                      size_t length);

#endif
