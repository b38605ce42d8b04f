/* The lanes of the pollers, put together. */
#ifndef CLI_LANES_H
#define CLI_LANES_H

#include "pollers.h"

/* Appends to lanes what every poller says of this queue, or of all of its queues (NULL): {"poller", "queue", "group",
 * "depth", "head"}. Failures are noted, but that a poller does not know the queue where another one does is none.
 * queues: where all were asked, gets what the pollers say of each queue itself, "poller" included; NULL: not wanted. */
void lanes_fetch(struct pollers *pollers, const char *queue, int64_t limit, json_t *lanes, json_t *queues);

/* "resting: failed (Declined), attempt 2 in 9m37s": what a head does and why; free() it. Pure. */
char *lanes_state_text(const json_t *head);

#endif
