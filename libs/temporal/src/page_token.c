/* See page_token.h. */
#include "page_token.h"

#include <string.h>

#include "base/memory.h"

static const char s_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *page_token_text(ProtobufCBinaryData token)
{
    if (token.len == 0) {
        return NULL;
    }
    char *text = memory_alloc(token.len / 3 * 4 + 5);
    char *out = text;
    for (size_t i = 0; i < token.len; i += 3) {
        size_t left = token.len - i;
        unsigned bits = (unsigned)token.data[i] << 16;
        bits |= left > 1 ? (unsigned)token.data[i + 1] << 8 : 0;
        bits |= left > 2 ? (unsigned)token.data[i + 2] : 0;
        for (size_t k = 0; k < (left < 3 ? left : 3) + 1; k++) {
            *out++ = s_alphabet[(bits >> (18 - 6 * k)) & 63U];
        }
    }
    return text;
}

ProtobufCBinaryData page_token_read(const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    ProtobufCBinaryData token = {.data = text == NULL ? NULL : memory_copy(text, length), .len = 0};
    if (length % 4 == 1 || (length > 0 && strspn(text, s_alphabet) != length)) {
        token.len = length;
        return token;
    }
    unsigned bits = 0;
    for (size_t i = 0; i < length; i++) {
        bits = (bits << 6) | (unsigned)(strchr(s_alphabet, text[i]) - s_alphabet);
        if (i % 4 != 0) { /* each character but the first of four completes a byte */
            token.data[token.len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        }
    }
    return token;
}
