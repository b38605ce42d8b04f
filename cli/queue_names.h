/* Which queue a word on the command line means: a URL, or a name that the configuration knows. Pure. */
#ifndef CLI_QUEUE_NAMES_H
#define CLI_QUEUE_NAMES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "settings/settings.h"

/* Has a scheme: it is taken for a URL, for which no configuration is needed. */
bool queue_names_is_url(const char *word);

/* The dead-letter queues of all routes and queues: [{"url", "name", "of": "route orders, queue orders.fifo"}], each URL
 * once; json_decref() it. */
json_t *queue_names_dead(const struct settings *settings);

/* word: a URL; or a configured queue's name. *out_url: free() it. INVALID_ARGUMENT: it is neither; the text says what
 * is known. settings may be NULL where word is a URL. */
MUST_CHECK enum status queue_names_find(const struct settings *settings, const char *word, char **out_url,
                                        struct error *error);
/* word: a URL; the name of a dead-letter queue, which is the last part of its URL; or a configured queue's name, if
 * that queue and its routes name one dead-letter queue and no other. Else as above. */
MUST_CHECK enum status queue_names_find_dead(const struct settings *settings, const char *word, char **out_url,
                                             struct error *error);

#endif
