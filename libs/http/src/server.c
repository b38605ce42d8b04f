/* The server's life: options, listening, starting microhttpd, draining, the end. */
#include "http/server.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "request.h"
#include "server_internal.h"
#include "server_tls.h"
#include "stream.h"

#define SERVER_BODY_DEFAULT ((size_t)1 << 20)
/* For each connection, for as long as it is open: what its idle ones weigh. It holds a head of HEAD_SIZE_MAX with 56
 * bytes for each header, the reply's head, and the piece of the body that is being read. What does not fit is answered
 * 431 or 414 by microhttpd. */
#define SERVER_CONNECTION_MEMORY ((size_t)7680)
#define SERVER_MEMORY_INCREMENT ((size_t)1024)
/* microhttpd's own limit lets newcomers wait; ours, which comes first, refuses (connections.h). */
#define SERVER_CONNECTIONS_BEYOND 64
/* How long the end of the server waits for handlers that owe an answer, before it calls that a bug. */
#define SERVER_ANSWER_GRACE_MS 10000

/* Replaces microhttpd's decoding of paths and queries: they stay as they came (target.h decodes). */
static size_t keep_escapes(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

static void log_daemon_message(void *user, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
static void log_daemon_message(void *user, const char *format, va_list arguments)
{
    (void)user;
    if (!log_is_enabled(LOG_LEVEL_DEBUG)) {
        return;
    }
    char text[512];
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length > 0) {
        text[strcspn(text, "\r\n")] = '\0';
        log_event(LOG_LEVEL_DEBUG, "http server", LOG_STRING("detail", text));
    }
}

static void copy_routes(struct http_server *server, const struct http_server_options *options)
{
    server->route_count = options->route_count;
    server->routes = memory_alloc_array(options->route_count, sizeof *server->routes);
    server->route_texts = memory_alloc_array(2 * options->route_count, sizeof *server->route_texts);
    for (size_t i = 0; i < options->route_count; i++) {
        const struct http_route *route = &options->routes[i];
        CHECK(route_pattern_is_valid(route->path) && route->handler != NULL);
        server->routes[i] = *route;
        server->routes[i].method = server->route_texts[2 * i] = memory_copy_string(route->method);
        server->routes[i].path = server->route_texts[2 * i + 1] = memory_copy_string(route->path);
    }
    if (options->metrics != NULL) {
        server->route_metrics = memory_alloc_array(options->route_count, sizeof *server->route_metrics);
    }
}

static struct http_server *server_alloc(const struct http_server_options *options)
{
    struct http_server *server = memory_alloc(sizeof *server);
    server->quiesced = -1;
    server->listening.descriptor = -1;
    server->max_body_bytes = options->max_body_bytes > 0 ? options->max_body_bytes : SERVER_BODY_DEFAULT;
    server->admit = options->admit;
    server->admit_user = options->admit_user;
    server->ended = options->ended;
    server->ended_user = options->ended_user;
    server->metrics = options->metrics;
    server->tls = options->tls;
    connections_init(&server->connections, &options->limits, options->metrics);
    pthread_mutex_init(&server->mutex, NULL);
    thread_condition_init(&server->idle);
    list_init(&server->streams);
    gone_watcher_init(&server->gone);
    lingering_init(&server->lingering, server->connections.limits.transfer_timeout_ms);
    copy_routes(server, options);
    return server;
}

static void server_free(struct http_server *server)
{
    gone_watcher_deinit(&server->gone);
    lingering_deinit(&server->lingering);
    connections_deinit(&server->connections);
    listen_close(&server->listening);
    for (size_t i = 0; i < 2 * server->route_count; i++) {
        free(server->route_texts[i]);
    }
    free(server->route_texts);
    free(server->routes);
    free(server->route_metrics);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

/* A connection begins or ends. */
static void connection_changed(void *user, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = user;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct server_connection *ours = connections_add(&server->connections, connection);
        ours->tls = server->tls != NULL ? server_tls_begin(server, connection) : NULL;
        *socket_context = ours;
        return;
    }
    struct server_connection *ours = *socket_context;
    *socket_context = NULL;
    server_tls_end(ours->tls);
    bool is_cut = atomic_load_explicit(&ours->is_cut, memory_order_relaxed);
    if (!ours->has_request && !is_cut && !atomic_load_explicit(&server->is_draining, memory_order_relaxed)) {
        connections_refused(&server->connections, server->tls != NULL ? REFUSED_HANDSHAKE : REFUSED_NO_REQUEST);
    }
    if (ours->expects_more && !is_cut) {
        lingering_add(&server->lingering, ours->descriptor);
    }
    connections_remove(&server->connections, connection, ours);
}

/* Signals belong to the thread that waits for them (base/signals.h): microhttpd's threads start with all blocked. */
static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    unsigned connections = server->connections.limits.max_connections + SERVER_CONNECTIONS_BEYOND;
    /* With epoll microhttpd (0.9.75) tries a handshake again and again while it waits for the peer: one client that is
     * slow, or means harm, would cost a whole CPU. With poll it waits (docs/adr/0016). */
    unsigned flags = MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    flags |= server->tls != NULL ? MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS : MHD_USE_EPOLL;
    /* microhttpd's own credentials refuse: each connection gets ours when it begins. */
    struct MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)SERVER_TLS_PRIORITIES},
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(intptr_t)server_tls_no_certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem no_options[] = {{MHD_OPTION_END, 0, NULL}};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, connections_admit, &server->connections, request_continue, server,
        MHD_OPTION_EXTERNAL_LOGGER, log_daemon_message, NULL,
        MHD_OPTION_LISTEN_SOCKET, server->listening.descriptor,
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, SERVER_CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, SERVER_MEMORY_INCREMENT,
        MHD_OPTION_URI_LOG_CALLBACK, request_line_seen, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, request_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server,
        MHD_OPTION_ARRAY, server->tls != NULL ? tls_options : no_options,
        MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

