/* Digests, HMAC and comparison in constant time, on OpenSSL's libcrypto. Pure; any thread. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CRYPTO_SHA256_SIZE 32
#define CRYPTO_SHA256_HEX_SIZE 65 /* with the terminator */
#define CRYPTO_MD5_SIZE 16
#define CRYPTO_MD5_HEX_SIZE 33 /* with the terminator */

/* A libcrypto without SHA-256 is a broken installation: these abort there. bytes may be NULL when length is 0. */
void crypto_sha256(const void *bytes, size_t length, uint8_t out[CRYPTO_SHA256_SIZE]);
void crypto_sha256_hex(const void *bytes, size_t length, char out[CRYPTO_SHA256_HEX_SIZE]); /* lower case */
void crypto_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                        uint8_t out[CRYPTO_SHA256_SIZE]);

/* For checks against accidental damage only. UNIMPLEMENTED: this machine has no MD5 (FIPS). */
MUST_CHECK enum status crypto_md5(const void *bytes, size_t length, uint8_t out[CRYPTO_MD5_SIZE],
                                  struct error *error);
MUST_CHECK enum status crypto_md5_hex(const void *bytes, size_t length, char out[CRYPTO_MD5_HEX_SIZE],
                                      struct error *error);

/* Takes the same time wherever the bytes differ. */
MUST_CHECK bool crypto_equal(const void *left, const void *right, size_t length);
/* For secrets given as text: also the lengths stay hidden (both are hashed first). */
MUST_CHECK bool crypto_equal_text(const char *left, const char *right);

#endif
