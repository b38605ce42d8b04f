/* AWS Signature Version 4 for the Authorization header, stage by stage. Pure: the clock is passed in. Any thread, as
 * long as a key cache has one owner.
 *
 * Secrets: the signing key and the secret are never written to an output buffer. */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "http/client.h" /* struct http_header */

struct aws_credentials;

#define SIGV4_HEADERS_MAX 64 /* headers of one request */
#define SIGV4_QUERY_MAX 256  /* parameters of one request */
#define SIGV4_TEXT_MAX ((size_t)1 << 20)

/* All pointers borrowed. */
struct sigv4_request {
    const char *method;
    const char *path;  /* of the request line, as it is sent; NULL or "" is "/" */
    const char *query; /* behind the '?', as it is sent; NULL or "": none */
    /* What is signed: host and x-amz-date must be among them. Left out by themselves: authorization, connection,
     * expect, transfer-encoding, user-agent, x-amzn-trace-id. */
    const struct http_header *headers;
    size_t header_count;
    const char *payload_hash; /* lower-case hex SHA-256 of the body */
    /* true: dot segments and double slashes stay (S3). The path is encoded once more in any case. */
    bool keep_path;
};

/* Where and when a signature holds. date is "20150830T123600Z". */
struct sigv4_scope {
    char date[CLOCK_BASIC_SIZE];
    const char *region;
    const char *service;
};

/* Both outputs are appended to. INVALID_ARGUMENT: over a limit above. On failure the outputs are unspecified. */
MUST_CHECK enum status sigv4_canonical_request(const struct sigv4_request *request, struct buffer *out,
                                               struct buffer *out_signed_headers, struct error *error);
MUST_CHECK enum status sigv4_string_to_sign(const struct sigv4_scope *scope, const char *canonical_request,
                                            size_t length, struct buffer *out, struct error *error);
void sigv4_signing_key(const struct sigv4_scope *scope, const char *secret, uint8_t out[CRYPTO_SHA256_SIZE]);
void sigv4_signature(const uint8_t signing_key[CRYPTO_SHA256_SIZE], const char *string_to_sign, size_t length,
                     char out[CRYPTO_SHA256_HEX_SIZE]);
/* The value of the Authorization header. */
MUST_CHECK enum status sigv4_authorization(const struct sigv4_scope *scope, const char *access_key_id,
                                           const char *signed_headers, const char *signature, struct buffer *out,
                                           struct error *error);

/* The last signing key, for its day, region, service and secret. Caller's storage, zeroed before its first use. */
struct sigv4_key_cache {
    bool filled;
    uint8_t identity[CRYPTO_SHA256_SIZE]; /* digest of what the key was derived from */
    uint8_t key[CRYPTO_SHA256_SIZE];
};
/* out is borrowed until the cache is used again. */
const uint8_t *sigv4_key_cache_get(struct sigv4_key_cache *cache, const struct sigv4_scope *scope, const char *secret);
void sigv4_key_cache_deinit(struct sigv4_key_cache *cache); /* wipes */

/* All stages. The session token, if there is one, must already be among the headers (x-amz-security-token). */
MUST_CHECK enum status sigv4_sign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                                  const struct aws_credentials *credentials, struct sigv4_key_cache *cache,
                                  struct buffer *out_authorization, struct error *error);

#endif
