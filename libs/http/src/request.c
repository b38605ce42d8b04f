/* The way of one request through the server: see request.h.
 *
 * microhttpd calls request_continue() once with the headers, once for each piece of the body, once at the body's end,
 * and again when a suspended connection was resumed. An answer queued in the first of these calls costs the
 * connection, so an early answer waits for the body's end and the body is thrown away meanwhile; only requests whose
 * framing cannot be trusted, and bodies that are too long, end the connection. */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/memory.h"
#include "server_internal.h"
#include "server_tls.h"

/* What is read and thrown away behind a 413, so that the peer can read it: a socket closed with unread bytes in it is
 * reset, and the answer may be lost with it. */
#define REQUEST_DISCARD_MAX ((size_t)8 << 20)
#define CONTENT_LENGTH_DIGITS_MAX 18
#define TOO_LARGE_TITLE "The request's body is longer than this resource takes."
#define TOO_LARGE_BODY_MAX 256

/* What the header lines say about the body. */
struct framing {
    unsigned length_count;
    unsigned encoding_count;
    bool is_valid;
    bool expects_continue;
    unsigned long long length;
};

static enum MHD_Result note_framing(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct framing *framing = user;
    (void)kind;
    size_t length = strlen(name);
    if (length == strlen(MHD_HTTP_HEADER_CONTENT_LENGTH) && strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        size_t digits = value != NULL ? strlen(value) : 0;
        framing->length_count++;
        if (digits == 0 || digits > CONTENT_LENGTH_DIGITS_MAX || strspn(value, "0123456789") != digits) {
            framing->is_valid = false;
        } else {
            framing->length = strtoull(value, NULL, 10);
        }
    } else if (length == strlen(MHD_HTTP_HEADER_TRANSFER_ENCODING) &&
               strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        framing->encoding_count++;
        if (value == NULL || strcasecmp(value, "chunked") != 0) {
            framing->is_valid = false;
        }
    } else if (length == strlen(MHD_HTTP_HEADER_EXPECT) && strcasecmp(name, MHD_HTTP_HEADER_EXPECT) == 0) {
        framing->expects_continue = true;
    }
    return MHD_YES;
}

/* RFC 9112, section 6.3: several lengths, or a length beside an encoding, are how requests are smuggled. */
static struct framing read_framing(struct MHD_Connection *connection, const char *version)
{
    struct framing framing = {.is_valid = true};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, note_framing, &framing);
    if (framing.length_count + framing.encoding_count > 1) {
        framing.is_valid = false;
    }
    if (framing.encoding_count > 0 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0) {
        framing.is_valid = false;
    }
    return framing;
}

/* Gives the finished answer to microhttpd. The exchange may be gone when this returns. */
static enum MHD_Result queue_response(struct http_exchange *exchange)
{
    struct MHD_Response *response = exchange->response;
    if (response == NULL) {
        return MHD_NO; /* microhttpd was told to stop: it takes no answer, says that it did, and calls again */
    }
    exchange->response = NULL;
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
    struct http_server *server = exchange->server;
    char allow[ROUTE_ALLOW_SIZE];
    route_table_allow(server->routes, server->route_count, exchange->path, exchange->path_length, allow);
    struct http_header header = {.name = MHD_HTTP_HEADER_ALLOW, .value = allow};
    exchange_reply_problem(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "method-not-allowed",
                           "The resource does not know this method.",
                           "the header Allow names the methods that it knows", &header, 1);
}

/* 413 at once, past microhttpd, which can answer only at a body's end: the sender may be waiting for an answer before
 * it goes on sending, or never end. Nothing else was or will be sent on this connection. */
static void cut_too_large(struct http_exchange *exchange)
{
    char body[TOO_LARGE_BODY_MAX];
    char answer[TOO_LARGE_BODY_MAX + 256];
    int body_length = snprintf(body, sizeof body,
                               "{\"type\":\"" HTTP_PROBLEM_TYPE_PREFIX "body-too-large\",\"title\":\"" TOO_LARGE_TITLE
                               "\",\"status\":413,\"detail\":\"expected at most %zu bytes; the body was not read "
                               "further\"}\n",
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
    exchange->is_cut = true;
    exchange->status = MHD_HTTP_CONTENT_TOO_LARGE;
    buffer_deinit(&exchange->body);
}

static void reply_shutting_down(struct http_exchange *exchange)
{
    http_exchange_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "shutting-down", "The service is shutting down.",
                          "send the request again, to another process", 1);
}

