/* `ferry completion bash|zsh|fish`. */
#ifndef CLI_COMPLETION_COMMAND_H
#define CLI_COMPLETION_COMMAND_H

#include "command.h"

extern const struct command g_completion_command;

#endif
