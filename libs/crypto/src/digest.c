/* Digests on OpenSSL's EVP interface. The algorithms are fetched once per process: fetching costs more than hashing. */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "crypto/encode.h"

static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static EVP_MD *s_sha256; /* after s_once: never changed, never freed */
static EVP_MD *s_md5;    /* NULL: not on this machine */

static void fetch_algorithms(void)
{
    s_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    s_md5 = EVP_MD_fetch(NULL, "MD5", NULL);
}

static const EVP_MD *sha256(void)
{
    CHECK(pthread_once(&s_once, fetch_algorithms) == 0);
    CHECK(s_sha256 != NULL);
    return s_sha256;
}

static const EVP_MD *md5(void)
{
    CHECK(pthread_once(&s_once, fetch_algorithms) == 0);
    return s_md5;
}

void crypto_sha256(const void *bytes, size_t length, uint8_t out[CRYPTO_SHA256_SIZE])
{
    CHECK(EVP_Digest(length == 0 ? "" : bytes, length, out, NULL, sha256(), NULL) == 1);
}

void crypto_sha256_hex(const void *bytes, size_t length, char out[CRYPTO_SHA256_HEX_SIZE])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    crypto_sha256(bytes, length, digest);
    crypto_hex_encode(digest, sizeof digest, out);
}

#define HMAC_BLOCK_SIZE 64

/* RFC 2104 over the cached digest: OpenSSL's own HMAC would fetch it by name at each call. */
void crypto_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                        uint8_t out[CRYPTO_SHA256_SIZE])
{
    uint8_t block[HMAC_BLOCK_SIZE] = {0};
    if (key_length > sizeof block) {
        crypto_sha256(key, key_length, block);
    } else if (key_length > 0) {
        memcpy(block, key, key_length);
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] ^= 0x36;
    }
    CHECK(EVP_DigestInit_ex(context, sha256(), NULL) == 1);
    CHECK(EVP_DigestUpdate(context, block, sizeof block) == 1);
    CHECK(EVP_DigestUpdate(context, length == 0 ? "" : bytes, length) == 1);
    CHECK(EVP_DigestFinal_ex(context, out, NULL) == 1);
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] ^= 0x36 ^ 0x5c;
    }
    CHECK(EVP_DigestInit_ex(context, sha256(), NULL) == 1);
    CHECK(EVP_DigestUpdate(context, block, sizeof block) == 1);
    CHECK(EVP_DigestUpdate(context, out, CRYPTO_SHA256_SIZE) == 1);
    CHECK(EVP_DigestFinal_ex(context, out, NULL) == 1);
    EVP_MD_CTX_free(context);
    OPENSSL_cleanse(block, sizeof block);
}

enum status crypto_md5(const void *bytes, size_t length, uint8_t out[CRYPTO_MD5_SIZE], struct error *error)
{
    uint8_t digest[CRYPTO_MD5_SIZE];
    if (md5() == NULL || EVP_Digest(length == 0 ? "" : bytes, length, digest, NULL, md5(), NULL) != 1) {
        return error_set(error, STATUS_UNIMPLEMENTED, "MD5 is not available on this machine");
    }
    memcpy(out, digest, sizeof digest);
    return STATUS_OK;
}

enum status crypto_md5_hex(const void *bytes, size_t length, char out[CRYPTO_MD5_HEX_SIZE], struct error *error)
{
    uint8_t digest[CRYPTO_MD5_SIZE];
    enum status status = crypto_md5(bytes, length, digest, error);
    if (status == STATUS_OK) {
        crypto_hex_encode(digest, sizeof digest, out);
    }
    return status;
}

bool crypto_equal(const void *left, const void *right, size_t length)
{
    return length == 0 || CRYPTO_memcmp(left, right, length) == 0;
}

bool crypto_equal_text(const char *left, const char *right)
{
    uint8_t left_digest[CRYPTO_SHA256_SIZE];
    uint8_t right_digest[CRYPTO_SHA256_SIZE];
    crypto_sha256(left, strlen(left), left_digest);
    crypto_sha256(right, strlen(right), right_digest);
    return crypto_equal(left_digest, right_digest, sizeof left_digest);
}
