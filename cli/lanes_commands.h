/* `ferry lanes`: the heads of the pollers' lanes, why they are there, and orders for them (docs/operating.md). */
#ifndef CLI_LANES_COMMANDS_H
#define CLI_LANES_COMMANDS_H

#include "command.h"

extern const struct command g_lanes_command;
extern const struct command g_lanes_retry_command;
extern const struct command g_lanes_skip_command;
extern const struct command g_lanes_dead_letter_command;

#endif
