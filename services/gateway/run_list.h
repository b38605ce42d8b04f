/* The body of POST /v1/runs/wait. Pure. */
#ifndef GATEWAY_RUN_LIST_H
#define GATEWAY_RUN_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "settings/settings.h"
#include "watch.h"

#define RUN_LIST_MAX ((size_t)1000)

struct run_list {
    struct watch_run *runs; /* in texts */
    char *texts;
    size_t count;
    int64_t wait_ms; /* 0 .. maximum */
};

/* MALFORMED: not JSON. INVALID_ARGUMENT: not {"runs": [{"workflowId", "firstRunId", "route"?}], "waitMs"}, too many,
 * too long. A run's namespace is its route's; where no route is named, that of the route whose prefix its ID has. The
 * settings outlive the list. */
MUST_CHECK enum status run_list_parse(const char *body, size_t length, const struct settings *settings,
                                      int64_t wait_max_ms, struct run_list *out_list, struct error *error);
void run_list_deinit(struct run_list *list);

#endif
