/* A parent that keeps child processes alive: the article's primary. Children are made by fork and exec, at the start
 * and at each respawn, so a child never inherits a thread, a curl handle or a gRPC channel (docs/adr/0006).
 * A child that ends is started again after a back-off (100 ms doubling to 10 s; a child that lived 60 s starts anew at
 * 100 ms) with one log line saying how it ended. SIGTERM and SIGINT are passed on; when every child has ended, the
 * supervisor returns; children that outlive the grace period are killed. A second SIGTERM or SIGINT kills at once.
 * SIGHUP is passed on. Children get SIGTERM when the parent dies. */
#ifndef BASE_SUPERVISOR_H
#define BASE_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct supervisor_child {
    const char *name;             /* for logs: "ferry-poller.2" */
    const char *const *arguments; /* NULL-terminated; [0] is the path that is executed */
    const char *const *environment; /* NULL-terminated "NAME=value", added to or replacing the parent's; NULL: none */
};

struct supervisor_options {
    const struct supervisor_child *children; /* borrowed for the whole run */
    size_t child_count;
    int64_t grace_ms;
};

struct supervisor;

/* Blocks SIGTERM, SIGINT, SIGHUP and SIGCHLD in the calling thread; call before other threads start. */
struct supervisor *supervisor_new(const struct supervisor_options *options);
/* Starts the children and stays until all have ended after a signal. OK: all ended with 0 or by our signal;
 * INTERNAL: the grace period ran out, a second signal killed them, or one failed while stopping. A child that
 * exits 2 (bad usage or configuration) is not respawned: the others are stopped and INVALID_ARGUMENT is returned. */
MUST_CHECK enum status supervisor_run(struct supervisor *supervisor, struct error *error);
/* Any thread: as if SIGTERM had come. */
void supervisor_stop(struct supervisor *supervisor);
/* Any thread: how many children are running now, how many respawns so far. */
size_t supervisor_running(const struct supervisor *supervisor);
uint64_t supervisor_respawns(const struct supervisor *supervisor);
void supervisor_destroy(struct supervisor *supervisor);

/* CPUs this process may use minus one, at least 1: what `--processes auto` means. */
int supervisor_auto_processes(void);

#endif
