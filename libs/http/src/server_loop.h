/* Runs microhttpd's epoll set on a thread of our own. microhttpd's own thread (0.9.75), when it is given 128 events at
 * once, waits for further ones before it looks at any of them: 128 clients that wait for their answers at the same time
 * got none until somebody else came. Called by us it never waits, and we do.
 *
 * Called by us it has another fault: a connection whose memory is full of what it cannot use (a chunk extension without
 * an end) is neither answered nor read from, but called ready all the time. Turns that lead nowhere are therefore
 * slowed down, or such a client would cost a whole CPU until its deadline (connections.h) ends it. */
#ifndef HTTP_SERVER_LOOP_H
#define HTTP_SERVER_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <microhttpd.h>

#include "base/error.h"

struct server_loop {
    struct MHD_Daemon *daemon; /* the thread's until it is joined */
    int wakeup;                /* eventfd */
    atomic_bool is_woken;      /* wakeup was written since the thread last looked */
    unsigned idle_turns;       /* in which something was ready, and nobody called server_loop_moved; the thread's */
    atomic_bool is_stopping;
    pthread_t thread;
    bool has_thread;
};

/* daemon: with MHD_USE_EPOLL and no thread. INTERNAL: the system gives no thread or eventfd. */
MUST_CHECK enum status server_loop_start(struct server_loop *loop, struct MHD_Daemon *daemon, struct error *error);
/* Behind each MHD_resume_connection from another thread: microhttpd clears its own notice between looking for resumed
 * connections and telling us that it has nothing to do, and so loses some. Nothing where no loop runs. */
void server_loop_wake(struct server_loop *loop);
/* A request has moved on. Where the loop runs: its thread; else the server's, and nothing happens. */
void server_loop_moved(struct server_loop *loop);
void server_loop_stop(struct server_loop *loop); /* before the daemon is; nothing if it was not started */

#endif
