/* One thread's event loop: timers, tasks posted by other threads, and at most one source of I/O (the HTTP client's
 * sockets). Everything that belongs to a loop is touched on the loop's thread only; other threads loop_post() to it. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

typedef void loop_task_fn(void *argument);

/* A source of I/O, for example curl's multi handle. */
struct loop_source {
    void (*wait)(void *user, int64_t timeout_ms); /* loop's thread: waits at most so long (up to an hour) and handles
                                                     what came; coming back early is fine */
    void (*wakeup)(void *user);                   /* any thread: ends a wait early, or the next one if none is under
                                                     way. Must not block: the loop's lock is held */
    void *user;
};

/* A timer lives in its owner's struct, zeroed before its first use. */
struct loop_timer {
    int64_t due_ms;
    size_t position; /* 1 + place in the heap; 0: not running */
    loop_task_fn *fire;
    void *argument;
};

struct loop *loop_new(void);
void loop_destroy(struct loop *loop); /* after loop_run returned; tasks posted but not run are run first */
void loop_set_source(struct loop *loop, const struct loop_source *source); /* NULL: none. Before loop_run. */

/* Runs until loop_stop(). The calling thread becomes the loop's thread. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop); /* any thread */
/* Runs what is due; if nothing was, waits at most timeout_ms for something and runs that: for tests and draining. */
void loop_run_once(struct loop *loop, int64_t timeout_ms);

/* Any thread: fn(argument) runs on the loop's thread, in the order of the posts. Tasks posted before loop_stop run. */
void loop_post(struct loop *loop, loop_task_fn *fn, void *argument);

/* Any thread but the loop's, while the loop runs: the same, and returns when fn has returned. With a task that does
 * nothing it is a barrier: whatever was posted before has run. */
void loop_post_and_wait(struct loop *loop, loop_task_fn *fn, void *argument);

/* Loop's thread. Starting a running timer moves it. due_ms: clock_monotonic_ms. A timer fires once. */
void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t due_ms, loop_task_fn *fire, void *argument);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer); /* harmless when not running */
static inline bool loop_timer_is_running(const struct loop_timer *timer)
{
    return timer->position != 0;
}

#endif
