/* The one place where a broken invariant of ours ends the process. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void check_failed(const char *file, int line, const char *expression)
{
    dprintf(STDERR_FILENO, "%s:%d: check failed: %s\n", file, line, expression);
    abort();
}
