/* The way of one request through the server: see request.h.
 *
 * microhttpd calls request_continue() once with the headers, once for each piece of the body, once at the body's end,
 * and again when a suspended connection was resumed. An answer queued in the first of these calls costs the
 * connection, so an early answer waits for the body's end and the body is thrown away meanwhile; only requests whose
 * framing cannot be trusted, and bodies that are too long or come in chunks, end the connection. What then still comes
 * is read behind microhttpd's back (lingering.h). */
#include "request.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/clock.h"
#include "server_internal.h"
#include "server_tls.h"
#include "stream.h"

/* So much is read and thrown away to keep a connection, before its answer goes out. */
#define REQUEST_DISCARD_MAX ((size_t)8 << 20)
#define TOO_LARGE_TITLE "The request's body is longer than this resource takes."
#define TOO_LARGE_DETAIL "expected at most %zu bytes; the body was not read further"
#define TOO_LARGE_BODY_MAX 256

/* Gives the finished answer to microhttpd. The exchange may be gone when this returns. */
static enum MHD_Result queue_response(struct http_exchange *exchange)
{
    struct MHD_Response *response = exchange->response;
    if (response == NULL) {
        return MHD_NO; /* microhttpd was told to stop: it takes no answer, says that it did, and calls again */
    }
    exchange->response = NULL;
    if (exchange->stream == NULL) { /* a stream sees to its deadlines itself */
        int64_t now_ms = clock_monotonic_ms();
        connection_wait(connection_of(exchange->connection), CONNECTION_REPLY,
                        now_ms + connections_transfer_ms(&exchange->server->connections, exchange->reply_length));
    }
    enum MHD_Result result = MHD_queue_response(exchange->connection, exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

static bool is_replied(struct http_exchange *exchange)
{
    return atomic_load_explicit(&exchange->state, memory_order_acquire) == EXCHANGE_REPLIED;
}

static void reply_method_not_allowed(struct http_exchange *exchange)
{
    char allow[HTTP_ALLOW_SIZE];
    http_exchange_allow(exchange, allow);
    struct http_header header = {.name = MHD_HTTP_HEADER_ALLOW, .value = allow};
    exchange_reply_problem(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "method-not-allowed",
                           "The resource does not know this method.",
                           "the header Allow names the methods that it knows", &header, 1);
}

/* OPTIONS on a path that the table knows, or on "*", without a route of its own. */
static void reply_options(struct http_exchange *exchange)
{
    char allow[HTTP_ALLOW_SIZE];
    http_exchange_allow(exchange, allow);
    struct http_header header = {.name = MHD_HTTP_HEADER_ALLOW, .value = allow};
    http_exchange_reply(exchange, MHD_HTTP_NO_CONTENT, NULL, &header, 1, NULL, 0);
}

static void reply_malformed(struct http_exchange *exchange, const char *detail)
{
    connections_refused(&exchange->server->connections, REFUSED_MALFORMED);
    http_exchange_problem(exchange, MHD_HTTP_BAD_REQUEST, "malformed-request", "The request cannot be read.", detail,
                          0);
}

static void reply_head_too_large(struct http_exchange *exchange)
{
    char detail[96];
    (void)snprintf(detail, sizeof detail, "expected a first line and headers of at most %zu bytes, found %zu",
                   HEAD_SIZE_MAX, exchange->head.size); /* it fits */
    connections_refused(&exchange->server->connections, REFUSED_HEAD_SIZE);
    http_exchange_problem(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large",
                          "The request's headers are longer than this service takes.", detail, 0);
}

/* 413 in the midst of a body, past microhttpd, which can answer only at its ends: the sender may be waiting for an
 * answer before it goes on sending, or never end. Nothing else was or will be sent on this connection. */
static void cut_too_large(struct http_exchange *exchange)
{
    char body[TOO_LARGE_BODY_MAX];
    char answer[TOO_LARGE_BODY_MAX + 256];
    int body_length = snprintf(body, sizeof body,
                               "{\"type\":\"" HTTP_PROBLEM_TYPE_PREFIX "body-too-large\",\"title\":\"" TOO_LARGE_TITLE
                               "\",\"status\":413,\"detail\":\"" TOO_LARGE_DETAIL "\"}\n",
                               exchange->body_limit);
    CHECK(body_length > 0 && (size_t)body_length < sizeof body);
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
                          "Content-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n%s",
                          body_length, body);
    CHECK(length > 0 && (size_t)length < sizeof answer);
    /* A fresh socket has room for these bytes; where it has not, the peer sees the connection end. */
    if (exchange->server->tls != NULL) {
        server_tls_send(exchange->connection, answer, (size_t)length);
    } else {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        CHECK(info != NULL);
        (void)send(info->connect_fd, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    connections_refused(&exchange->server->connections, REFUSED_BODY_SIZE);
    exchange->status = MHD_HTTP_CONTENT_TOO_LARGE;
    buffer_deinit(&exchange->body);
}

static void reply_shutting_down(struct http_exchange *exchange)
{
    http_exchange_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "shutting-down", "The service is shutting down.",
                          "send the request again, to another process", 1);
}

static void refuse_too_large(struct http_exchange *exchange)
{
    char detail[96];
    (void)snprintf(detail, sizeof detail, TOO_LARGE_DETAIL, exchange->body_limit); /* it fits */
    connections_refused(&exchange->server->connections, REFUSED_BODY_SIZE);
    http_exchange_problem(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "body-too-large", TOO_LARGE_TITLE, detail, 0);
}

/* false: the request cannot be trusted to end where it seems to; it has replied, and the connection ends. */
static bool check_head(struct http_exchange *exchange)
{
    if (exchange->head.problem != NULL) {
        reply_malformed(exchange, exchange->head.problem);
    } else if (exchange->head.size > HEAD_SIZE_MAX) {
        reply_head_too_large(exchange);
    }
    return !is_replied(exchange);
}

static enum route_result find_route(struct http_exchange *exchange)
{
    const struct http_server *server = exchange->server;
    if (exchange->is_malformed || exchange->is_asterisk) {
        return ROUTE_UNKNOWN;
    }
    return route_table_find(server->routes, server->route_count, exchange->method, exchange->path,
                            exchange->path_length, &exchange->match);
}

/* Everything that can be said from the request line and the headers. */
static void begin(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    enum route_result found = find_route(exchange);
    bool is_options = strcmp(exchange->method, MHD_HTTP_METHOD_OPTIONS) == 0;
    if (exchange->match.route != NULL && exchange->match.route->max_body_bytes > 0) {
        exchange->body_limit = exchange->match.route->max_body_bytes;
    }
    buffer_init(&exchange->body, exchange->body_limit);
    /* Where chunks end microhttpd is as generous as with lines, and shows less of it: nothing behind such a body is
     * taken for a request. */
    exchange->ends_connection =
        exchange->head.encoding_count > 0 || exchange->is_malformed || server_tls_is_outdated(exchange);
    if (!check_head(exchange)) {
        exchange->ends_connection = true;
    } else if (exchange->is_malformed || (exchange->is_asterisk && !is_options) ||
               !exchange_decode_target(exchange)) {
        reply_malformed(exchange, "its path or query has an invalid escape or is not UTF-8, or is no path");
    } else if (atomic_load_explicit(&server->is_draining, memory_order_relaxed)) {
        reply_shutting_down(exchange);
    } else if (server->admit != NULL && !server->admit(exchange, server->admit_user)) {
        CHECK(is_replied(exchange));
    } else if (is_options && (exchange->is_asterisk || found == ROUTE_METHOD_NOT_ALLOWED)) {
        reply_options(exchange);
    } else if (found == ROUTE_UNKNOWN) {
        http_exchange_problem(exchange, MHD_HTTP_NOT_FOUND, "unknown-route", "There is no such resource.",
                              "no route of this service has this path", 0);
    } else if (found == ROUTE_METHOD_NOT_ALLOWED) {
        reply_method_not_allowed(exchange);
    } else if (exchange->head.length > exchange->body_limit) {
        refuse_too_large(exchange);
    }
    exchange->is_refused = is_replied(exchange);
}

/* Of a request that is refused: it is answered at once, and the connection ends with it. */
static bool is_body_unwanted(const struct http_exchange *exchange)
{
    const struct head *head = &exchange->head;
    return head->problem != NULL || head->size > HEAD_SIZE_MAX || head->expects_continue || head->encoding_count > 0 ||
           head->length > exchange->body_limit || head->length > REQUEST_DISCARD_MAX;
}

/* We end the connection: its client, who has not asked for that, may have sent more already. */
static bool is_last_of_connection(const struct http_exchange *exchange)
{
    return exchange->ends_connection ||
           atomic_load_explicit(&exchange->server->is_draining, memory_order_relaxed);
}

static void wait_for_body(struct http_exchange *exchange)
{
    connection_wait(connection_of(exchange->connection), CONNECTION_BODY,
                    exchange->body_started_ms +
                        connections_transfer_ms(&exchange->server->connections, exchange->body_seen));
}

/* Calls the handler and suspends the connection unless the answer is there already. */
static enum MHD_Result dispatch(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    struct MHD_Connection *connection = exchange->connection;
    pthread_mutex_lock(&server->mutex);
    bool is_over = server->is_over;
    server->unanswered += is_over ? 0 : 1;
    pthread_mutex_unlock(&server->mutex);
    if (is_over) {
        reply_shutting_down(exchange);
        return queue_response(exchange);
    }
    exchange->is_dispatched = true;
    connection_wait(connection_of(connection), CONNECTION_HANDLING, INT64_MAX);
    exchange->match.route->handler(exchange, exchange->match.route->user);
    if (is_replied(exchange)) {
        return queue_response(exchange);
    }
    MHD_suspend_connection(connection);
    int expected = EXCHANGE_HANDLING;
    if (!atomic_compare_exchange_strong_explicit(&exchange->state, &expected, EXCHANGE_WAITING, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        MHD_resume_connection(connection); /* the answer came in between and left that to us */
        server_loop_wake(&server->loop);   /* microhttpd 0.9.75 does not count it as something to do */
    }
    return MHD_YES;
}

static enum MHD_Result take_body(struct http_exchange *exchange, const char *bytes, size_t length)
{
    exchange->body_seen += length;
    wait_for_body(exchange);
    if (exchange->is_refused || buffer_append(&exchange->body, bytes, length)) {
        return MHD_YES;
    }
    cut_too_large(exchange);
    return MHD_NO; /* ends the connection */
}

/* microhttpd 0.9.75 makes a record of each query parameter in the connection's memory, behind this call, and where they
 * do not fit it neither answers nor ends the connection. We have our own copy of the query: it gets to see none. Its
 * buffer is writable, whatever the callback's type says. */
static void hide_query(const char *target)
{
    const char *query = strchr(target, '?');
    if (query != NULL && query[1] != '\0') {
        char *first = (char *)(uintptr_t)(query + 1); /* NOLINT(performance-no-int-to-ptr) */
        *first = '\0';
    }
}

void *request_line_seen(void *user, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = user;
    struct server_connection *ours = connection_of(connection);
    struct http_exchange *exchange = exchange_new(server, connection, target != NULL ? target : "");
    if (target != NULL) {
        hide_query(target);
    }
    if (ours->has_request) {
        connection_wait(ours, CONNECTION_HEAD,
                        exchange->started_us / 1000 + server->connections.limits.header_timeout_ms);
    }
    ours->has_request = true;
    ours->expects_more = true;
    pthread_mutex_lock(&server->mutex);
    server->active++;
    pthread_mutex_unlock(&server->mutex);
    return exchange;
}

enum MHD_Result request_continue(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload, size_t *upload_length, void **user_exchange)
{
    struct http_exchange *exchange = *user_exchange;
    struct http_server *server = user;
    (void)url;
    CHECK(exchange != NULL);
    server_loop_moved(&server->loop);
    if (!exchange->has_begun) {
        const struct head *head = &exchange->head;
        exchange->head = head_read(connection, method, exchange->target, exchange->target_length, version);
        exchange->has_begun = true;
        exchange->method = method;
        begin(exchange);
        if (head->length > 0 || head->encoding_count > 0) {
            exchange->body_started_ms = clock_monotonic_ms();
            wait_for_body(exchange);
        }
        return exchange->is_refused && is_body_unwanted(exchange) ? queue_response(exchange) : MHD_YES;
    }
    if (*upload_length > 0) {
        size_t length = *upload_length;
        *upload_length = 0;
        return take_body(exchange, upload, length);
    }
    connection_of(connection)->expects_more = is_last_of_connection(exchange);
    if (is_replied(exchange)) {
        return queue_response(exchange);
    }
    CHECK(!exchange->is_dispatched);
    return dispatch(exchange);
}

void request_completed(void *user, struct MHD_Connection *connection, void **user_exchange,
                       enum MHD_RequestTerminationCode how)
{
    struct http_server *server = user;
    struct http_exchange *exchange = *user_exchange;
    struct server_connection *ours = connection_of(connection);
    int64_t now_us = clock_monotonic_us();
    *user_exchange = NULL;
    if (exchange == NULL) {
        return;
    }
    if (exchange->status == 0 && how == MHD_REQUEST_TERMINATED_WITH_ERROR &&
        !atomic_load_explicit(&ours->is_cut, memory_order_relaxed)) {
        connections_refused(&server->connections, REFUSED_MALFORMED); /* microhttpd has answered it, or nobody */
    }
    stream_completed(exchange);
    connection_wait(ours, CONNECTION_IDLE, now_us / 1000 + server->connections.limits.idle_timeout_ms);
    server_metrics_count(server, exchange, now_us);
    if (exchange->attachment != NULL) {
        server->ended(server->ended_user, exchange->attachment, (int)exchange->status);
    }
    exchange_destroy(exchange);
    pthread_mutex_lock(&server->mutex);
    server->active--;
    if (server->active == 0) {
        pthread_cond_broadcast(&server->idle);
    }
    pthread_mutex_unlock(&server->mutex);
}
