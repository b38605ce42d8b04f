/* Manual pages (man(7)), made from the tables of the commands and from the configuration's page. Pure but for the date:
 * $SOURCE_DATE_EPOCH, or today. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdio.h>

#include "command.h"

#define MANUAL_NAME_MAX 128 /* bytes */

/* ferry.1: all commands. */
void manual_tool(FILE *out);
/* ferry-dlq-replay.1: one in full. */
void manual_command(const struct command *command, FILE *out);
/* "ferry-dlq-replay" */
void manual_command_name(const struct command *command, char out[MANUAL_NAME_MAX]);

/* The services' pages, section 8. */
#define MANUAL_SERVICES 3
const char *manual_service_name(size_t index); /* "ferry-poller" ... */
void manual_service(size_t index, FILE *out);

/* ferry.yaml.5: docs/configuration.md, which is part of the program. */
#define MANUAL_CONFIGURATION_NAME "ferry.yaml"
void manual_configuration(FILE *out);

#endif
