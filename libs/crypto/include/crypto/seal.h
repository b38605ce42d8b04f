/* Encryption that also proves that nothing was changed: AES-256 in Galois/Counter Mode (NIST SP 800-38D), on OpenSSL's
 * libcrypto. Pure but for the system's random numbers; any thread. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CRYPTO_SEAL_KEY_SIZE 32
#define CRYPTO_SEAL_NONCE_SIZE 12
#define CRYPTO_SEAL_TAG_SIZE 16
#define CRYPTO_SEAL_EXTRA (CRYPTO_SEAL_NONCE_SIZE + CRYPTO_SEAL_TAG_SIZE) /* how much longer sealed bytes are */

/* out takes length + CRYPTO_SEAL_EXTRA bytes: a random nonce, the ciphertext, the tag. With random nonces a key is good
 * for 2^32 calls (SP 800-38D, 8.3). bytes may be NULL when length is 0.
 * TOO_LARGE: over 1 GiB. INTERNAL: libcrypto has no random numbers or no AES. */
MUST_CHECK enum status crypto_seal(const uint8_t key[CRYPTO_SEAL_KEY_SIZE], const void *bytes, size_t length,
                                   uint8_t *out, struct error *error);

/* The reverse: out takes length - CRYPTO_SEAL_EXTRA bytes; nothing of it is left there unless all of it is right.
 * MALFORMED: too short; sealed with another key, or changed since; that cannot be told apart. */
MUST_CHECK enum status crypto_open(const uint8_t key[CRYPTO_SEAL_KEY_SIZE], const uint8_t *sealed, size_t length,
                                   uint8_t *out, struct error *error);

#endif
