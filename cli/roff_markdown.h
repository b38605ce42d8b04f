/* Our own Markdown as a manual page's sections. Pure. */
#ifndef CLI_ROFF_MARKDOWN_H
#define CLI_ROFF_MARKDOWN_H

#include <stdio.h>

/* As much of Markdown as docs/configuration.md has: headings, paragraphs, lists of one level, code that is indented,
 * tables, `code`, **bold** and links. What stands before the first heading of the second level becomes DESCRIPTION, the
 * title is left out. Of a table each row is a paragraph: its first cell in bold, then its last one, which says what it
 * means, then the others with their titles. Links to other pages become these pages' names. */
void roff_markdown(FILE *out, const char *text);

#endif
