/* What a configuration allows, and is seldom meant. Pure. */
#ifndef CLI_CHECK_WARNINGS_H
#define CLI_CHECK_WARNINGS_H

#include "finding.h"
#include "settings/settings.h"

void check_warnings(const struct settings *settings, struct findings *findings);

#endif
