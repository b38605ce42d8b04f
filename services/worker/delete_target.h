/* Which queue helloWorldActivity deletes from: read off the routes. Pure. */
#ifndef WORKER_DELETE_TARGET_H
#define WORKER_DELETE_TARGET_H

#include <stdbool.h>

#include "base/error.h"
#include "settings/settings.h"

struct delete_target {
    const char *queue_url; /* borrowed; NULL: none */
    bool leaves_message;   /* queues run helloWorld here, and none of their routes has the worker delete */
};

/* Looks at the queues whose route runs helloWorld on the worker's own task queue. INVALID_ARGUMENT: more than one of
 * them says ack: worker, so that it is not known where a receipt handle belongs. */
MUST_CHECK enum status delete_target_find(const struct settings *settings, struct delete_target *out_target,
                                          struct error *error);

#endif
