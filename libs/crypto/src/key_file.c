/* Keys from files. */
#include "crypto/key_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "crypto/encode.h"

#define FILE_MAX ((size_t)4096)
#define HEX_LENGTH ((size_t)2 * CRYPTO_SEAL_KEY_SIZE)
#define BASE64_LENGTH ((size_t)44)

static bool read_base64(const char *text, uint8_t *out_key)
{
    size_t length = 0;
    uint8_t *bytes = crypto_base64_decode(text, BASE64_LENGTH, &length);
    bool is_key = bytes != NULL && length == CRYPTO_SEAL_KEY_SIZE;
    if (is_key) {
        memcpy(out_key, bytes, length);
    }
    if (bytes != NULL) {
        memory_wipe(bytes, length);
    }
    free(bytes);
    return is_key;
}

static bool read_hex(const char *text, uint8_t *out_key)
{
    uint8_t bytes[CRYPTO_SEAL_KEY_SIZE];
    bool is_key = crypto_hex_decode(text, HEX_LENGTH, bytes);
    if (is_key) {
        memcpy(out_key, bytes, sizeof bytes);
    }
    memory_wipe(bytes, sizeof bytes);
    return is_key;
}

static enum status read_key(const char *path, const char *text, size_t length, uint8_t *out_key, struct error *error)
{
    if (length == CRYPTO_SEAL_KEY_SIZE) {
        memcpy(out_key, text, length);
        return STATUS_OK;
    }
    size_t line = length > 0 && text[length - 1] == '\n' ? length - 1 : length;
    if (line == BASE64_LENGTH) {
        return read_base64(text, out_key) ? STATUS_OK
                                          : error_set(error, STATUS_INVALID_ARGUMENT,
                                                      "%s: its 44 characters are not 32 bytes of base64", path);
    }
    if (line == HEX_LENGTH) {
        return read_hex(text, out_key) ? STATUS_OK
                                       : error_set(error, STATUS_INVALID_ARGUMENT,
                                                   "%s: its 64 characters are not all hexadecimal digits", path);
    }
    return error_set(error, STATUS_INVALID_ARGUMENT,
                     "%s: expected a key of 32 bytes as they are, as 44 characters of base64 or as 64 hexadecimal "
                     "digits, found %zu bytes",
                     path, length);
}

enum status crypto_key_file_read(const char *path, uint8_t out_key[CRYPTO_SEAL_KEY_SIZE], struct error *error)
{
    char *text = NULL;
    size_t length = 0;
    enum status status = file_read(path, FILE_MAX, &text, &length, NULL, error);
    if (status == STATUS_OK) {
        status = read_key(path, text, length, out_key, error);
        memory_wipe(text, length);
        free(text);
    }
    return status;
}
