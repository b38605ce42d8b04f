/* `ferry check`. */
#ifndef CLI_CHECK_COMMAND_H
#define CLI_CHECK_COMMAND_H

#include "command.h"

extern const struct command g_check_command;

#endif
