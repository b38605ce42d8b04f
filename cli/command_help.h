/* Help texts, made from the tables of the commands. */
#ifndef CLI_COMMAND_HELP_H
#define CLI_COMMAND_HELP_H

#include <stdio.h>

#include "command.h"

/* All commands, a line each. */
void command_help_all(FILE *out);
/* Those whose first word it is, a line each. 0: there are none; nothing is printed. */
size_t command_help_group(const char *word, FILE *out);
/* One in full. */
void command_help_one(const struct command *command, FILE *out);

#endif
