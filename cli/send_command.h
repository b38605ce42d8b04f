/* `ferry send [QUEUE] BODY`. */
#ifndef CLI_SEND_COMMAND_H
#define CLI_SEND_COMMAND_H

#include "command.h"

extern const struct command g_send_command;

#endif
