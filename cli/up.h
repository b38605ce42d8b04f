/* `ferry up`: pollers, gateway and worker of one machine under one supervisor. */
#ifndef CLI_UP_H
#define CLI_UP_H

#include "base/error.h"
#include "service/command_line.h"
#include "settings/settings.h"

/* Stays until a signal came and all services have ended. INVALID_ARGUMENT: no queue, a service's program is missing,
 * or a service found its settings wrong. */
MUST_CHECK enum status up_run(const struct settings *settings, const struct service_command_line *line,
                              struct error *error);

#endif
