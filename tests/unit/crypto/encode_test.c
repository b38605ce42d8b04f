/* Encodings against RFC 4648's vectors, and identifiers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/encode.h"

static const char *const s_plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
static const char *const s_base64[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

static void base64_gives_the_published_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof s_plain / sizeof s_plain[0]; i++) {
        char *text = crypto_base64_encode(s_plain[i], strlen(s_plain[i]));
        assert_string_equal(text, s_base64[i]);
        size_t length = 99;
        uint8_t *bytes = crypto_base64_decode(text, strlen(text), &length);
        assert_non_null(bytes);
        assert_int_equal(length, strlen(s_plain[i]));
        assert_memory_equal(bytes, s_plain[i], length);
        free(bytes);
        free(text);
    }
}

static void base64_passes_every_byte(void **state)
{
    (void)state;
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    char *text = crypto_base64_encode(bytes, sizeof bytes);
    size_t length = 0;
    uint8_t *back = crypto_base64_decode(text, strlen(text), &length);
    assert_non_null(back);
    assert_int_equal(length, sizeof bytes);
    assert_memory_equal(back, bytes, sizeof bytes);
    free(back);
    free(text);
}

static void base64_refuses_what_is_not_strict(void **state)
{
    (void)state;
    static const char *const s_wrong[] = {"Zg",   "Zg=",   "Zh==", "Zm9=", "Z===",    "====", "Zm 9",
                                          "Zm-_", "Zg==Zg==", "=Zg=", "Zm9v\n", "Zm\xc3\xa4"};
    for (size_t i = 0; i < sizeof s_wrong / sizeof s_wrong[0]; i++) {
        size_t length = 7;
        assert_null(crypto_base64_decode(s_wrong[i], strlen(s_wrong[i]), &length));
        assert_int_equal(length, 7);
    }
}

static void hexadecimal_goes_both_ways(void **state)
{
    (void)state;
    char text[9];
    crypto_hex_encode("\x00\x7f\xab\xff", 4, text);
    assert_string_equal(text, "007fabff");
    uint8_t bytes[4];
    assert_true(crypto_hex_decode("007FaBff", 8, bytes));
    assert_memory_equal(bytes, "\x00\x7f\xab\xff", 4);
    assert_false(crypto_hex_decode("007", 3, bytes));
    assert_false(crypto_hex_decode("0g", 2, bytes));
}

static void a_stable_identifier_never_changes(void **state)
{
    (void)state;
    char first[CRYPTO_UUID_SIZE];
    char second[CRYPTO_UUID_SIZE];
    crypto_stable_uuid("hello-world/6f1c", first);
    crypto_stable_uuid("hello-world/6f1c", second);
    assert_string_equal(first, second);
    crypto_stable_uuid("hello-world/6f1d", second);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(first), 36);
    assert_int_equal(first[14], '8');
    assert_non_null(strchr("89ab", first[19]));
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_non_null(strchr(is_dash ? "-" : "0123456789abcdef", first[i]));
    }
    /* HMAC-SHA256("ferry stable identifier v1", "hello-world/6f1c"), computed apart from this code */
    assert_string_equal(first, "4ad9bbe4-bb03-8c24-8985-d959d9adb0c0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_gives_the_published_texts),  cmocka_unit_test(base64_passes_every_byte),
        cmocka_unit_test(base64_refuses_what_is_not_strict), cmocka_unit_test(hexadecimal_goes_both_ways),
        cmocka_unit_test(a_stable_identifier_never_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
