/* `ferry dlq replay URL`. */
#ifndef CLI_DLQ_REPLAY_COMMAND_H
#define CLI_DLQ_REPLAY_COMMAND_H

#include "command.h"

extern const struct command g_dlq_replay_command;

#endif
