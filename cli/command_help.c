/* See command_help.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "command_help.h"

#include <stdbool.h>
#include <string.h>

#define LEFT_COLUMN 34 /* of lists of commands and options; what is longer has its text on the next line */

/* left, then text from the column on; further lines of text below it. */
static void print_two_columns(const char *left, const char *text, FILE *out)
{
    if (strlen(left) >= LEFT_COLUMN) {
        (void)fprintf(out, "%s\n%*s", left, LEFT_COLUMN, "");
    } else {
        (void)fprintf(out, "%-*s", LEFT_COLUMN, left);
    }
    for (const char *end = NULL; (end = strchr(text, '\n')) != NULL; text = end + 1) {
        (void)fprintf(out, "%.*s\n%*s", (int)(end - text), text, LEFT_COLUMN, "");
    }
    (void)fprintf(out, "%s\n", text);
}

static void print_summary(const struct command *command, FILE *out)
{
    char left[200];
    (void)snprintf(left, sizeof left, "  %s%s%s", command->words, *command->arguments == '\0' ? "" : " ",
                   command->arguments);
    print_two_columns(left, command->summary, out);
}

static bool is_of_group(const struct command *command, const char *word)
{
    size_t length = strlen(word);
    return strncmp(command->words, word, length) == 0 &&
           (command->words[length] == ' ' || command->words[length] == '\0');
}

void command_help_all(FILE *out)
{
    (void)fputs("ferry: SQS messages become Temporal workflows\n\nUsage: ferry COMMAND [options] [arguments]\n\n", out);
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        print_summary(*command, out);
    }
    (void)fputs("\n      --version                   print the version and end\n"
                "  -h, --help                      print this, or with a command what it takes, and end\n\n"
                "Settings come from the file and the environment: see docs/configuration.md.\n"
                "Exit codes: 0 done, 1 failed, 2 bad usage or configuration.\n",
                out);
}

size_t command_help_group(const char *word, FILE *out)
{
    size_t count = 0;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        if (is_of_group(*command, word)) {
            if (count++ == 0) {
                (void)fprintf(out, "Usage: ferry %s COMMAND [options] [arguments]\n\n", word);
            }
            print_summary(*command, out);
        }
    }
    if (count > 0) {
        (void)fprintf(out, "\n'ferry %s COMMAND --help' says more about each.\n", word);
    }
    return count;
}

static void print_option(const struct command_option *option, FILE *out)
{
    char left[200];
    char letter[] = {'-', option->letter, ',', '\0'};
    (void)snprintf(left, sizeof left, "  %-3s --%s%s%s", option->letter == '\0' ? "" : letter, option->name,
                   option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value);
    print_two_columns(left, option->text, out);
}

void command_help_one(const struct command *command, FILE *out)
{
    bool has_options = command->options != NULL && command->options->name != NULL;
    (void)fprintf(out, "Usage: ferry %s%s%s%s\n\n%s\n\n", command->words, has_options ? " [options]" : "",
                  *command->arguments == '\0' ? "" : " ", command->arguments, command->summary);
    if (command->description != NULL) {
        (void)fprintf(out, "%s\n\n", command->description);
    }
    for (const struct command_option *option = command->options; option != NULL && option->name != NULL; option++) {
        print_option(option, out);
    }
    (void)fprintf(out, "%-*sprint this and end\n", LEFT_COLUMN, "  -h, --help");
}
