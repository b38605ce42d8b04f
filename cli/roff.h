/* Texts in the language of manual pages (man(7)): what is special to roff stands in them as it is. Pure. */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include <stddef.h>
#include <stdio.h>

/* length bytes of UTF-8, so that roff prints them as they are: a hyphen is one that can be copied, and a line does not
 * begin with a dot or an apostrophe of its own. */
void roff_bytes(FILE *out, const char *text, size_t length);
void roff_text(FILE *out, const char *text);

#endif
