/* Signature Version 4: from the request to the Authorization header. Reference: "Create a signed AWS API request" in
 * the AWS IAM user guide. */
#include "aws/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/credentials.h"
#include "aws_uri.h"
#include "base/memory.h"
#include "crypto/encode.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LENGTH 8 /* of "20150830" */

/* These may be changed on the way, or are the signature itself. */
static const char *const s_unsigned_headers[] = {"authorization",     "connection", "expect",
                                                 "transfer-encoding", "user-agent", "x-amzn-trace-id"};

static bool is_signed(const char *name)
{
    for (size_t i = 0; i < sizeof s_unsigned_headers / sizeof s_unsigned_headers[0]; i++) {
        if (strcasecmp(name, s_unsigned_headers[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool is_space(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static bool append_lower(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char lower = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        if (!buffer_append(out, &lower, 1)) {
            return false;
        }
    }
    return true;
}

/* Without white space at its ends, each run of it inside as one space. */
static bool append_header_value(struct buffer *out, const char *value)
{
    bool is_first = true;
    while (true) {
        while (is_space(*value)) {
            value++;
        }
        if (*value == '\0') {
            return true;
        }
        const char *start = value;
        while (*value != '\0' && !is_space(*value)) {
            value++;
        }
        if ((!is_first && !buffer_append(out, " ", 1)) || !buffer_append(out, start, (size_t)(value - start))) {
            return false;
        }
        is_first = false;
    }
}

/* Pointers to the signed headers, by name; equal names keep their order. */
static size_t sort_headers(const struct sigv4_request *request, const struct http_header **out)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_signed(header->name)) {
            continue;
        }
        size_t at = count++;
        while (at > 0 && strcasecmp(out[at - 1]->name, header->name) > 0) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = header;
    }
    return count;
}

static bool append_headers(const struct sigv4_request *request, struct buffer *out, struct buffer *out_names)
{
    const struct http_header *sorted[SIGV4_HEADERS_MAX] = {NULL};
    size_t count = sort_headers(request, sorted);
    for (size_t i = 0; i < count; i++) {
        bool is_same = i > 0 && strcasecmp(sorted[i]->name, sorted[i - 1]->name) == 0;
        bool is_fine;
        if (is_same) {
            is_fine = buffer_append(out, ",", 1);
        } else {
            is_fine = (i == 0 || (buffer_append(out, "\n", 1) && buffer_append(out_names, ";", 1))) &&
                      append_lower(out, sorted[i]->name) && buffer_append(out, ":", 1) &&
                      append_lower(out_names, sorted[i]->name);
        }
        if (!is_fine || !append_header_value(out, sorted[i]->value)) {
            return false;
        }
    }
    return buffer_append(out, "\n\n", 2);
}

enum status sigv4_canonical_request(const struct sigv4_request *request, struct buffer *out,
                                    struct buffer *out_signed_headers, struct error *error)
{
    if (request->header_count > SIGV4_HEADERS_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "signing: more than %d headers", SIGV4_HEADERS_MAX);
    }
    size_t names_start = out_signed_headers->length;
    const char *query = request->query == NULL ? "" : request->query;
    bool is_fine = buffer_append_string(out, request->method) && buffer_append(out, "\n", 1) &&
                   aws_uri_append_path(out, request->path, request->keep_path) && buffer_append(out, "\n", 1) &&
                   aws_uri_append_query(out, query, SIGV4_QUERY_MAX) && buffer_append(out, "\n", 1) &&
                   append_headers(request, out, out_signed_headers) &&
                   buffer_append(out, out_signed_headers->data + names_start,
                                 out_signed_headers->length - names_start) &&
                   buffer_append(out, "\n", 1) && buffer_append_string(out, request->payload_hash);
    if (!is_fine) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "signing: the request line and headers are too long");
    }
    return STATUS_OK;
}

