/* The three ways in which a file holds a key, and what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/encode.h"
#include "crypto/key_file.h"

static uint8_t s_key[CRYPTO_SEAL_KEY_SIZE];
static char s_path[] = "/tmp/key-file-test-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int file = mkstemp(s_path);
    for (size_t i = 0; i < sizeof s_key; i++) {
        s_key[i] = (uint8_t)(250 + i);
    }
    return file >= 0 ? close(file) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(s_path);
}

static enum status read_text(const char *text, size_t length, uint8_t *out_key, struct error *error)
{
    FILE *file = fopen(s_path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return crypto_key_file_read(s_path, out_key, error);
}

static void assert_is_key(const char *text, size_t length)
{
    uint8_t key[CRYPTO_SEAL_KEY_SIZE] = {0};
    assert_int_equal(read_text(text, length, key, NULL), STATUS_OK);
    assert_memory_equal(key, s_key, sizeof key);
}

static void a_key_is_raw_or_base64_or_hexadecimal(void **state)
{
    (void)state;
    char hex[2 * CRYPTO_SEAL_KEY_SIZE + 2];
    crypto_hex_encode(s_key, sizeof s_key, hex);
    char *base64 = crypto_base64_encode(s_key, sizeof s_key);
    char line[64];
    (void)snprintf(line, sizeof line, "%s\n", base64);
    assert_is_key((const char *)s_key, sizeof s_key);
    assert_is_key(hex, 64);
    assert_is_key(base64, 44);
    assert_is_key(line, 45);
    hex[64] = '\n';
    assert_is_key(hex, 65);
    free(base64);
}

static void assert_refused(const char *text, size_t length, const char *reason)
{
    static const uint8_t untouched[CRYPTO_SEAL_KEY_SIZE] = {0};
    uint8_t key[CRYPTO_SEAL_KEY_SIZE] = {0};
    struct error error = {0};
    assert_int_equal(read_text(text, length, key, &error), STATUS_INVALID_ARGUMENT);
    assert_memory_equal(key, untouched, sizeof key);
    assert_non_null(strstr(error.text, s_path));
    assert_non_null(strstr(error.text, reason));
    assert_null(strstr(error.text, "zzz"));
}

static void what_is_no_key_is_named_and_not_shown(void **state)
{
    (void)state;
    char text[128];
    memset(text, 'z', sizeof text);
    assert_refused(text, 0, "found 0 bytes");
    assert_refused(text, 31, "found 31 bytes");
    assert_refused(text, 33, "found 33 bytes");
    assert_refused(text, 43, "found 43 bytes");
    assert_refused(text, 44, "its 44 characters are not 32 bytes of base64");
    assert_refused(text, 64, "its 64 characters are not all hexadecimal digits");
    assert_refused(text, 65, "found 65 bytes");
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    uint8_t key[CRYPTO_SEAL_KEY_SIZE];
    struct error error = {0};
    assert_int_equal(crypto_key_file_read("no/such/key", key, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "no/such/key cannot be read: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_raw_or_base64_or_hexadecimal),
        cmocka_unit_test(what_is_no_key_is_named_and_not_shown),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