/* Everything that can be said from the request line and the headers. */
static void begin(struct http_exchange *exchange, const struct framing *framing)
{
    struct http_server *server = exchange->server;
    enum route_result found = ROUTE_UNKNOWN;
    if (!exchange->is_malformed) {
        found = route_table_find(server->routes, server->route_count, exchange->method, exchange->path,
                                 exchange->path_length, &exchange->match);
    }
    if (exchange->match.route != NULL && exchange->match.route->max_body_bytes > 0) {
        exchange->body_limit = exchange->match.route->max_body_bytes;
    }
    buffer_init(&exchange->body, exchange->body_limit);
    exchange->ends_connection = server_tls_is_outdated(exchange);
    if (!framing->is_valid) {
        http_exchange_problem(exchange, MHD_HTTP_BAD_REQUEST, "malformed-request", "The request cannot be read.",
                              "the length of its body is given twice, in two ways, or wrongly", 0);
    } else if (exchange->is_malformed || !exchange_decode_target(exchange)) {
        http_exchange_problem(exchange, MHD_HTTP_BAD_REQUEST, "malformed-request", "The request cannot be read.",
                              "its path or query has an invalid percent escape, or is no path", 0);
    } else if (atomic_load_explicit(&server->is_draining, memory_order_relaxed)) {
        reply_shutting_down(exchange);
    } else if (server->admit != NULL && !server->admit(exchange, server->admit_user)) {
        CHECK(is_replied(exchange));
    } else if (found == ROUTE_UNKNOWN) {
        http_exchange_problem(exchange, MHD_HTTP_NOT_FOUND, "unknown-route", "There is no such resource.",
                              "no route of this service has this path", 0);
    } else if (found == ROUTE_METHOD_NOT_ALLOWED) {
        reply_method_not_allowed(exchange);
    } else if (framing->length > exchange->body_limit) {
        if (framing->expects_continue) {
            char detail[64];
            (void)snprintf(detail, sizeof detail, "expected at most %zu bytes", exchange->body_limit); /* it fits */
            http_exchange_problem(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "body-too-large", TOO_LARGE_TITLE, detail, 0);
        } else {
            cut_too_large(exchange);
        }
    }
    exchange->is_refused = is_replied(exchange);
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
    exchange->match.route->handler(exchange, exchange->match.route->user);
    if (is_replied(exchange)) {
        return queue_response(exchange);
    }
    MHD_suspend_connection(connection);
    int expected = EXCHANGE_HANDLING;
    if (!atomic_compare_exchange_strong_explicit(&exchange->state, &expected, EXCHANGE_WAITING, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        MHD_resume_connection(connection); /* the answer came in between and left that to us */
    }
    return MHD_YES;
}

static enum MHD_Result take_body(struct http_exchange *exchange, const char *bytes, size_t length)
{
    if (!exchange->is_refused && !exchange->is_cut) {
        if (buffer_append(&exchange->body, bytes, length)) {
            return MHD_YES;
        }
        cut_too_large(exchange);
    }
    exchange->body_discarded += length;
    return exchange->body_discarded <= REQUEST_DISCARD_MAX ? MHD_YES : MHD_NO;
}

void *request_line_seen(void *user, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = user;
    if (server->tls != NULL) {
        server_tls_request(server, connection);
    }
    pthread_mutex_lock(&server->mutex);
    server->active++;
    pthread_mutex_unlock(&server->mutex);
    return exchange_new(server, connection, target != NULL ? target : "");
}

enum MHD_Result request_continue(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload, size_t *upload_length, void **user_exchange)
{
    struct http_exchange *exchange = *user_exchange;
    (void)user;
    (void)url;
    CHECK(exchange != NULL);
    if (!exchange->has_begun) {
        struct framing framing = read_framing(connection, version);
        exchange->has_begun = true;
        exchange->method = method;
        begin(exchange, &framing);
        bool is_body_unwanted =
            exchange->is_refused && (framing.expects_continue || framing.length > REQUEST_DISCARD_MAX);
        bool ends_connection = !framing.is_valid || is_body_unwanted;
        return ends_connection ? queue_response(exchange) : MHD_YES;
    }
    if (*upload_length > 0) {
        size_t length = *upload_length;
        *upload_length = 0;
        return take_body(exchange, upload, length);
    }
    if (exchange->is_cut) {
        return MHD_NO;
    }
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
    (void)connection;
    (void)how;
    *user_exchange = NULL;
    if (exchange == NULL) {
        return;
    }
    server_metrics_count(server, exchange);
    exchange_destroy(exchange);
    pthread_mutex_lock(&server->mutex);
    server->active--;
    if (server->active == 0) {
        pthread_cond_broadcast(&server->idle);
    }
    pthread_mutex_unlock(&server->mutex);
}
