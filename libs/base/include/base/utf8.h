/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many bytes the valid sequence at text has (1 to 4); 0: there is none within length. */
size_t utf8_sequence(const char *text, size_t length);
bool utf8_is_valid(const char *text, size_t length);
/* The largest length that does not end inside a sequence: for texts that were cut. */
size_t utf8_cut(const char *text, size_t length);
/* Writes 1 to 4 bytes and returns how many. code_point: no surrogate, at most 0x10FFFF. */
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
