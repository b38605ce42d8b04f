/* `ferry trace ID`: where is my message? */
#ifndef CLI_TRACE_COMMAND_H
#define CLI_TRACE_COMMAND_H

#include "command.h"

extern const struct command g_trace_command;

#endif
