/* The options that every program of Ferry takes. Pure. */
#ifndef SERVICE_COMMAND_LINE_H
#define SERVICE_COMMAND_LINE_H

#include <stdio.h>

#include "base/error.h"

#define SERVICE_PROCESSES_MAX 64

enum service_action { SERVICE_ACTION_RUN, SERVICE_ACTION_CHECK, SERVICE_ACTION_VERSION, SERVICE_ACTION_HELP };

struct service_command_line {
    enum service_action action;
    const char *config_path; /* NULL: not given. Borrowed from argv */
    int processes;           /* 1: not given. 0: auto */
};

/* INVALID_ARGUMENT: an unknown option, a missing or bad value, a stray word. */
MUST_CHECK enum status service_command_line_parse(int argc, char *const *argv, struct service_command_line *out,
                                                  struct error *error);
/* "auto" (0), or a number from 1 to SERVICE_PROCESSES_MAX. INVALID_ARGUMENT: neither. */
MUST_CHECK enum status service_processes_parse(const char *text, int *out_processes, struct error *error);
/* The options, a line each, as --help shows them. */
void service_command_line_describe(FILE *out);

#endif
