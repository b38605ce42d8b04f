/* Runs by workflow ID, the oldest forgotten first. */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"

struct runs {
    struct map *by_id;
    struct list by_age; /* oldest first */
    size_t most;
    int64_t close_delay_ms;
};

struct runs *runs_new(size_t most, int64_t close_delay_ms)
{
    struct runs *runs = memory_alloc(sizeof *runs);
    runs->by_id = map_new();
    list_init(&runs->by_age);
    runs->most = most > 0 ? most : 1;
    runs->close_delay_ms = close_delay_ms;
    return runs;
}

static void forget(struct runs *runs, struct run *run)
{
    (void)map_remove(runs->by_id, run->workflow_id);
    list_remove(&run->by_age);
    free(run->workflow_id);
    free(run->request_id);
    free(run->callback_url);
    free(run);
}

void runs_destroy(struct runs *runs)
{
    if (runs == NULL) {
        return;
    }
    struct list *oldest = NULL;
    while ((oldest = list_take_first(&runs->by_age)) != NULL) {
        forget(runs, LIST_ITEM(oldest, struct run, by_age));
    }
    map_destroy(runs->by_id);
    free(runs);
}

size_t runs_count(const struct runs *runs)
{
    return map_count(runs->by_id);
}

static const struct run *add(struct runs *runs, const struct runs_start *start, int64_t now_ms)
{
    if (map_count(runs->by_id) >= runs->most) {
        forget(runs, LIST_ITEM(runs->by_age.next, struct run, by_age));
    }
    struct run *run = memory_alloc(sizeof *run);
    run->workflow_id = memory_copy_string(start->workflow_id);
    run->request_id = memory_copy_string(start->request_id);
    run->callback_url = memory_copy_string(start->callback_url != NULL ? start->callback_url : "");
    random_uuid(run->run_id);
    run->started_ms = now_ms;
    run->closes_ms = now_ms + runs->close_delay_ms;
    (void)map_put(runs->by_id, run->workflow_id, run);
    list_append(&runs->by_age, &run->by_age);
    return run;
}

const struct run *runs_start(struct runs *runs, const struct runs_start *start, int64_t now_ms,
                             enum runs_outcome *out_outcome)
{
    struct run *known = map_get(runs->by_id, start->workflow_id);
    if (known != NULL) {
        bool is_open = now_ms < known->closes_ms;
        if (start->request_id[0] != '\0' && strcmp(known->request_id, start->request_id) == 0) {
            *out_outcome = RUNS_REPEATED;
            return known;
        }
        if (is_open && start->attaches) {
            *out_outcome = RUNS_ATTACHED;
            return known;
        }
        if (is_open ? !start->replaces : !start->may_follow) {
            *out_outcome = RUNS_REFUSED;
            return known;
        }
        forget(runs, known);
    }
    *out_outcome = RUNS_STARTED;
    return add(runs, start, now_ms);
}

const struct run *runs_find(const struct runs *runs, const char *workflow_id, const char *run_id)
{
    const struct run *run = map_get(runs->by_id, workflow_id);
    if (run == NULL || (run_id[0] != '\0' && strcmp(run->run_id, run_id) != 0)) {
        return NULL;
    }
    return run;
}
