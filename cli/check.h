/* `ferry check`: what the configuration says, once it is known to be right. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stdio.h>

#include "settings/settings.h"

/* What the services read themselves when they start: the keys of temporal.codec. INVALID_ARGUMENT: a file cannot be
 * read or holds no key; the text names both. */
MUST_CHECK enum status check_key_files(const struct settings *settings, struct error *error);
/* A summary without secrets. */
void check_print(const struct settings *settings, FILE *out);

#endif
