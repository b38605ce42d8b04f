/* See lingering.h. */
#include "lingering.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

#define PIECE_BYTES 8192

void lingering_init(struct lingering *lingering, int64_t time_ms)
{
    *lingering = (struct lingering){.time_ms = time_ms, .epoll = -1, .wakeup = -1};
    pthread_mutex_init(&lingering->mutex, NULL);
}

/* Closing does not take it out of the epoll set as long as microhttpd has not closed its own. @locks mutex */
static void end(struct lingering *lingering, size_t index)
{
    struct lingering_socket *socket = &lingering->sockets[index];
    (void)epoll_ctl(lingering->epoll, EPOLL_CTL_DEL, socket->descriptor, NULL);
    (void)close(socket->descriptor);
    lingering->count--;
    memmove(socket, socket + 1, (lingering->count - index) * sizeof *socket);
}

/* Ends those whose time is over, and returns for how long nothing has to be done; -1: there is no other.
 * @locks mutex */
static int end_late(struct lingering *lingering)
{
    int64_t now_ms = clock_monotonic_ms();
    while (lingering->count > 0) {
        int64_t left_ms = lingering->sockets[0].deadline_ms - now_ms;
        if (left_ms > 0) {
            return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
        }
        end(lingering, 0);
    }
    return -1;
}

/* Takes one piece: whoever sends the most waits for the others. An event may be older than the end of its socket: none
 * or another has that descriptor then, and no harm is done. @locks mutex */
static void read_on(struct lingering *lingering, int descriptor)
{
    char piece[PIECE_BYTES];
    size_t index = 0;
    while (index < lingering->count && lingering->sockets[index].descriptor != descriptor) {
        index++;
    }
    if (index == lingering->count) {
        return;
    }
    struct lingering_socket *socket = &lingering->sockets[index];
    ssize_t length = recv(descriptor, piece, sizeof piece, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    socket->bytes += length > 0 ? (size_t)length : 0;
    if (length <= 0 || socket->bytes >= LINGERING_BYTES_MAX) {
        end(lingering, index);
    }
}

static void linger_main(void *argument)
{
    struct lingering *lingering = argument;
    pthread_mutex_lock(&lingering->mutex);
    while (!lingering->is_stopping) {
        int timeout_ms = end_late(lingering);
        struct epoll_event event;
        pthread_mutex_unlock(&lingering->mutex);
        int count = epoll_wait(lingering->epoll, &event, 1, timeout_ms);
        pthread_mutex_lock(&lingering->mutex);
        if (count == 1 && event.data.fd == lingering->wakeup) {
            uint64_t ignored = 0;
            (void)!read(lingering->wakeup, &ignored, sizeof ignored);
        } else if (count == 1) {
            read_on(lingering, event.data.fd);
        }
    }
    pthread_mutex_unlock(&lingering->mutex);
}

/* @locks mutex */
static bool watch(const struct lingering *lingering, int descriptor)
{
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = descriptor}};
    return epoll_ctl(lingering->epoll, EPOLL_CTL_ADD, descriptor, &wanted) == 0;
}

/* @locks mutex */
static bool ensure_thread(struct lingering *lingering)
{
    struct error error = {0};
    if (lingering->has_thread) {
        return true;
    }
    if (lingering->epoll < 0) {
        lingering->epoll = epoll_create1(EPOLL_CLOEXEC);
    }
    if (lingering->wakeup < 0) {
        lingering->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (lingering->wakeup >= 0 && !watch(lingering, lingering->wakeup)) {
            (void)close(lingering->wakeup);
            lingering->wakeup = -1;
        }
    }
    lingering->has_thread =
        lingering->epoll >= 0 && lingering->wakeup >= 0 &&
        thread_start(&lingering->thread, "http-lingering", 0, linger_main, lingering, &error) == STATUS_OK;
    return lingering->has_thread;
}

static void wake(const struct lingering *lingering)
{
    uint64_t one = 1;
    CHECK(write(lingering->wakeup, &one, sizeof one) == (ssize_t)sizeof one);
}

/* @locks mutex */
static void keep(struct lingering *lingering, int descriptor)
{
    int copy = ensure_thread(lingering) ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0) : -1;
    if (copy < 0) {
        return;
    }
    if (!watch(lingering, copy)) {
        (void)close(copy);
        return;
    }
    if (lingering->count == LINGERING_SOCKETS_MAX) {
        end(lingering, 0);
    }
    lingering->sockets[lingering->count] =
        (struct lingering_socket){.descriptor = copy, .deadline_ms = clock_monotonic_ms() + lingering->time_ms};
    lingering->count++;
    if (lingering->count == 1) {
        wake(lingering); /* it waits without a deadline */
    }
}

void lingering_add(struct lingering *lingering, int descriptor)
{
    char next = '\0';
    ssize_t waiting = recv(descriptor, &next, sizeof next, MSG_PEEK | MSG_DONTWAIT);
    if (waiting == 0 || (waiting < 0 && errno != EAGAIN && errno != EINTR)) {
        return;
    }
    (void)shutdown(descriptor, SHUT_WR);
    pthread_mutex_lock(&lingering->mutex);
    keep(lingering, descriptor);
    pthread_mutex_unlock(&lingering->mutex);
}

void lingering_deinit(struct lingering *lingering)
{
    pthread_mutex_lock(&lingering->mutex);
    lingering->is_stopping = true;
    pthread_mutex_unlock(&lingering->mutex);
    if (lingering->has_thread) {
        wake(lingering);
        thread_join(lingering->thread);
    }
    while (lingering->count > 0) {
        end(lingering, lingering->count - 1);
    }
    if (lingering->epoll >= 0) {
        (void)close(lingering->epoll);
    }
    if (lingering->wakeup >= 0) {
        (void)close(lingering->wakeup);
    }
    pthread_mutex_destroy(&lingering->mutex);
}
