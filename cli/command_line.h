/* The words behind a command: its options and arguments, parsed by its own table. Pure. */
#ifndef CLI_COMMAND_LINE_H
#define CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "command.h"

#define COMMAND_LINE_ARGUMENTS_MAX 8
#define COMMAND_LINE_OPTIONS_MAX 64 /* on one line, repeated ones counted */

/* Caller's storage; texts are borrowed from argv. */
struct command_line {
    const struct command *command;
    const char *arguments[COMMAND_LINE_ARGUMENTS_MAX];
    size_t argument_count;
    struct {
        const struct command_option *option;
        const char *value; /* "" of an option without one */
    } options[COMMAND_LINE_OPTIONS_MAX];
    size_t option_count;
    bool wants_help;
};

/* words: those behind the command's own. Options may stand before, between and behind arguments; behind "--" all are
 * arguments; "-" alone is one. INVALID_ARGUMENT: an option that the command does not have, one without its value or
 * with one that it does not take, too few or too many arguments (neither is looked at where --help is there). */
MUST_CHECK enum status command_line_parse(const struct command *command, char *const *words, size_t count,
                                          struct command_line *out_line, struct error *error);

/* The option's value: of one given twice, the last. "" of a given one without a value; NULL: not given. */
const char *command_line_value(const struct command_line *line, const char *name);
bool command_line_has(const struct command_line *line, const char *name);
/* For options that may be repeated: the value after *place, in order; *place is 0 at first. NULL: no more. */
const char *command_line_next(const struct command_line *line, const char *name, size_t *place);
/* A whole number from min to max, otherwise if the option is not given. INVALID_ARGUMENT: it is none. */
MUST_CHECK enum status command_line_number(const struct command_line *line, const char *name, int64_t min, int64_t max,
                                           int64_t otherwise, int64_t *out_number, struct error *error);
/* "500ms", "30s", "5m", "2h", "1d" as milliseconds; otherwise if not given. INVALID_ARGUMENT: it is none, or longer
 * than max. */
MUST_CHECK enum status command_line_duration(const struct command_line *line, const char *name, int64_t max_ms,
                                             int64_t otherwise, int64_t *out_ms, struct error *error);
bool command_line_wants_json(const struct command_line *line); /* -o json */

/* Says the error on stderr, in front of it the command; the exit code: EXIT_USAGE for INVALID_ARGUMENT (with a hint at
 * --help), else EXIT_FAILED. */
int command_line_fail(const struct command_line *line, const struct error *error);

#endif
