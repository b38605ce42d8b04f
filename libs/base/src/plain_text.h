/* Runs of bytes that JSON texts and UTF-8 checks can pass over at once. Private to base. */
#ifndef BASE_SRC_PLAIN_TEXT_H
#define BASE_SRC_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PLAIN_TEXT_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline bool plain_text_is(char character)
{
    unsigned char byte = (unsigned char)character;
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Not 0 exactly if one of the eight bytes is below 0x20, above 0x7F, a quote or a backslash: the lowest bit that is set
 * is the high bit of the first of them (in the number's order). A borrow may set bits above it, never below. */
static inline uint64_t plain_text_stops(uint64_t eight)
{
    uint64_t quote = eight ^ PLAIN_TEXT_EACH(0x22);
    uint64_t backslash = eight ^ PLAIN_TEXT_EACH(0x5C);
    uint64_t found = (eight - PLAIN_TEXT_EACH(0x20)) | (quote - PLAIN_TEXT_EACH(1)) | (backslash - PLAIN_TEXT_EACH(1));
    return (eight | found) & PLAIN_TEXT_EACH(0x80);
}

/* How many bytes at the beginning are ASCII that stands for itself in a JSON string: no control character, quote or
 * backslash. */
static inline size_t plain_text_length(const char *text, size_t length)
{
    size_t position = 0;
    while (length - position >= sizeof(uint64_t)) {
        uint64_t eight;
        memcpy(&eight, text + position, sizeof eight);
        uint64_t stops = plain_text_stops(eight);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (stops != 0) {
            return position + (size_t)__builtin_ctzll(stops) / 8;
        }
#else
        if (stops != 0) {
            break;
        }
#endif
        position += sizeof eight;
    }
    while (position < length && plain_text_is(text[position])) {
        position++;
    }
    return position;
}

#endif
