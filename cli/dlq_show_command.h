/* `ferry dlq show QUEUE ID`. */
#ifndef CLI_DLQ_SHOW_COMMAND_H
#define CLI_DLQ_SHOW_COMMAND_H

#include "command.h"

extern const struct command g_dlq_show_command;

#endif
