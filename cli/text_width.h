/* How many columns of a terminal a text takes. */
#ifndef CLI_TEXT_WIDTH_H
#define CLI_TEXT_WIDTH_H

#include <stddef.h>

/* Of UTF-8 on one line: two columns for characters of Chinese, Japanese and Korean and for most emoji, none for what
 * combines with the one before, one for others, whatever the locale of the environment. Where libc's tables (the locale
 * C.UTF-8) are missing, each character counts as one; bytes that are no UTF-8 do so, too. For one thread alone. */
size_t text_width(const char *text);
/* How many bytes of the line that text begins with fit into so many columns: whole characters, and at least one. */
size_t text_width_fit(const char *text, size_t columns);

#endif
