/* What was probably meant by a word that is not known: "Did you mean ...?" Pure. */
#ifndef CLI_SUGGESTION_H
#define CLI_SUGGESTION_H

#include <stddef.h>

#define SUGGESTION_WORD_MAX 64 /* longer words are like nothing */

/* Goes through words, and keeps the one that is most like the one that was typed. */
struct suggestion {
    const char *typed;
    char best[SUGGESTION_WORD_MAX]; /* "": none is like it, so far */
    size_t best_distance;
};

/* The word stays the caller's. Typed and word are without "--". */
void suggestion_begin(struct suggestion *suggestion, const char *typed);
/* A known word. Like the typed one is what one or two slips make of it: a letter too many, too few, another, two that
 * changed places; of short words one slip alone. A word that begins with the typed one, three letters at least, is like
 * it, too. Of two as like as each other the first one stays. */
void suggestion_consider(struct suggestion *suggestion, const char *word);

#endif
