/* See text_width.h. */
#include "text_width.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

/* Every byte but those that continue a character. */
static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0U) != 0x80U;
    }
    return count;
}

/* In a locale of UTF-8. */
static size_t add_widths(const char *text)
{
    mbstate_t state = {0};
    size_t width = 0;
    for (const char *end = text + strlen(text); text < end;) {
        wchar_t character = L'\0';
        size_t length = mbrtowc(&character, text, (size_t)(end - text), &state);
        bool is_none = length == 0 || length > (size_t)(end - text);
        int columns = is_none ? 1 : wcwidth(character);
        if (is_none) {
            state = (mbstate_t){0};
        }
        width += columns < 0 ? 1 : (size_t)columns;
        text += is_none ? 1 : length;
    }
    return width;
}

size_t text_width(const char *text)
{
    static locale_t tables;
    static bool was_looked_for;
    if (!was_looked_for) {
        was_looked_for = true;
        tables = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    }
    if (tables == (locale_t)0) {
        return count_characters(text);
    }
    locale_t before = uselocale(tables);
    size_t width = add_widths(text);
    (void)uselocale(before); /* it was the thread's own */
    return width;
}
