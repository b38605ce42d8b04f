/* See text_width.h. */
#include "text_width.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#define CHARACTER_BYTES_MAX 4 /* of UTF-8 */

/* NULL: libc has none here. */
static locale_t tables(void)
{
    static locale_t found;
    static bool was_looked_for;
    if (!was_looked_for) {
        was_looked_for = true;
        found = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    }
    return found;
}

/* The length of the character that a text, not empty, begins with: its first byte and those that continue it. */
static size_t plain_character(const char *text)
{
    size_t length = 1;
    while (length < CHARACTER_BYTES_MAX && ((unsigned char)text[length] & 0xc0U) == 0x80U) {
        length++;
    }
    return length;
}

/* The same with its columns. In a locale of UTF-8 if has_tables. */
static size_t character_at(const char *text, bool has_tables, size_t *out_columns)
{
    mbstate_t state = {0};
    wchar_t character = L'\0';
    size_t available = strnlen(text, CHARACTER_BYTES_MAX);
    *out_columns = 1;
    if (!has_tables) {
        return plain_character(text);
    }
    size_t length = mbrtowc(&character, text, available, &state);
    if (length == 0 || length > available) {
        return 1; /* no UTF-8 */
    }
    int columns = wcwidth(character);
    *out_columns = columns < 0 ? 1 : (size_t)columns;
    return length;
}

/* How many bytes of text fit into so many columns, up to one of the characters of ends; at least one character. */
static size_t go(const char *text, const char *ends, size_t columns, size_t *out_width)
{
    bool has_tables = tables() != (locale_t)0;
    locale_t before = has_tables ? uselocale(tables()) : (locale_t)0;
    size_t bytes = 0;
    *out_width = 0;
    while (text[bytes] != '\0' && strchr(ends, text[bytes]) == NULL) {
        size_t wide = 0;
        size_t length = character_at(text + bytes, has_tables, &wide);
        if (bytes > 0 && *out_width + wide > columns) {
            break;
        }
        *out_width += wide;
        bytes += length;
    }
    if (has_tables) {
        (void)uselocale(before); /* it was the thread's own */
    }
    return bytes;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    (void)go(text, "", SIZE_MAX, &width);
    return width;
}

size_t text_width_fit(const char *text, size_t columns)
{
    size_t width = 0;
    return go(text, "\n", columns, &width);
}
