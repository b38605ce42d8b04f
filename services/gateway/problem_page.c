/* See problem_page.h. */
#include "problem_page.h"

#include <string.h>

#include "base/check.h"
#include "embedded.h"

#define HEADING "\n## "

bool problem_page_find(const char *name, struct problem_section *out_section)
{
    const struct embedded_file *page = embedded_find("docs/errors.md");
    size_t length = strlen(name);
    CHECK(page != NULL);
    for (const char *at = strstr(page->bytes, HEADING); at != NULL; at = strstr(at, HEADING)) {
        at += sizeof HEADING - 1;
        if (length > 0 && strncmp(at, name, length) == 0 && at[length] == '\n') {
            const char *end = strstr(at, HEADING);
            const char *begin = at - (sizeof HEADING - 2); /* without the line break */
            out_section->text = begin;
            out_section->length = end != NULL ? (size_t)(end - begin) + 1 : strlen(begin);
            return true;
        }
    }
    return false;
}
