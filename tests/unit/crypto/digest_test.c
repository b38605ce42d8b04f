/* Digests against the published values of FIPS 180-4, RFC 1321 and RFC 4231. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/encode.h"

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    char hex[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypto_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void md5_gives_the_published_digest(void **state)
{
    (void)state;
    char hex[CRYPTO_MD5_HEX_SIZE];
    struct error error = {0};
    enum status status = crypto_md5_hex("message digest", 14, hex, &error);
    if (status == STATUS_UNIMPLEMENTED) { /* a FIPS machine */
        skip();
    }
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(hex, "f96b697d7cb7938d525a2f31aaf161d0");
}

static void hmac_gives_the_published_codes(void **state)
{
    (void)state;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char hex[CRYPTO_SHA256_HEX_SIZE];
    crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    crypto_hex_encode(digest, sizeof digest, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";
    crypto_hmac_sha256(long_key, sizeof long_key, text, strlen(text), digest);
    crypto_hex_encode(digest, sizeof digest, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_may_write_over_its_key(void **state)
{
    (void)state;
    uint8_t key[CRYPTO_SHA256_SIZE] = {1, 2, 3};
    uint8_t apart[CRYPTO_SHA256_SIZE];
    crypto_hmac_sha256(key, sizeof key, "x", 1, apart);
    crypto_hmac_sha256(key, sizeof key, "x", 1, key);
    assert_memory_equal(key, apart, sizeof key);
}

static void comparison_sees_every_difference(void **state)
{
    (void)state;
    assert_true(crypto_equal("abc", "abc", 3));
    assert_false(crypto_equal("abc", "abd", 3));
    assert_true(crypto_equal("", "", 0));
    assert_true(crypto_equal_text("secret", "secret"));
    assert_false(crypto_equal_text("secret", "secret2"));
    assert_false(crypto_equal_text("secret", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests), cmocka_unit_test(md5_gives_the_published_digest),
        cmocka_unit_test(hmac_gives_the_published_codes),     cmocka_unit_test(hmac_may_write_over_its_key),
        cmocka_unit_test(comparison_sees_every_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