enum status http_server_start(const struct http_server_options *options, struct http_server **out_server,
                              struct error *error)
{
    enum status status = STATUS_OK;
    struct http_server *server = server_alloc(options);
    status = listen_open(options->listen, options->reuse_port, &server->listening, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = connections_start(&server->connections, error);
    if (status != STATUS_OK) {
        goto done;
    }
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        status = error_set(error, STATUS_UNAVAILABLE, "cannot start the HTTP server on %s", options->listen);
        goto done;
    }
    server->listening.descriptor = -1; /* the daemon's now */
    if (server->tls == NULL) {
        status = server_loop_start(&server->loop, server->daemon, error);
    }
    if (status != STATUS_OK) {
        MHD_stop_daemon(server->daemon);
        goto done;
    }
    *out_server = server;
    server = NULL;
done:
    if (server != NULL) {
        server_free(server);
    }
    return status;
}

int http_server_port(const struct http_server *server)
{
    return server->listening.port;
}

void server_answered(struct http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->unanswered--;
    if (server->unanswered == 0) {
        pthread_cond_broadcast(&server->idle);
    }
    pthread_mutex_unlock(&server->mutex);
}

bool http_server_drain(struct http_server *server, int64_t deadline_ms)
{
    pthread_mutex_lock(&server->mutex);
    bool is_first = !atomic_load_explicit(&server->is_draining, memory_order_relaxed);
    atomic_store_explicit(&server->is_draining, true, memory_order_relaxed);
    pthread_mutex_unlock(&server->mutex);
    if (is_first) {
        /* New connections are refused from here on. The descriptor stays open until microhttpd's thread has ended: it
         * may still be about to take it out of its epoll set, and the number may not mean another file by then. */
        server->quiesced = MHD_quiesce_daemon(server->daemon);
        if (server->quiesced >= 0) {
            (void)shutdown(server->quiesced, SHUT_RDWR);
        }
        streams_drain(server);
    }
    bool in_time = true;
    pthread_mutex_lock(&server->mutex);
    while (in_time && (server->active > 0 || server->unanswered > 0)) {
        in_time = thread_condition_wait(&server->idle, &server->mutex, deadline_ms);
    }
    bool is_idle = server->active == 0 && server->unanswered == 0;
    server->is_over = true;
    pthread_mutex_unlock(&server->mutex);
    return is_idle;
}

void http_server_destroy(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    int64_t deadline_ms = clock_monotonic_ms() + SERVER_ANSWER_GRACE_MS;
    pthread_mutex_lock(&server->mutex);
    while (server->unanswered > 0) {
        CHECK(thread_condition_wait(&server->idle, &server->mutex, deadline_ms)); /* else: somebody owes an answer */
    }
    pthread_mutex_unlock(&server->mutex);
    server_loop_stop(&server->loop);
    MHD_stop_daemon(server->daemon);
    if (server->quiesced >= 0) {
        (void)close(server->quiesced);
    }
    server_free(server);
}
