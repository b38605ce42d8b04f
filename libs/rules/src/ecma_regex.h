/* Regular expressions as ECMA-262 has them with its u flag, on PCRE2: translated first, and refused where PCRE2 would
 * mean something else (docs/adr/0015). Private to rules. */
#ifndef RULES_SRC_ECMA_REGEX_H
#define RULES_SRC_ECMA_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

#define ECMA_REGEX_SIZE_MAX ((size_t)4096)            /* bytes of a pattern */
#define ECMA_REGEX_GROUPS_MAX 100                     /* groups within each other */
#define ECMA_REGEX_REPEATS_MAX 65535                  /* in {n,m}: PCRE2's own */
#define ECMA_REGEX_TRANSLATED_MAX ((size_t)1024 * 1024) /* bytes of what PCRE2 is given */
#define ECMA_REGEX_HEAP_MAX_KIB 16384U                /* memory of one match */

/* Immutable: any thread may match with it. */
struct ecma_regex;

enum ecma_regex_outcome {
    ECMA_REGEX_MATCHES,
    ECMA_REGEX_DIFFERS,
    ECMA_REGEX_GAVE_UP /* the work or the memory is used up */
};

/* INVALID_ARGUMENT: no regular expression, or one that is refused; TOO_LARGE. */
MUST_CHECK enum status ecma_regex_compile(const char *pattern, size_t length, struct ecma_regex **out,
                                          struct error *error);
/* A text as it stands, without regard to case (Unicode's simple case folding). is_at_start, is_at_end: where it must
 * stand. Texts that it is matched with: likewise. */
MUST_CHECK enum status ecma_regex_compile_caseless(const char *text, size_t length, bool is_at_start, bool is_at_end,
                                                   struct ecma_regex **out, struct error *error);
void ecma_regex_destroy(struct ecma_regex *regex); /* NULL is fine */

/* Anywhere in text, unless the pattern says otherwise. Takes its steps from *work_left, which is 0 where it gave up. */
enum ecma_regex_outcome ecma_regex_match(const struct ecma_regex *regex, const char *text, size_t length,
                                         size_t *work_left);

/* What PCRE2 is given for a pattern: for ecma_regex.c and tests. */
MUST_CHECK enum status ecma_regex_translate(const char *pattern, size_t length, struct buffer *out,
                                            struct error *error);

#endif
