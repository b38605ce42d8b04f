/* Asks a person before something that cannot be taken back. */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include "base/error.h"
#include "command_line.h"

/* With the option --yes, or when "y" or "yes" is the answer on the terminal: OK. INVALID_ARGUMENT: there is no terminal
 * to ask on (stdin and stderr), and no --yes. CANCELED: any other answer. question: "Delete it all?" */
MUST_CHECK enum status confirm(const struct command_line *line, const char *question, struct error *error);

#endif
