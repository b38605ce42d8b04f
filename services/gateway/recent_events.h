/* The last events that this process took, for people who look: GET /v1/recent. Each process of --processes has its own.
 * Kept in memory only, and never a body.
 *
 * Any thread: a mutex guards it, which nobody holds for longer than it takes to copy some texts. */
#ifndef GATEWAY_RECENT_EVENTS_H
#define GATEWAY_RECENT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "entry.h"

#define RECENT_EVENTS_MAX 200
#define RECENT_EVENTS_TEXT_MAX ((size_t)300) /* bytes of each text that are kept */

struct recent_events;

struct recent_events *recent_events_new(void);
void recent_events_destroy(struct recent_events *recent); /* NULL is fine */

/* Texts are copied; NULL: left out. */
struct recent_event {
    int64_t wall_ms;
    const char *route;
    const char *message_id;
    const struct entry *entry; /* its outcome, run and reason; of a queued one: its ID on the queue */
    const char *token;         /* the name of the caller's */
};
void recent_events_add(struct recent_events *recent, const struct recent_event *event);

/* Whether the reader may see events of this route. */
typedef bool recent_events_shows_fn(const void *user, const char *route);
/* {"events": […]}, newest first. shows NULL: all of them. */
void recent_events_write(struct recent_events *recent, recent_events_shows_fn *shows, const void *user,
                         struct buffer *out);

#endif
