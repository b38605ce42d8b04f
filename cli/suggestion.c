/* See suggestion.h. */
#include "suggestion.h"

#include <string.h>

#define SHORT_WORD 4
#define BEGINNING_MIN 3

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* How many slips make one word of the other, each at most SUGGESTION_WORD_MAX - 1 long. Three rows of the table of the
 * distances between their beginnings are enough, since a change of places looks two rows back. */
static size_t distance_between(const char *one, size_t one_length, const char *other, size_t other_length)
{
    size_t rows[3][SUGGESTION_WORD_MAX];
    for (size_t j = 0; j <= other_length; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= one_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= other_length; j++) {
            size_t another = above[j - 1] + (one[i - 1] != other[j - 1]);
            row[j] = least(another, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) {
                row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[one_length % 3][other_length];
}

void suggestion_begin(struct suggestion *suggestion, const char *typed)
{
    size_t length = strlen(typed);
    *suggestion = (struct suggestion){.typed = typed, .best_distance = length <= SHORT_WORD ? 2 : 3};
}

void suggestion_consider(struct suggestion *suggestion, const char *word)
{
    size_t typed_length = strlen(suggestion->typed);
    size_t length = strlen(word);
    if (typed_length == 0 || typed_length >= SUGGESTION_WORD_MAX || length >= SUGGESTION_WORD_MAX) {
        return;
    }
    size_t distance = distance_between(suggestion->typed, typed_length, word, length);
    if (typed_length >= BEGINNING_MIN && strncmp(word, suggestion->typed, typed_length) == 0) {
        distance = 1;
    }
    if (distance < suggestion->best_distance && distance < length) {
        suggestion->best_distance = distance;
        (void)memcpy(suggestion->best, word, length + 1);
    }
}
