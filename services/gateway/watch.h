/* The runs that somebody waits for: one watch (one long poll at Temporal) for each run, shared by all requests that ask
 * for it, kept some seconds after the last one, with its result when it has closed. So a poller that asks again and
 * again with 99 of the same 100 runs costs no further calls. docs/adr/0011.
 *
 * Everything here belongs to the loop's thread. */
#ifndef GATEWAY_WATCH_H
#define GATEWAY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/metrics.h"

struct watch_table;
struct watch;

/* A chain: a workflow ID and the run that it began with. */
struct watch_run {
    const char *workflow_id;
    const char *first_run_id;
};

/* How a chain ended. All texts but status are owned by who holds it; NULL: there is none. */
struct watch_result {
    const char *status; /* a constant: "Completed" ..., "NotFound" */
    char *run_id;       /* the chain's last */
    char *failure_type;
    char *failure_message;
    bool non_retryable;
};
void watch_result_deinit(struct watch_result *result);

/* What follows a run at Temporal. */
struct watch_source {
    /* Follows the chain to its end, then calls watch_finish or watch_fail, once, never inside follow. */
    void *(*follow)(void *user, const struct watch_run *run, struct watch *watch);
    void (*cancel)(void *user, void *following); /* neither of the two will be called */
    void *user;
};
void watch_finish(struct watch *watch, struct watch_result *result); /* takes the texts */
void watch_fail(struct watch *watch, const struct error *error);     /* followed again after a back-off */

struct watch_table_options {
    struct loop *loop;
    struct watch_source source;
    size_t maximum;        /* watches; runs beyond are not watched until others have gone */
    int64_t linger_ms;     /* a watch that nobody asks for lives on so long */
    /* After the first run of a request has closed, others are waited for so long; longer for longer lists, which cost
     * more to send again: gather_ms, and a millisecond for each gather_runs runs (0: none) */
    int64_t gather_ms;
    size_t gather_runs;
    struct metrics *metrics; /* NULL: none */
};

struct watch_table *watch_table_new(const struct watch_table_options *options);
/* No request may be open: watch_table_answer_all first. NULL is fine. */
void watch_table_destroy(struct watch_table *table);

struct watch_closed {
    struct watch_run run;
    const struct watch_result *result;
};
/* Exactly once for each request. Borrowed for the call; count 0: none has closed in time. */
typedef void watch_answer_fn(void *user, const struct watch_closed *closed, size_t count);

/* Answers (inside this call, too) as soon as one of the runs has closed, else at deadline_ms. Copies runs. */
void watch_table_wait(struct watch_table *table, const struct watch_run *runs, size_t count, int64_t deadline_ms,
                      watch_answer_fn *answer, void *user);
/* For the drain: every open request is answered now. */
void watch_table_answer_all(struct watch_table *table);

size_t watch_table_count(const struct watch_table *table);

#endif
