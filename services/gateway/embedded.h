/* Files that are part of the program: tools/embed makes the table of what EMBED names in module.mk. */
#ifndef GATEWAY_EMBEDDED_H
#define GATEWAY_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name;  /* "page/index.html", "docs/errors.md" */
    const void *bytes; /* zero-terminated beyond length */
    size_t length;
};

/* In the order of EMBED. */
extern const struct embedded_file embedded_files[];
extern const size_t embedded_file_count;

const struct embedded_file *embedded_find(const char *name); /* NULL: there is none */

#endif
