/* Which dead letters a command means: conditions of --where, and event patterns of --filter (docs/filters.md), all of
 * which must hold. docs/dead-letters.md has the language. Pure. */
#ifndef CLI_WHERE_H
#define CLI_WHERE_H

#include <stdbool.h>

#include "aws/sqs_message.h"
#include "base/error.h"
#include "dead_letter.h"

#define WHERE_CONDITIONS_MAX 32
#define WHERE_TEXT_MAX 1000 /* bytes of a condition */

struct where;

struct where *where_new(void); /* takes every message */
void where_destroy(struct where *where); /* NULL is fine */

/* "body.customer=42", "reason!=failed", "attempt>2". INVALID_ARGUMENT: it is no condition; the text says why. */
MUST_CHECK enum status where_add(struct where *where, const char *condition, struct error *error);
/* An event pattern, as JSON. INVALID_ARGUMENT, TOO_LARGE: it is none. */
MUST_CHECK enum status where_add_filter(struct where *where, const char *pattern, struct error *error);

bool where_is_empty(const struct where *where);
/* letter: of the message; NULL: what the message says about itself cannot be read, and it has no such fields. */
bool where_takes(const struct where *where, const struct sqs_message *message, const struct dead_letter *letter);

#endif
