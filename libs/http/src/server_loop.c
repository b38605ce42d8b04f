/* See server_loop.h. */
#include "server_loop.h"

#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/thread.h"

/* More turns in a row than a head, or the rest of an answer that the network takes at once, need. */
#define IDLE_TURNS_MAX 32
#define IDLE_TURN_MS 5

/* How long microhttpd may be left alone; -1: until something happens. */
static int wait_ms(struct server_loop *loop)
{
    MHD_UNSIGNED_LONG_LONG timeout = 0;
    if (MHD_get_timeout(loop->daemon, &timeout) != MHD_YES) {
        loop->idle_turns = 0;
        return -1;
    }
    if (timeout > 0) {
        loop->idle_turns = 0;
        return timeout < INT_MAX ? (int)timeout : INT_MAX;
    }
    loop->idle_turns++;
    return loop->idle_turns <= IDLE_TURNS_MAX ? 0 : IDLE_TURN_MS;
}

static void loop_main(void *argument)
{
    struct server_loop *loop = argument;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    CHECK(info != NULL && info->epoll_fd >= 0);
    struct pollfd files[] = {{.fd = info->epoll_fd, .events = POLLIN}, {.fd = loop->wakeup, .events = POLLIN}};
    while (!atomic_load_explicit(&loop->is_stopping, memory_order_acquire)) {
        (void)poll(files, sizeof files / sizeof files[0], wait_ms(loop)); /* interrupted is as good */
        if (files[1].revents != 0) {
            uint64_t ignored = 0;
            (void)!read(loop->wakeup, &ignored, sizeof ignored);
            /* Who finds it true still has resumed its connection before this turn. */
            (void)atomic_exchange_explicit(&loop->is_woken, false, memory_order_acq_rel);
        }
        (void)MHD_run(loop->daemon);
    }
}

void server_loop_wake(struct server_loop *loop)
{
    uint64_t one = 1;
    if (loop->has_thread && !atomic_exchange_explicit(&loop->is_woken, true, memory_order_acq_rel)) {
        CHECK(write(loop->wakeup, &one, sizeof one) == (ssize_t)sizeof one);
    }
}

void server_loop_moved(struct server_loop *loop)
{
    loop->idle_turns = 0;
}

enum status server_loop_start(struct server_loop *loop, struct MHD_Daemon *daemon, struct error *error)
{
    loop->daemon = daemon;
    loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wakeup < 0) {
        return error_set(error, STATUS_INTERNAL, "cannot start the HTTP server: the system gives no eventfd");
    }
    loop->has_thread = true; /* before requests come */
    enum status status = thread_start(&loop->thread, "http-server", 0, loop_main, loop, error);
    if (status != STATUS_OK) {
        loop->has_thread = false;
        (void)close(loop->wakeup);
    }
    return status;
}

void server_loop_stop(struct server_loop *loop)
{
    if (!loop->has_thread) {
        return;
    }
    atomic_store_explicit(&loop->is_stopping, true, memory_order_release);
    server_loop_wake(loop);
    thread_join(loop->thread);
    (void)close(loop->wakeup);
    loop->has_thread = false;
}
