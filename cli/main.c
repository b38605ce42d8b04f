/* The command-line tool `ferry`: finds the command by its words, and runs it. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "command_help.h"
#include "command_line.h"
#include "command_words.h"
#include "crypto/exit.h"
#include "exit_code.h"
#include "output.h"
#include "suggestion.h"

static void suggest(const char *group, const char *word)
{
    struct suggestion suggestion;
    char known[COMMAND_WORDS_MAX];
    const char *summary = NULL;
    size_t place = 0;
    suggestion_begin(&suggestion, word);
    while (command_words_next(group, &place, known, &summary)) {
        suggestion_consider(&suggestion, known);
    }
    if (*suggestion.best != '\0') {
        (void)fprintf(stderr, "Did you mean '%s%s%s'?\n", group, *group == '\0' ? "" : " ", suggestion.best);
    }
}

static int fail_usage(const char *what, const char *word)
{
    (void)fprintf(stderr, "ferry: %s%s%s%s\n", what, word != NULL ? " \"" : "", word != NULL ? word : "",
                  word != NULL ? "\"" : "");
    if (word != NULL && word[0] != '-') {
        suggest("", word);
    }
    (void)fputs("Try 'ferry --help'.\n", stderr);
    return EXIT_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* No command has these words: a group of commands ("dlq", "dlq --help"), or none. */
static int fail_unknown(int argc, char *const *argv)
{
    if (argc == 3 && is_help(argv[2]) && command_help_group(argv[1], stdout) > 0) {
        return EXIT_DONE;
    }
    if (argv[1][0] == '-') {
        return fail_usage("expected a command in front of the option", argv[1]);
    }
    if (command_help_group(argv[1], stderr) == 0) {
        return fail_usage("unknown command", argv[1]);
    }
    if (argc > 2) {
        (void)fprintf(stderr, "\nferry: unknown command \"%s %s\"\n", argv[1], argv[2]);
        suggest(argv[1], argv[2]);
    }
    return EXIT_USAGE;
}

/* "ferry help dlq ls" and "ferry --help dlq ls" are "ferry dlq ls --help", whatever else stands behind it. */
static int help(int argc, char *const *argv)
{
    size_t used = 0;
    const struct command *command = argc == 2 ? NULL : command_find(argv + 2, (size_t)argc - 2, &used);
    if (argc == 2) {
        command_help_all(stdout);
    } else if (command != NULL) {
        command_help_one(command, stdout);
    } else if (command_help_group(argv[2], stdout) == 0) {
        return fail_usage("unknown command", argv[2]);
    }
    return EXIT_DONE;
}

static int run(const struct command *command, char *const *words, size_t count)
{
    struct command_line line = {.command = command};
    struct error error = {0};
    if (command_line_parse(command, words, count, &line, &error) != STATUS_OK) {
        return command_line_fail(&line, &error);
    }
    if (line.wants_help) {
        command_help_one(command, stdout);
        return EXIT_DONE;
    }
    return command->run(&line);
}

static int do_command(int argc, char **argv)
{
    size_t used = 0;
    if (argc < 2) {
        return fail_usage("expected a command", NULL);
    }
    if (is_help(argv[1])) {
        return help(argc, argv);
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("ferry %s\n", FERRY_VERSION);
        return EXIT_DONE;
    }
    const struct command *command = command_find(argv + 1, (size_t)argc - 1, &used);
    return command == NULL ? fail_unknown(argc, argv) : run(command, argv + 1 + used, (size_t)argc - 1 - used);
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
    crypto_keep_at_exit();          /* before curl comes to use it */
    int code = do_command(argc, argv);
    return output_end(stdout) || code != EXIT_DONE ? code : EXIT_FAILED;
}
