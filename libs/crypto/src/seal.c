/* AES-256-GCM. */
#include "crypto/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/memory.h"

#define LENGTH_MAX ((size_t)1 << 30) /* libcrypto counts in int */

enum status crypto_seal(const uint8_t key[CRYPTO_SEAL_KEY_SIZE], const void *bytes, size_t length, uint8_t *out,
                        struct error *error)
{
    uint8_t *ciphertext = out + CRYPTO_SEAL_NONCE_SIZE;
    int written = 0;
    if (length > LENGTH_MAX) {
        return error_set(error, STATUS_TOO_LARGE, "%zu bytes are too many to encrypt at once", length);
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool is_sealed = context != NULL && RAND_bytes(out, CRYPTO_SEAL_NONCE_SIZE) == 1 &&
                     EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
                     (length == 0 || EVP_EncryptUpdate(context, ciphertext, &written, bytes, (int)length) == 1) &&
                     EVP_EncryptFinal_ex(context, ciphertext + length, &written) == 1 &&
                     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, CRYPTO_SEAL_TAG_SIZE, ciphertext + length) == 1;
    EVP_CIPHER_CTX_free(context);
    return is_sealed ? STATUS_OK : error_set(error, STATUS_INTERNAL, "libcrypto cannot encrypt with AES-256-GCM");
}

/* The tag is checked by the last step. */
static bool decrypt(const uint8_t *key, const uint8_t *sealed, size_t length, uint8_t *out)
{
    uint8_t tag[CRYPTO_SEAL_TAG_SIZE];
    const uint8_t *ciphertext = sealed + CRYPTO_SEAL_NONCE_SIZE;
    int written = 0;
    for (size_t i = 0; i < sizeof tag; i++) {
        tag[i] = ciphertext[length + i];
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool is_open = context != NULL && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
                   (length == 0 || EVP_DecryptUpdate(context, out, &written, ciphertext, (int)length) == 1) &&
                   EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
                   EVP_DecryptFinal_ex(context, tag, &written) == 1; /* writes nothing: GCM has no padding */
    EVP_CIPHER_CTX_free(context);
    return is_open;
}

enum status crypto_open(const uint8_t key[CRYPTO_SEAL_KEY_SIZE], const uint8_t *sealed, size_t length, uint8_t *out,
                        struct error *error)
{
    if (length < CRYPTO_SEAL_EXTRA || length - CRYPTO_SEAL_EXTRA > LENGTH_MAX) {
        return error_set(error, STATUS_MALFORMED, "%zu bytes are no AES-256-GCM nonce, ciphertext and tag", length);
    }
    if (!decrypt(key, sealed, length - CRYPTO_SEAL_EXTRA, out)) {
        memory_wipe(out, length - CRYPTO_SEAL_EXTRA);
        return error_set(error, STATUS_MALFORMED, "the bytes were encrypted with another key, or were changed");
    }
    return STATUS_OK;
}
