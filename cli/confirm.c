/* See confirm.h. */
#include "confirm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum status confirm(const struct command_line *line, const char *question, struct error *error)
{
    char answer[16] = "";
    if (command_line_has(line, "yes")) {
        return STATUS_OK;
    }
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "there is no terminal to ask on: expected --yes");
    }
    (void)fprintf(stderr, "%s [y/N] ", question); /* no one to tell of a closed stderr */
    (void)fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        answer[0] = '\0';
        (void)fputc('\n', stderr); /* the end of the input breaks no line */
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") != 0 && strcasecmp(answer, "yes") != 0) {
        return error_set(error, STATUS_CANCELED, "nothing was done");
    }
    return STATUS_OK;
}
