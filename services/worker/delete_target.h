/* Which queue helloWorldActivity deletes a message from: read off the routes. Pure. */
#ifndef WORKER_DELETE_TARGET_H
#define WORKER_DELETE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "settings/settings.h"

struct delete_target {
    const char *queue_urls[SETTINGS_QUEUES_MAX]; /* borrowed from the settings; more than one: nobody says which */
    size_t count;
    bool leaves_message; /* it came by a route by which the worker does not delete */
};

/* The queues that have a route which runs helloWorld on the worker's own task queue and lets the worker delete.
 * route_name and queue_url say how the message came and narrow that down; NULL: not known. What the settings do not
 * know is not known either: the poller may have been given another file, or another name for the same queue. */
void delete_target_find(const struct settings *settings, const char *route_name, const char *queue_url,
                        struct delete_target *out_target);

#endif