enum status sigv4_string_to_sign(const struct sigv4_scope *scope, const char *canonical_request, size_t length,
                                 struct buffer *out, struct error *error)
{
    char hash[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex(canonical_request, length, hash);
    if (!buffer_append_format(out, ALGORITHM "\n%s\n%.*s/%s/%s/aws4_request\n%s", scope->date, DATE_LENGTH,
                              scope->date, scope->region, scope->service, hash)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "signing: the region's or service's name is too long");
    }
    return STATUS_OK;
}

void sigv4_signing_key(const struct sigv4_scope *scope, const char *secret, uint8_t out[CRYPTO_SHA256_SIZE])
{
    char *start = memory_format("AWS4%s", secret);
    crypto_hmac_sha256(start, strlen(start), scope->date, DATE_LENGTH, out);
    memory_wipe_string(start);
    free(start);
    crypto_hmac_sha256(out, CRYPTO_SHA256_SIZE, scope->region, strlen(scope->region), out);
    crypto_hmac_sha256(out, CRYPTO_SHA256_SIZE, scope->service, strlen(scope->service), out);
    crypto_hmac_sha256(out, CRYPTO_SHA256_SIZE, "aws4_request", strlen("aws4_request"), out);
}

void sigv4_signature(const uint8_t signing_key[CRYPTO_SHA256_SIZE], const char *string_to_sign, size_t length,
                     char out[CRYPTO_SHA256_HEX_SIZE])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    crypto_hmac_sha256(signing_key, CRYPTO_SHA256_SIZE, string_to_sign, length, digest);
    crypto_hex_encode(digest, sizeof digest, out);
}

enum status sigv4_authorization(const struct sigv4_scope *scope, const char *access_key_id,
                                const char *signed_headers, const char *signature, struct buffer *out,
                                struct error *error)
{
    if (!buffer_append_format(out,
                              ALGORITHM " Credential=%s/%.*s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
                              access_key_id, DATE_LENGTH, scope->date, scope->region, scope->service, signed_headers,
                              signature)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "signing: the Authorization header is too long");
    }
    return STATUS_OK;
}

const uint8_t *sigv4_key_cache_get(struct sigv4_key_cache *cache, const struct sigv4_scope *scope, const char *secret)
{
    uint8_t identity[CRYPTO_SHA256_SIZE];
    char *text = memory_format("%.*s/%s/%s/%s", DATE_LENGTH, scope->date, scope->region, scope->service, secret);
    crypto_sha256(text, strlen(text), identity);
    memory_wipe_string(text);
    free(text);
    if (!cache->filled || !crypto_equal(cache->identity, identity, sizeof identity)) {
        sigv4_signing_key(scope, secret, cache->key);
        memcpy(cache->identity, identity, sizeof identity);
        cache->filled = true;
    }
    return cache->key;
}

void sigv4_key_cache_deinit(struct sigv4_key_cache *cache)
{
    memory_wipe(cache, sizeof *cache);
}

enum status sigv4_sign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                       const struct aws_credentials *credentials, struct sigv4_key_cache *cache,
                       struct buffer *out_authorization, struct error *error)
{
    struct buffer canonical;
    struct buffer signed_headers;
    struct buffer string_to_sign;
    buffer_init(&canonical, SIGV4_TEXT_MAX);
    buffer_init(&signed_headers, SIGV4_TEXT_MAX);
    buffer_init(&string_to_sign, SIGV4_TEXT_MAX);
    enum status status = sigv4_canonical_request(request, &canonical, &signed_headers, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = sigv4_string_to_sign(scope, canonical.data, canonical.length, &string_to_sign, error);
    if (status != STATUS_OK) {
        goto done;
    }
    char signature[CRYPTO_SHA256_HEX_SIZE];
    sigv4_signature(sigv4_key_cache_get(cache, scope, credentials->secret_access_key), string_to_sign.data,
                    string_to_sign.length, signature);
    status = sigv4_authorization(scope, credentials->access_key_id, signed_headers.data, signature,
                                 out_authorization, error);

done:
    buffer_deinit(&canonical);
    buffer_deinit(&signed_headers);
    buffer_deinit(&string_to_sign);
    return status;
}
