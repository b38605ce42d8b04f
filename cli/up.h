/* `ferry up`: pollers, gateway and worker of one machine under one supervisor. */
#ifndef CLI_UP_H
#define CLI_UP_H

#include "command.h"

extern const struct command g_up_command;

#endif
