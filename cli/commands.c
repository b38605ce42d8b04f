/* The list of commands, and how one is found by its words. */
#include <string.h>

#include "check_command.h"
#include "command.h"
#include "dlq_replay_command.h"
#include "explain_command.h"
#include "up.h"

const struct command *const g_commands[] = {
    &g_up_command,
    &g_check_command,
    &g_explain_command,
    &g_dlq_replay_command,
    NULL,
};

/* How many of the words the command's own words are. 0: they differ. */
static size_t match(const struct command *command, char *const *words, size_t count)
{
    const char *rest = command->words;
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(rest, " ");
        if (strlen(words[i]) != length || strncmp(words[i], rest, length) != 0) {
            return 0;
        }
        if (rest[length] == '\0') {
            return i + 1;
        }
        rest += length + 1;
    }
    return 0;
}

const struct command *command_find(char *const *words, size_t count, size_t *out_used)
{
    const struct command *best = NULL;
    size_t best_used = 0;
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        size_t used = match(*command, words, count);
        if (used > best_used) {
            best = *command;
            best_used = used;
        }
    }
    if (best != NULL) {
        *out_used = best_used;
    }
    return best;
}
