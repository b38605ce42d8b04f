/* UTF-8: checking, cutting, encoding. */
#include "base/utf8.h"

#include "base/check.h"
#include "plain_text.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0U) == 0x80U;
}

size_t utf8_sequence(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (length == 0) {
        return 0;
    }
    unsigned char first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    size_t needed = 0;
    unsigned char second_low = 0x80; /* the range of the second byte rules out overlong forms and surrogates */
    unsigned char second_high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        needed = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        needed = 3;
        second_low = first == 0xE0 ? 0xA0 : 0x80;
        second_high = first == 0xED ? 0x9F : 0xBF;
    } else if (first >= 0xF0 && first <= 0xF4) {
        needed = 4;
        second_low = first == 0xF0 ? 0x90 : 0x80;
        second_high = first == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (length < needed || bytes[1] < second_low || bytes[1] > second_high) {
        return 0;
    }
    for (size_t i = 2; i < needed; i++) {
        if (!is_continuation(bytes[i])) {
            return 0;
        }
    }
    return needed;
}

bool utf8_is_valid(const char *text, size_t length)
{
    size_t position = 0;
    while (position < length) {
        position += plain_text_length(text + position, length - position);
        size_t size = utf8_sequence(text + position, length - position);
        if (size == 0 && position < length) {
            return false;
        }
        position += size;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t start = length;
    for (size_t back = 0; back < 4 && start > 0; back++) {
        start--;
        if (!is_continuation(bytes[start])) {
            break;
        }
    }
    if (start == length || bytes[start] < 0xC0) {
        return length; /* empty, ends with ASCII, or is no UTF-8 anyway */
    }
    size_t needed = bytes[start] >= 0xF0 ? 4 : bytes[start] >= 0xE0 ? 3 : 2;
    return length - start < needed ? start : length;
}

size_t utf8_encode(uint32_t code_point, char out[4])
{
    CHECK(code_point <= 0x10FFFFU && (code_point < 0xD800U || code_point > 0xDFFFU));
    if (code_point < 0x80U) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800U) {
        out[0] = (char)(0xC0U | (code_point >> 6));
        out[1] = (char)(0x80U | (code_point & 0x3FU));
        return 2;
    }
    if (code_point < 0x10000U) {
        out[0] = (char)(0xE0U | (code_point >> 12));
        out[1] = (char)(0x80U | ((code_point >> 6) & 0x3FU));
        out[2] = (char)(0x80U | (code_point & 0x3FU));
        return 3;
    }
    out[0] = (char)(0xF0U | (code_point >> 18));
    out[1] = (char)(0x80U | ((code_point >> 12) & 0x3FU));
    out[2] = (char)(0x80U | ((code_point >> 6) & 0x3FU));
    out[3] = (char)(0x80U | (code_point & 0x3FU));
    return 4;
}
