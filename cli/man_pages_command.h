/* `ferry man-pages DIRECTORY`, for packages and `make man`. */
#ifndef CLI_MAN_PAGES_COMMAND_H
#define CLI_MAN_PAGES_COMMAND_H

#include "command.h"

extern const struct command g_man_pages_command;

#endif
