/* `ferry dlq ls [QUEUE]`. */
#ifndef CLI_DLQ_LS_COMMAND_H
#define CLI_DLQ_LS_COMMAND_H

#include "command.h"

extern const struct command g_dlq_ls_command;

#endif
