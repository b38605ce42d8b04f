/* `ferry dlq drop QUEUE`. */
#ifndef CLI_DLQ_DROP_COMMAND_H
#define CLI_DLQ_DROP_COMMAND_H

#include "command.h"

extern const struct command g_dlq_drop_command;

#endif
