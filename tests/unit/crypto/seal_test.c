/* AES-256-GCM against a published vector, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/encode.h"
#include "crypto/seal.h"

static void from_hex(const char *text, uint8_t *out)
{
    assert_true(crypto_hex_decode(text, strlen(text), out));
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 15; nonce, ciphertext and tag in a row. */
static void the_published_vector_is_opened(void **state)
{
    (void)state;
    uint8_t key[CRYPTO_SEAL_KEY_SIZE];
    uint8_t sealed[12 + 64 + 16];
    uint8_t expected[64];
    uint8_t plain[64];
    from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
    from_hex("cafebabefacedbaddecaf888"
             "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
             "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
             "b094dac5d93471bdec1a502270e3cc6c",
             sealed);
    from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
             "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
             expected);
    assert_int_equal(crypto_open(key, sealed, sizeof sealed, plain, NULL), STATUS_OK);
    assert_memory_equal(plain, expected, sizeof expected);
}

static void what_was_sealed_is_opened_and_each_time_looks_different(void **state)
{
    (void)state;
    static const uint8_t key[CRYPTO_SEAL_KEY_SIZE] = {1, 2, 3};
    static const size_t lengths[] = {0, 1, 15, 16, 17, 100000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t length = lengths[i];
        uint8_t *plain = memory_alloc(length + 1);
        uint8_t *first = memory_alloc(length + CRYPTO_SEAL_EXTRA);
        uint8_t *second = memory_alloc(length + CRYPTO_SEAL_EXTRA);
        uint8_t *opened = memory_alloc(length + 1);
        memset(plain, 7, length);
        assert_int_equal(crypto_seal(key, length > 0 ? plain : NULL, length, first, NULL), STATUS_OK);
        assert_int_equal(crypto_seal(key, plain, length, second, NULL), STATUS_OK);
        assert_memory_not_equal(first, second, length + CRYPTO_SEAL_EXTRA);
        assert_int_equal(crypto_open(key, first, length + CRYPTO_SEAL_EXTRA, opened, NULL), STATUS_OK);
        assert_memory_equal(opened, plain, length + 1);
        free(plain);
        free(first);
        free(second);
        free(opened);
    }
}

static void every_changed_byte_is_noticed_and_nothing_is_shown(void **state)
{
    (void)state;
    static const uint8_t key[CRYPTO_SEAL_KEY_SIZE] = {1, 2, 3};
    static const uint8_t nothing[5] = {0};
    uint8_t sealed[5 + CRYPTO_SEAL_EXTRA];
    uint8_t plain[5];
    struct error error = {0};
    assert_int_equal(crypto_seal(key, "plain", 5, sealed, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_int_equal(crypto_open(key, sealed, sizeof sealed, plain, &error), STATUS_MALFORMED);
        assert_memory_equal(plain, nothing, sizeof plain);
        sealed[i] ^= 1;
    }
    assert_string_equal(error.text, "the bytes were encrypted with another key, or were changed");
    for (size_t length = 0; length < sizeof sealed; length++) {
        assert_int_equal(crypto_open(key, sealed, length, plain, &error), STATUS_MALFORMED);
    }
    static const uint8_t other[CRYPTO_SEAL_KEY_SIZE] = {1, 2, 4};
    assert_int_equal(crypto_open(other, sealed, sizeof sealed, plain, NULL), STATUS_MALFORMED);
    assert_int_equal(crypto_open(key, sealed, sizeof sealed, plain, NULL), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_is_opened),
        cmocka_unit_test(what_was_sealed_is_opened_and_each_time_looks_different),
        cmocka_unit_test(every_changed_byte_is_noticed_and_nothing_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
