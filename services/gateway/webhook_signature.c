/* See webhook_signature.h. */
#include "webhook_signature.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

#define HEX_LENGTH ((size_t)2 * CRYPTO_SHA256_SIZE)
#define SECONDS_DIGITS_MAX 15

static bool is_digest(const char *hex, size_t length, const uint8_t digest[CRYPTO_SHA256_SIZE])
{
    uint8_t given[CRYPTO_SHA256_SIZE];
    return length == HEX_LENGTH && crypto_hex_decode(hex, length, given) &&
           crypto_equal(given, digest, CRYPTO_SHA256_SIZE);
}

enum status webhook_check_github(const char *header, const char *body, size_t length, const char *secret,
                                 struct error *error)
{
    static const char prefix[] = "sha256=";
    uint8_t digest[CRYPTO_SHA256_SIZE];
    if (header == NULL || strncmp(header, prefix, sizeof prefix - 1) != 0) {
        return error_set(error, STATUS_UNAUTHENTICATED,
                         "expected the header X-Hub-Signature-256: sha256=…: give GitHub's webhook a secret");
    }
    header += sizeof prefix - 1;
    crypto_hmac_sha256(secret, strlen(secret), body, length, digest);
    if (!is_digest(header, strlen(header), digest)) {
        return error_set(error, STATUS_UNAUTHENTICATED,
                         "X-Hub-Signature-256 does not fit the body and the route's secret");
    }
    return STATUS_OK;
}

/* One member of "t=…,v1=…": *cursor goes behind it. false: the end. */
static bool next_member(const char **cursor, const char **out_value, size_t *out_length, char out_key[3])
{
    const char *member = *cursor;
    if (member == NULL) {
        return false;
    }
    size_t length = strcspn(member, ",");
    *cursor = member[length] == ',' ? member + length + 1 : NULL;
    size_t key_length = strcspn(member, "=,");
    bool fits = key_length > 0 && key_length < 3 && key_length < length;
    memcpy(out_key, member, fits ? key_length : 0);
    out_key[fits ? key_length : 0] = '\0';
    *out_value = member + key_length + (fits ? 1 : 0);
    *out_length = fits ? length - key_length - 1 : 0;
    return true;
}

static bool read_seconds(const char *text, size_t length, int64_t *out_seconds)
{
    int64_t seconds = 0;
    if (length == 0 || length > SECONDS_DIGITS_MAX || strspn(text, "0123456789") < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    *out_seconds = seconds;
    return true;
}

/* Of "SECONDS.BODY". */
static void sign_stripe(const char *seconds, size_t seconds_length, const char *body, size_t length,
                        const char *secret, uint8_t out_digest[CRYPTO_SHA256_SIZE])
{
    char *text = memory_alloc(seconds_length + 1 + length);
    memcpy(text, seconds, seconds_length);
    text[seconds_length] = '.';
    memcpy(text + seconds_length + 1, body, length);
    crypto_hmac_sha256(secret, strlen(secret), text, seconds_length + 1 + length, out_digest);
    free(text);
}

enum status webhook_check_stripe(const char *header, const char *body, size_t length, const char *secret,
                                 int64_t now_s, struct error *error)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    const char *value = NULL;
    size_t value_length = 0;
    char key[3];
    const char *seconds_text = NULL;
    size_t seconds_length = 0;
    int64_t seconds = 0;
    for (const char *cursor = header; next_member(&cursor, &value, &value_length, key);) {
        if (strcmp(key, "t") == 0) {
            seconds_text = value;
            seconds_length = value_length;
        }
    }
    if (seconds_text == NULL || !read_seconds(seconds_text, seconds_length, &seconds)) {
        return error_set(error, STATUS_UNAUTHENTICATED, "expected the header Stripe-Signature: t=…,v1=…");
    }
    bool is_signed = false;
    sign_stripe(seconds_text, seconds_length, body, length, secret, digest);
    for (const char *cursor = header; next_member(&cursor, &value, &value_length, key);) {
        is_signed = (strcmp(key, "v1") == 0 && is_digest(value, value_length, digest)) || is_signed;
    }
    if (!is_signed) {
        return error_set(error, STATUS_UNAUTHENTICATED,
                         "no v1 of Stripe-Signature fits the body and the route's secret");
    }
    if (seconds > now_s + WEBHOOK_TOLERANCE_S || seconds < now_s - WEBHOOK_TOLERANCE_S) {
        return error_set(error, STATUS_UNAUTHENTICATED,
                         "Stripe-Signature was made %" PRId64 " s from now: more than %d s are not taken",
                         seconds - now_s, WEBHOOK_TOLERANCE_S);
    }
    return STATUS_OK;
}
