/* JSON for people, a line for each value, with every number and text as it came: jansson would alter them. Pure. */
#ifndef CLI_JSON_INDENT_H
#define CLI_JSON_INDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Prints without a line break at the end; every line but the first begins with so many blanks. Control characters that
 * JSON allows in texts, which a terminal would obey, are escaped. false: it is no JSON; nothing is printed. */
bool json_indent(FILE *out, const char *text, size_t length, int blanks);

#endif
