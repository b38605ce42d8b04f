/* The runs that the null frontend has started: the last one of each workflow ID, of the newest `most` IDs. A run closes
 * by itself, so many milliseconds after its start, as Completed. Pure; one owner; times are passed in. */
#ifndef NULL_FRONTEND_RUNS_H
#define NULL_FRONTEND_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/random.h"

struct run {
    struct list by_age;
    char *workflow_id;
    char *request_id;
    char *callback_url; /* "": none. Shown, never called */
    char run_id[RANDOM_UUID_SIZE];
    int64_t started_ms;
    int64_t closes_ms;
};

struct runs;

struct runs *runs_new(size_t most, int64_t close_delay_ms);
void runs_destroy(struct runs *runs); /* NULL is fine */
size_t runs_count(const struct runs *runs);

/* What the server's policies come to. */
struct runs_start {
    const char *workflow_id;
    const char *request_id;   /* "": a start of its own */
    const char *callback_url; /* NULL: none */
    bool attaches;            /* conflict policy USE_EXISTING: to an open run */
    bool replaces;            /* conflict policy TERMINATE_EXISTING: an open run */
    bool may_follow;          /* reuse policy ALLOW_DUPLICATE: a completed run */
};

enum runs_outcome {
    RUNS_STARTED,
    RUNS_REPEATED, /* the same request ID again: the run that it started */
    RUNS_ATTACHED,
    RUNS_REFUSED,  /* the run that is there */
};

/* The run lives until the next runs_start. */
const struct run *runs_start(struct runs *runs, const struct runs_start *start, int64_t now_ms,
                             enum runs_outcome *out_outcome);
/* run_id "": any. NULL: not known (any more). */
const struct run *runs_find(const struct runs *runs, const char *workflow_id, const char *run_id);

#endif
