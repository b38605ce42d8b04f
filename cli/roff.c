/* See roff.h. A closed output is nothing to act on: results of fprintf are not looked at here. */
#include "roff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The character of several bytes that begins there; sets how many there are. 0: it is broken, and is one byte. */
static uint32_t read_character(const char *text, size_t length, size_t *out_bytes)
{
    unsigned char first = (unsigned char)text[0];
    size_t bytes = first >= 0xf0U ? 4 : first >= 0xe0U ? 3 : 2;
    uint32_t character = first & (0xffU >> (bytes + 1));
    *out_bytes = 1;
    if (first < 0xc0U || bytes > length) {
        return 0;
    }
    for (size_t i = 1; i < bytes; i++) {
        if (((unsigned char)text[i] & 0xc0U) != 0x80U) {
            return 0;
        }
        character = character << 6 | ((unsigned char)text[i] & 0x3fU);
    }
    *out_bytes = bytes;
    return character;
}

static void print_character(FILE *out, uint32_t character)
{
    if (character == 0) {
        (void)fputc('?', out);
    } else {
        (void)fprintf(out, "\\[u%04X]", (unsigned)character);
    }
}

/* What it is written as; NULL: as it is. Quotes, tilde and caret are those of ASCII, which can be copied. */
static const char *escape_of(char character)
{
    switch (character) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '~':
        return "\\(ti";
    case '^':
        return "\\(ha";
    default:
        return NULL;
    }
}

void roff_bytes(FILE *out, const char *text, size_t length)
{
    size_t bytes = 1;
    for (size_t i = 0; i < length; i += bytes) {
        bool is_first = i == 0 || text[i - 1] == '\n';
        const char *escape = escape_of(text[i]);
        bytes = 1;
        if (is_first && (text[i] == '.' || text[i] == '\'')) {
            (void)fputs("\\&", out);
        }
        if (escape != NULL) {
            (void)fputs(escape, out);
        } else if ((unsigned char)text[i] >= 0x80U) {
            print_character(out, read_character(text + i, length - i, &bytes));
        } else {
            (void)fputc(text[i], out);
        }
    }
}

void roff_text(FILE *out, const char *text)
{
    roff_bytes(out, text, strlen(text));
}
