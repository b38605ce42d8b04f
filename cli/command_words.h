/* Commands as a tree of words, for completion: "dlq" leads to "ls", "replay" ... Pure. */
#ifndef CLI_COMMAND_WORDS_H
#define CLI_COMMAND_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

#define COMMAND_WORDS_MAX 100 /* bytes of a command's words */

/* What stands before the word of a command: "" or "dlq"; each once, in the order of g_commands. *place is 0 at first.
 * false: no more. */
bool command_words_next_prefix(size_t *place, char out_prefix[COMMAND_WORDS_MAX]);

/* The words that may follow a prefix, each once: out_summary is the command's that ends there; NULL: none does, only
 * longer ones ("dlq"). false: no more. */
bool command_words_next(const char *prefix, size_t *place, char out_word[COMMAND_WORDS_MAX], const char **out_summary);

/* What an option's value or a command's arguments may be completed with. */
enum command_value_kind { COMMAND_VALUE_ANY, COMMAND_VALUE_FILE, COMMAND_VALUE_INPUT, COMMAND_VALUE_DIRECTORY };
/* value: "FILE", "INPUT" and "BODY" (a file behind "@") ..., "ID NAME [INPUT]". */
enum command_value_kind command_words_value_kind(const char *value);

#endif
