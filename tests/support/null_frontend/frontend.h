/* A gRPC server on loopback that stands for Temporal's frontend and answers at once: the load target of benchmarks.
 * One thread of its own owns everything but the counters. */
#ifndef NULL_FRONTEND_FRONTEND_H
#define NULL_FRONTEND_FRONTEND_H

#include <stddef.h>
#include <stdint.h>

#include "answers.h"
#include "base/error.h"

struct frontend;

struct frontend_options {
    int port; /* 0: any free one */
    struct answers_options answers;
    int64_t history_poll_ms; /* a long poll without news ends after so long, or before its deadline */
    int64_t task_poll_ms;
};

struct frontend_counts {
    uint64_t calls[METHOD_COUNT]; /* that arrived, by enum method */
    uint64_t unknown;             /* calls of other methods */
    uint64_t open;                /* calls that wait for their time */
    uint64_t runs;                /* that are known */
};

/* UNAVAILABLE: the port is taken, or the thread could not be started. */
MUST_CHECK enum status frontend_start(const struct frontend_options *options, struct frontend **out_frontend,
                                      struct error *error);
int frontend_port(const struct frontend *frontend);
/* Any thread; each number for itself is right, they need not fit each other while calls arrive. */
void frontend_count(struct frontend *frontend, struct frontend_counts *out_counts);
void frontend_stop(struct frontend *frontend); /* cuts what is open. NULL is fine */

#endif
