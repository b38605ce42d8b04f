/* Hexadecimal, base64 and name-based identifiers. */
#include "crypto/encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "crypto/digest.h"

static const char s_hex[] = "0123456789abcdef";
static const char s_base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void crypto_hex_encode(const void *bytes, size_t length, char *out)
{
    const uint8_t *in = bytes;
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = s_hex[in[i] >> 4];
        out[2 * i + 1] = s_hex[in[i] & 15];
    }
    out[2 * length] = '\0';
}

static int hex_value(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return -1;
}

bool crypto_hex_decode(const char *text, size_t text_length, uint8_t *out)
{
    if (text_length % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < text_length; i += 2) {
        int high = hex_value(text[i]);
        int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high * 16 + low);
    }
    return true;
}

char *crypto_base64_encode(const void *bytes, size_t length)
{
    const uint8_t *in = bytes;
    CHECK(length <= SIZE_MAX / 2);
    char *out = memory_alloc((length + 2) / 3 * 4 + 1);
    size_t at = 0;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)in[i] << 16;
        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)in[i + 2] : 0;
        out[at++] = s_base64[group >> 18 & 63];
        out[at++] = s_base64[group >> 12 & 63];
        out[at++] = left > 1 ? s_base64[group >> 6 & 63] : '=';
        out[at++] = left > 2 ? s_base64[group & 63] : '=';
    }
    out[at] = '\0';
    return out;
}

static int base64_value(char character)
{
    if (character >= 'A' && character <= 'Z') {
        return character - 'A';
    }
    if (character >= 'a' && character <= 'z') {
        return character - 'a' + 26;
    }
    if (character >= '0' && character <= '9') {
        return character - '0' + 52;
    }
    if (character == '+') {
        return 62;
    }
    return character == '/' ? 63 : -1;
}

uint8_t *crypto_base64_decode(const char *text, size_t text_length, size_t *out_length)
{
    if (text_length % 4 != 0) {
        return NULL;
    }
    size_t padding = 0;
    if (text_length > 0 && text[text_length - 1] == '=') {
        padding = text[text_length - 2] == '=' ? 2 : 1;
    }
    size_t digits = text_length - padding;
    uint8_t *out = memory_alloc(text_length / 4 * 3 + 1);
    size_t length = 0;
    uint32_t bits = 0;
    unsigned pending = 0; /* bits not yet written, the low ones of `bits` */
    for (size_t i = 0; i < digits; i++) {
        int value = base64_value(text[i]);
        if (value < 0) {
            goto failed;
        }
        bits = bits << 6 | (uint32_t)value;
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            out[length++] = (uint8_t)(bits >> pending & 255);
        }
    }
    if ((bits & ((1U << pending) - 1)) != 0) {
        goto failed;
    }
    out[length] = 0;
    *out_length = length;
    return out;

failed:
    free(out);
    return NULL;
}

/* The name space of Ferry's identifiers: changing it changes every identifier. */
static const char s_name_space[] = "ferry stable identifier v1";

void crypto_stable_uuid(const char *name, char out[CRYPTO_UUID_SIZE])
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    crypto_hmac_sha256(s_name_space, sizeof s_name_space - 1, name, strlen(name), digest);
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x80); /* version 8 */
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80); /* variant 10 */
    char hex[2 * 16 + 1];
    crypto_hex_encode(digest, 16, hex);
    int written = snprintf(out, CRYPTO_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                           hex + 20);
    CHECK(written == CRYPTO_UUID_SIZE - 1);
}
