/* curl's sockets and timer on epoll: see sockets.h. */
#include "sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"

#define SOCKETS_EVENTS 64
/* Steps of curl's state machines that follow each other at once, before it is the sockets' turn. */
#define SOCKETS_TIMER_ROUNDS 8

static struct socket_interest *interest_of(struct sockets *sockets, int descriptor)
{
    CHECK(descriptor >= 0);
    size_t index = (size_t)descriptor;
    if (index >= sockets->interest_count) {
        size_t count = index + 64; /* descriptors are small and dense: the process's limit bounds this */
        sockets->interests = memory_resize_array(sockets->interests, count, sizeof *sockets->interests);
        memset(sockets->interests + sockets->interest_count, 0,
               (count - sockets->interest_count) * sizeof *sockets->interests);
        sockets->interest_count = count;
    }
    return &sockets->interests[index];
}

static void set_interest(struct sockets *sockets, int descriptor, struct socket_interest *interest, uint32_t bits)
{
    struct epoll_event event = {.events = bits, .data = {.fd = descriptor}};
    int failed = 0;
    if (bits == 0) {
        (void)epoll_ctl(sockets->epoll, EPOLL_CTL_DEL, descriptor, NULL); /* closed already: gone from the set, too */
    } else if (interest->set != 0) {
        failed = epoll_ctl(sockets->epoll, EPOLL_CTL_MOD, descriptor, &event);
    } else {
        failed = epoll_ctl(sockets->epoll, EPOLL_CTL_ADD, descriptor, &event);
    }
    CHECK(failed == 0);
    interest->set = bits;
}

static int socket_wanted(CURL *easy, curl_socket_t descriptor, int what, void *user, void *socket_user)
{
    struct sockets *sockets = user;
    (void)easy;
    (void)socket_user;
    struct socket_interest *interest = interest_of(sockets, descriptor);
    uint32_t wanted = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
        wanted |= EPOLLIN;
    }
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
        wanted |= EPOLLOUT;
    }
    interest->wanted = wanted;
    /* A writable socket would be reported for ever; a readable one only when its peer says something unasked, which
     * is mended then. */
    bool is_lacking = (wanted & ~interest->set) != 0;
    bool is_noisy = (interest->set & ~wanted & EPOLLOUT) != 0;
    if (is_lacking || is_noisy) {
        set_interest(sockets, descriptor, interest, wanted);
    } else if (wanted == 0 && !interest->is_connection) {
        set_interest(sockets, descriptor, interest, 0);
    }
    return 0;
}

static int timer_wanted(CURLM *multi, long timeout_ms, void *user)
{
    struct sockets *sockets = user;
    (void)multi;
    sockets->due_ms = timeout_ms < 0 ? INT64_MAX : clock_monotonic_ms() + timeout_ms;
    return 0;
}

curl_socket_t sockets_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sockets *sockets = user;
    (void)purpose;
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (descriptor < 0) {
        return CURL_SOCKET_BAD;
    }
    *interest_of(sockets, descriptor) = (struct socket_interest){.is_connection = true};
    return descriptor;
}

int sockets_close(void *user, curl_socket_t descriptor)
{
    struct sockets *sockets = user;
    *interest_of(sockets, descriptor) = (struct socket_interest){0}; /* closing takes it out of the set */
    return close(descriptor);
}

enum status sockets_init(struct sockets *sockets, CURLM *multi, struct error *error)
{
    *sockets = (struct sockets){.multi = multi, .due_ms = INT64_MAX};
    sockets->epoll = epoll_create1(EPOLL_CLOEXEC);
    sockets->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = sockets->wakeup}};
    if (sockets->epoll < 0 || sockets->wakeup < 0 ||
        epoll_ctl(sockets->epoll, EPOLL_CTL_ADD, sockets->wakeup, &event) != 0) {
        return error_set(error, STATUS_INTERNAL, "the system gives no event descriptors: errno %d", errno);
    }
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, sockets);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, sockets);
    return STATUS_OK;
}

void sockets_deinit(struct sockets *sockets)
{
    if (sockets->epoll >= 0) {
        (void)close(sockets->epoll);
    }
    if (sockets->wakeup >= 0) {
        (void)close(sockets->wakeup);
    }
    free(sockets->interests);
}

void sockets_run_due(struct sockets *sockets)
{
    int running = 0;
    for (int round = 0; round < SOCKETS_TIMER_ROUNDS && sockets->due_ms <= clock_monotonic_ms(); round++) {
        sockets->due_ms = INT64_MAX; /* curl names a new time where it needs one */
        (void)curl_multi_socket_action(sockets->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static void handle_event(struct sockets *sockets, const struct epoll_event *event)
{
    int running = 0;
    int descriptor = event->data.fd;
    if (descriptor == sockets->wakeup) {
        uint64_t count = 0;
        (void)!read(sockets->wakeup, &count, sizeof count); /* only to make it quiet again */
        return;
    }
    struct socket_interest *interest = interest_of(sockets, descriptor);
    uint32_t failed = event->events & (EPOLLERR | EPOLLHUP);
    if (interest->wanted == 0 || (failed == 0 && (event->events & interest->wanted) == 0)) {
        set_interest(sockets, descriptor, interest, interest->wanted); /* an idle connection that its peer closes */
        return;
    }
    int what = 0;
    what |= (event->events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
    what |= (event->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    what |= failed != 0 ? CURL_CSELECT_ERR : 0;
    (void)curl_multi_socket_action(sockets->multi, descriptor, what, &running);
}

void sockets_wait(struct sockets *sockets, int64_t timeout_ms)
{
    struct epoll_event events[SOCKETS_EVENTS];
    if (sockets->due_ms != INT64_MAX) {
        int64_t until_due_ms = sockets->due_ms - clock_monotonic_ms();
        until_due_ms = until_due_ms > 0 ? until_due_ms : 0;
        timeout_ms = timeout_ms < until_due_ms ? timeout_ms : until_due_ms;
    }
    int count = epoll_wait(sockets->epoll, events, SOCKETS_EVENTS, (int)timeout_ms);
    for (int i = 0; i < count; i++) {
        handle_event(sockets, &events[i]);
    }
    sockets_run_due(sockets);
}

void sockets_wakeup(struct sockets *sockets)
{
    uint64_t one = 1;
    (void)!write(sockets->wakeup, &one, sizeof one); /* full means that it is awake anyway */
}
