/* `ferry explain`: what would be done with a message. */
#ifndef CLI_EXPLAIN_COMMAND_H
#define CLI_EXPLAIN_COMMAND_H

#include "command.h"

extern const struct command g_explain_command;

#endif
