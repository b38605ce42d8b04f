/* What `ferry lanes` shows: the lanes of the pollers at one moment. */
#ifndef CLI_LANES_VIEW_H
#define CLI_LANES_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pollers.h"

/* Caller's storage; borrows the line. */
struct lanes_view {
    struct pollers pollers;
    const char *queue; /* NULL: all */
    int64_t limit;     /* of each queue of each poller */
    json_t *lanes;     /* as lanes_fetch gives them */
};

/* Of QUEUE and --limit, empty yet. INVALID_ARGUMENT: they, or what pollers_open reads, are wrong. */
MUST_CHECK enum status lanes_view_open(const struct command_line *line, struct lanes_view *out_view,
                                       struct error *error);
void lanes_view_close(struct lanes_view *view);

/* Asks all pollers, and forgets what they said before, failures, too. */
void lanes_view_fetch(struct lanes_view *view);
bool lanes_view_is_of_nobody(const struct lanes_view *view); /* every poller has failed */

/* A table for people, nothing where there are no lanes. What is the same in every row is left out: the only poller, the
 * queue that was asked for. */
void lanes_view_print(const struct lanes_view *view, FILE *out);
json_t *lanes_view_json(const struct lanes_view *view); /* for programs; json_decref() it */

#endif
