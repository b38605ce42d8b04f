/* Tells handlers that a client has hung up while its exchange is suspended. One thread for each server that uses it,
 * with an epoll set of its own beside microhttpd's. A client that only closes its sending side counts as gone. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/thread.h"
#include "server_internal.h"

#define GONE_WAKEUP_ID 0

void gone_watcher_init(struct gone_watcher *watcher)
{
    pthread_mutex_init(&watcher->mutex, NULL);
    thread_condition_init(&watcher->finished);
    list_init(&watcher->watched);
    watcher->epoll = -1;
    watcher->wakeup = -1;
}

static struct http_exchange *find_watched(const struct gone_watcher *watcher, uint64_t id)
{
    for (struct list *node = watcher->watched.next; node != &watcher->watched; node = node->next) {
        struct http_exchange *exchange = LIST_ITEM(node, struct http_exchange, gone_node);
        if (exchange->gone_id == id) {
            return exchange;
        }
    }
    return NULL;
}

/* @locks mutex */
static void forget(struct gone_watcher *watcher, struct http_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    CHECK(info != NULL);
    (void)epoll_ctl(watcher->epoll, EPOLL_CTL_DEL, info->connect_fd, NULL);
    list_remove(&exchange->gone_node);
    exchange->gone_id = 0;
}

/* An event may be older than the end of its watch: ids are never used twice, so a late one finds nothing. */
static void client_hung_up(struct gone_watcher *watcher, uint64_t id)
{
    pthread_mutex_lock(&watcher->mutex);
    struct http_exchange *exchange = find_watched(watcher, id);
    if (exchange != NULL) {
        void (*gone)(void *user) = exchange->gone;
        void *user = exchange->gone_user;
        forget(watcher, exchange);
        watcher->running = exchange;
        pthread_mutex_unlock(&watcher->mutex);
        gone(user); /* may reply, after which the exchange is no more */
        pthread_mutex_lock(&watcher->mutex);
        watcher->running = NULL;
        pthread_cond_broadcast(&watcher->finished);
    }
    pthread_mutex_unlock(&watcher->mutex);
}

static void watch_main(void *argument)
{
    struct gone_watcher *watcher = argument;
    for (;;) {
        struct epoll_event event;
        int count = epoll_wait(watcher->epoll, &event, 1, -1);
        pthread_mutex_lock(&watcher->mutex);
        bool is_stopping = watcher->is_stopping;
        pthread_mutex_unlock(&watcher->mutex);
        if (is_stopping) {
            return;
        }
        if (count == 1 && event.data.u64 != GONE_WAKEUP_ID) {
            client_hung_up(watcher, event.data.u64);
        }
    }
}

/* @locks mutex. false: the system gives no thread or descriptor; the exchange lives on without the notice. */
static bool ensure_thread(struct gone_watcher *watcher)
{
    if (watcher->has_thread) {
        return true;
    }
    struct error error = {0};
    if (watcher->epoll < 0) {
        watcher->epoll = epoll_create1(EPOLL_CLOEXEC);
    }
    if (watcher->wakeup < 0) {
        watcher->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        struct epoll_event wakeup = {.events = EPOLLIN, .data = {.u64 = GONE_WAKEUP_ID}};
        if (watcher->wakeup >= 0 && watcher->epoll >= 0) {
            (void)epoll_ctl(watcher->epoll, EPOLL_CTL_ADD, watcher->wakeup, &wakeup);
        }
    }
    watcher->has_thread = watcher->epoll >= 0 && watcher->wakeup >= 0 &&
                          thread_start(&watcher->thread, "http-gone", 0, watch_main, watcher, &error) == STATUS_OK;
    return watcher->has_thread;
}

void gone_watcher_deinit(struct gone_watcher *watcher)
{
    pthread_mutex_lock(&watcher->mutex);
    watcher->is_stopping = true;
    pthread_mutex_unlock(&watcher->mutex);
    if (watcher->has_thread) {
        uint64_t one = 1;
        CHECK(write(watcher->wakeup, &one, sizeof one) == (ssize_t)sizeof one);
        thread_join(watcher->thread);
    }
    CHECK(list_is_empty(&watcher->watched));
    if (watcher->epoll >= 0) {
        (void)close(watcher->epoll);
    }
    if (watcher->wakeup >= 0) {
        (void)close(watcher->wakeup);
    }
    pthread_cond_destroy(&watcher->finished);
    pthread_mutex_destroy(&watcher->mutex);
}

void gone_unwatch(struct http_exchange *exchange)
{
    struct gone_watcher *watcher = &exchange->server->gone;
    if (exchange->gone == NULL) {
        return; /* never watched: whoever holds the exchange wrote this last */
    }
    pthread_mutex_lock(&watcher->mutex);
    if (exchange->gone_id != 0) {
        forget(watcher, exchange);
    }
    while (watcher->running == exchange && pthread_equal(watcher->thread, pthread_self()) == 0) {
        (void)thread_condition_wait(&watcher->finished, &watcher->mutex, INT64_MAX);
    }
    pthread_mutex_unlock(&watcher->mutex);
    exchange->gone = NULL;
}

void http_exchange_on_gone(struct http_exchange *exchange, void (*gone)(void *user), void *user)
{
    struct gone_watcher *watcher = &exchange->server->gone;
    gone_unwatch(exchange);
    if (gone == NULL) {
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    CHECK(info != NULL);
    bool is_watched = false;
    pthread_mutex_lock(&watcher->mutex);
    if (ensure_thread(watcher)) {
        watcher->last_id++;
        struct epoll_event wanted = {.events = EPOLLRDHUP | EPOLLONESHOT, .data = {.u64 = watcher->last_id}};
        exchange->gone = gone;
        exchange->gone_user = user;
        exchange->gone_id = watcher->last_id;
        list_append(&watcher->watched, &exchange->gone_node);
        is_watched = epoll_ctl(watcher->epoll, EPOLL_CTL_ADD, info->connect_fd, &wanted) == 0;
        if (!is_watched) {
            list_remove(&exchange->gone_node);
            exchange->gone_id = 0;
            exchange->gone = NULL;
        }
    }
    pthread_mutex_unlock(&watcher->mutex);
    if (!is_watched) {
        log_plain(LOG_LEVEL_WARN, "cannot watch a client for hanging up");
    }
}
