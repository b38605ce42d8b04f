/* `ferry queue …`: the pollers' queues: how they are, and pausing them (docs/operating.md). */
#ifndef CLI_QUEUE_COMMANDS_H
#define CLI_QUEUE_COMMANDS_H

#include "command.h"

extern const struct command g_queue_ls_command;
extern const struct command g_queue_pause_command;
extern const struct command g_queue_resume_command;

#endif
