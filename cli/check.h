/* `ferry check`: what the configuration says, once it is known to be right. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stdio.h>

#include "settings/settings.h"

/* A summary without secrets. */
void check_print(const struct settings *settings, FILE *out);

#endif
