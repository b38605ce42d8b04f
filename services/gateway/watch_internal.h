/* The watch table's own structs, shared by watch.c (table, requests, answers) and watch_ways.c (how a watch learns of
 * its run's end). Loop's thread, but for open_count. */
#ifndef GATEWAY_WATCH_INTERNAL_H
#define GATEWAY_WATCH_INTERNAL_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "token_set.h"
#include "watch.h"

struct watch_table {
    struct watch_table_options options;
    struct map *watches; /* by key */
    struct list requests;
    struct list told; /* watches that have closed, were told, and are asked for by nobody; oldest first */
    struct loop_timer sweep;
    uint64_t stamp; /* of the request being taken in */
    struct log_limiter failures;
    struct log_limiter refusals;
    atomic_size_t open_count;

    size_t poll_count;       /* watches with a long poll, or waiting for their next one */
    size_t look_count;       /* looks under way */
    struct list looked_at;   /* watches without poll and callback, in the order of their look_at_ms */
    struct list called_back; /* watches with a callback, likewise */
    struct loop_timer look_timer;
    double look_credit;      /* looks that may begin now */
    int64_t look_credit_ms;  /* when it was reckoned */
    struct map *tokens;      /* the first watch of each token's ring */
    struct token_set orphans;  /* callbacks that came before anybody watched */
    struct token_set expected; /* runs started with a callback */

    struct metric_gauge *count_gauge;
    struct metric_gauge *poll_gauge;
    struct metric_counter *started;
    struct metric_counter *looks;
    struct metric_counter *hints;
};

enum watch_way {
    WATCH_WAY_POLL,
    WATCH_WAY_LOOK,
    WATCH_WAY_CALLBACK,
    WATCH_WAY_NONE /* it has closed */
};

struct watch {
    struct watch_table *table;
    struct watch_run run;  /* in key */
    char *key;
    enum watch_way way;
    void *following;       /* the poll or look under way; NULL: none at the moment */
    struct loop_timer again; /* POLL: after a failure */
    struct backoff backoff;
    struct watch_result result; /* status is set when it has closed */
    struct list links;     /* of struct link: requests that ask for it */
    int64_t last_used_ms;  /* when the last link went, or it closed */
    bool is_told;          /* its result stood in an answer */
    bool is_hinted;        /* a callback came while it was being looked at */
    uint64_t stamp;        /* the last request that linked it: a run named twice counts once */
    struct list in_queue;  /* LOOK, CALLBACK: while no look is under way; NONE: in told */
    int64_t look_at_ms;    /* not before */
    char token[WATCH_TOKEN_SIZE]; /* "": none */
    struct list same_token;       /* ring of watches with this token */
};

/* The watch is new. */
void watch_begin(struct watch *watch);
/* It has closed, or nobody wants it any more: whatever is under way ends. */
void watch_end(struct watch *watch);

#endif
