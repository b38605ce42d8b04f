/* See percent.h. */
#include "base/percent.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

static bool is_unreserved(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '.' || character == '_' ||
           character == '~';
}

char *percent_encode(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = memory_alloc(3 * strlen(text) + 1);
    char *out = encoded;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (is_unreserved(*text)) {
            *out++ = *text;
        } else {
            *out++ = '%';
            *out++ = digits[byte >> 4];
            *out++ = digits[byte & 15];
        }
    }
    return encoded;
}
