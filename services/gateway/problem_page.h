/* What docs/errors.md says of a problem: `type` of every problem leads to it. Pure. */
#ifndef GATEWAY_PROBLEM_PAGE_H
#define GATEWAY_PROBLEM_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct problem_section {
    const char *text; /* from its heading on, not terminated; in the program's constants */
    size_t length;
};

/* false: there is no problem of this name. */
bool problem_page_find(const char *name, struct problem_section *out_section);

#endif
