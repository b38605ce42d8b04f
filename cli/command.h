/* One command of the tool: what it is called, what it takes, what it does. Help, completions and man pages are made
 * from these tables, so that they never differ from what is parsed. All of it is constant and lives for ever. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

struct command_line;

struct command_option {
    char letter;       /* '\0': none */
    const char *name;  /* "limit": given as --limit VALUE or --limit=VALUE */
    const char *value; /* what its value is called: "N"; NULL: it takes none */
    const char *text;  /* what it does; further lines after '\n' */
    const char *words; /* the only values that it takes, "table json"; NULL: any */
};

/* Options that several commands have. */
#define COMMAND_OPTION_CONFIG                                                                                          \
    {'c', "config", "FILE", "configuration (default: $FERRY_CONFIG, then ./ferry.yaml if\nit is there)", NULL}
#define COMMAND_OPTION_OUTPUT                                                                                          \
    {'o', "output", "FORMAT", "table for people (the default), or json for programs", "table json"}

#define COMMAND_OPTIONS_END {'\0', NULL, NULL, NULL, NULL}

struct command {
    const char *words;     /* "dlq replay": how it is called */
    const char *arguments; /* what stands behind them: "URL", "ID NAME [INPUT]"; "": nothing */
    size_t arguments_min;
    size_t arguments_max;  /* at most COMMAND_LINE_ARGUMENTS_MAX */
    const char *summary;   /* one line, no capital, no full stop */
    const char *description; /* paragraphs, parted by an empty line, each line at most 80 columns; NULL: none */
    const struct command_option *options; /* the last one is COMMAND_OPTIONS_END; NULL: none but --help */
    int (*run)(const struct command_line *line); /* an exit code (exit_code.h) */
};

/* All of them, in the order of the help; the last one is NULL. */
extern const struct command *const g_commands[];

/* The command that the first of count words call, and how many of the words do (the longest match). NULL: none. */
const struct command *command_find(char *const *words, size_t count, size_t *out_used);

#endif
