/* Files that are part of the program: tools/embed makes the table of what EMBED names in module.mk. */
#ifndef CLI_EMBEDDED_H
#define CLI_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name;  /* "docs/configuration.md" */
    const void *bytes; /* zero-terminated beyond length */
    size_t length;
};

/* In the order of EMBED. */
extern const struct embedded_file embedded_files[];
extern const size_t embedded_file_count;

#endif
