/* See command_words.h. */
#include "command_words.h"

#include <string.h>

#include "base/check.h"

static void copy(char out[COMMAND_WORDS_MAX], const char *text, size_t length)
{
    CHECK(length < COMMAND_WORDS_MAX);
    (void)memcpy(out, text, length);
    out[length] = '\0';
}

/* The words begin with the prefix; where the rest begins. NULL: they do not, or there is no rest. */
static const char *behind(const char *words, const char *prefix)
{
    size_t length = strlen(prefix);
    if (length == 0) {
        return words;
    }
    return strncmp(words, prefix, length) == 0 && words[length] == ' ' ? words + length + 1 : NULL;
}

static bool is_prefix_of_one_before(const char *prefix, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (behind(g_commands[i]->words, prefix) != NULL) {
            return true;
        }
    }
    return false;
}

/* place: 0 is the empty prefix, then one for each command and each blank in its words. */
bool command_words_next_prefix(size_t *place, char out_prefix[COMMAND_WORDS_MAX])
{
    size_t position = 1;
    if (*place == 0) {
        *place = 1;
        out_prefix[0] = '\0';
        return true;
    }
    for (size_t i = 0; g_commands[i] != NULL; i++) {
        const char *words = g_commands[i]->words;
        for (const char *blank = strchr(words, ' '); blank != NULL; blank = strchr(blank + 1, ' ')) {
            if (position++ < *place) {
                continue;
            }
            copy(out_prefix, words, (size_t)(blank - words));
            if (!is_prefix_of_one_before(out_prefix, i)) {
                *place = position;
                return true;
            }
        }
    }
    return false;
}

bool command_words_next(const char *prefix, size_t *place, char out_word[COMMAND_WORDS_MAX], const char **out_summary)
{
    for (; g_commands[*place] != NULL; (*place)++) {
        const char *rest = behind(g_commands[*place]->words, prefix);
        char longer[COMMAND_WORDS_MAX];
        if (rest == NULL) {
            continue;
        }
        size_t length = strcspn(rest, " ");
        copy(longer, g_commands[*place]->words, (size_t)(rest - g_commands[*place]->words) + length);
        copy(out_word, rest, length);
        bool was_there = false;
        for (size_t i = 0; i < *place; i++) {
            was_there = was_there || strcmp(g_commands[i]->words, longer) == 0;
        }
        if (was_there || is_prefix_of_one_before(longer, *place)) {
            continue;
        }
        *out_summary = NULL;
        for (size_t i = *place; g_commands[i] != NULL; i++) {
            if (strcmp(g_commands[i]->words, longer) == 0) {
                *out_summary = g_commands[i]->summary;
            }
        }
        (*place)++;
        return true;
    }
    return false;
}

enum command_value_kind command_words_value_kind(const char *value)
{
    if (strstr(value, "INPUT") != NULL || strstr(value, "BODY") != NULL) {
        return COMMAND_VALUE_INPUT;
    }
    if (strstr(value, "DIRECTORY") != NULL) {
        return COMMAND_VALUE_DIRECTORY;
    }
    return strstr(value, "FILE") != NULL || strstr(value, ".json") != NULL ? COMMAND_VALUE_FILE : COMMAND_VALUE_ANY;
}
