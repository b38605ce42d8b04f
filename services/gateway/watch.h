/* The runs that somebody waits for: one watch for each run, shared by all requests that ask for it, kept some seconds
 * after the last one, with its result when it has closed. So a poller that asks again and again with 99 of the same 100
 * runs costs no further calls. docs/adr/0011.
 *
 * A watch learns of its run's end in one of three ways (docs/waiting.md): a long poll at Temporal, while there are few;
 * else a completion callback, for runs that carry one; and looks at the run, one after another and not too fast, for
 * those that have neither, and seldom for those with a callback, in case one is lost.
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

#define WATCH_TOKEN_SIZE 33 /* with the terminator */

struct watch_table;
struct watch;

/* A chain: a workflow ID and the run that it began with. */
struct watch_run {
    const char *workflow_id;
    const char *first_run_id;
    const char *namespace_name; /* NULL: the connection's */
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
    /* Looks at the chain once, then calls watch_finish, watch_fail or watch_still_open, once, never inside look. */
    void *(*look)(void *user, const struct watch_run *run, struct watch *watch);
    void (*cancel)(void *user, void *following); /* none of them will be called */
    /* The text that a callback for this run comes with; false: it has none. NULL: nobody sends callbacks. */
    bool (*token)(void *user, const struct watch_run *run, char out_token[WATCH_TOKEN_SIZE]);
    void *user;
};
void watch_finish(struct watch *watch, struct watch_result *result); /* takes the texts */
void watch_fail(struct watch *watch, const struct error *error);     /* tried again after a back-off */
void watch_still_open(struct watch *watch, bool has_callback);       /* has_callback: its end will be told by one */

struct watch_table_options {
    struct loop *loop;
    struct watch_source source;
    size_t maximum;        /* watches; runs beyond are not watched until others have gone */
    size_t long_polls;     /* of them by a long poll, the first ones; SIZE_MAX: all */
    size_t looks_per_second;
    int64_t look_again_ms;          /* after a look at a run without a callback, at the earliest */
    int64_t look_again_callback_ms; /* the same with one */
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
/* Any thread: about how many runs are watched that have not closed. */
size_t watch_table_open_count(const struct watch_table *table);

/* The chain with this token has closed, somebody says: it is looked at now. What nobody watches yet is remembered for a
 * while. */
void watch_table_hint(struct watch_table *table, const char *token);
/* A run that will be watched soon has just been started with a callback. */
void watch_table_expect_callback(struct watch_table *table, const char *token);

#endif
