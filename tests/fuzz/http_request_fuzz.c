/* Fuzzes the way of a connection through the real server: the bytes are one connection's, microhttpd reads them, and a
 * small table of routes with bodies, parameters and answers of every kind takes what comes of them.
 *
 * The server listens in this process; each input is sent over a connection of its own. A last request behind it ends
 * the connection at once, unless the input waits for something: then a short deadline does. What comes back is read to
 * its end. */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "http/server.h"

#define FUZZ_CONNECTION_MAX ((size_t)64 << 10)
#define FUZZ_BODY_MAX ((size_t)4 << 10)
#define FUZZ_PATIENCE_SECONDS 8 /* below the fuzzer's own: a server that hangs is a bug */
#define FUZZ_DEADLINE_MS 40

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct http_server *s_server;

/* Touches all that a handler can see. */
static size_t look(const struct http_exchange *exchange)
{
    static const char *const names[] = {"Host", "Content-Type", "Accept", "Authorization", "X"};
    size_t length = 0;
    char allow[HTTP_ALLOW_SIZE];
    const char *body = http_exchange_body(exchange, &length);
    CHECK(body[length] == '\0' && length <= FUZZ_BODY_MAX);
    size_t sum = length + strlen(http_exchange_method(exchange)) + strlen(http_exchange_path(exchange));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = http_exchange_header(exchange, names[i]);
        CHECK(value == NULL || strpbrk(value, "\r\n") == NULL);
        sum += value != NULL ? strlen(value) : 0;
    }
    for (size_t i = 0; i < length; i++) {
        sum += (unsigned char)body[i];
    }
    const char *query = http_exchange_query(exchange, "wait");
    const char *id = http_exchange_request_id(exchange);
    http_exchange_allow(exchange, allow);
    CHECK(id == NULL || (strlen(id) > 0 && strlen(id) <= 128));
    return sum + (query != NULL ? strlen(query) : 0) + strlen(http_exchange_peer(exchange)) + strlen(allow);
}

static void handle_echo(struct http_exchange *exchange, void *user)
{
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    (void)user;
    (void)look(exchange);
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, body, length);
}

static void handle_item(struct http_exchange *exchange, void *user)
{
    const char *id = http_exchange_parameter(exchange, "id");
    (void)user;
    (void)look(exchange);
    CHECK(id != NULL);
    http_exchange_problem(exchange, 404, "unknown-item", "There is no such item.", id, 1);
}

static void handle_long(struct http_exchange *exchange, void *user)
{
    static const char text[3000] = "x";
    (void)user;
    (void)look(exchange);
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, text, sizeof text);
}

static void handle_stream(struct http_exchange *exchange, void *user)
{
    (void)user;
    (void)look(exchange);
    struct http_stream *stream =
        http_exchange_stream_begin(exchange, &(struct http_stream_options){.content_type = "text/event-stream"});
    (void)http_stream_write(stream, "data: 1\n\n", 9);
    http_stream_end(stream);
}

static bool admit(struct http_exchange *exchange, void *user)
{
    (void)user;
    http_exchange_add_header(exchange, "Vary", "Origin");
    if (http_exchange_header(exchange, "X-Stranger") == NULL) {
        return true;
    }
    http_exchange_problem(exchange, 401, "unauthenticated", "Who are you?", NULL, 0);
    return false;
}

static const struct http_route s_routes[] = {
    {.method = "POST", .path = "/echo", .handler = handle_echo},
    {.method = "GET", .path = "/item/{id}", .handler = handle_item},
    {.method = "POST", .path = "/item/{id}", .handler = handle_item, .max_body_bytes = 10},
    {.method = "GET", .path = "/long", .handler = handle_long},
    {.method = "GET", .path = "/stream", .handler = handle_stream},
};

static void start(void)
{
    struct error error = {0};
    const struct log_options quiet = {.service = "fuzz", .level = LOG_LEVEL_ERROR, .file_descriptor = 2};
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = sizeof s_routes / sizeof s_routes[0],
                                                .max_body_bytes = FUZZ_BODY_MAX,
                                                .admit = admit,
                                                .limits = {.header_timeout_ms = FUZZ_DEADLINE_MS,
                                                           .transfer_timeout_ms = FUZZ_DEADLINE_MS,
                                                           .idle_timeout_ms = FUZZ_DEADLINE_MS},
                                                .metrics = metrics_new()};
    log_configure(&quiet);
    CHECK(http_server_start(&options, &s_server, &error) == STATUS_OK);
}

static int connect_to_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(s_server))};
    const struct timeval patience = {.tv_sec = FUZZ_PATIENCE_SECONDS};
    const struct linger none = {.l_onoff = 1, .l_linger = 0}; /* or the ports are soon used up */
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(descriptor >= 0);
    CHECK(connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    CHECK(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0);
    return descriptor;
}

/* Every answer begins as HTTP's do: nothing of a request stands where an answer must. */
static void check_answer(const char *received, size_t length)
{
    static const char begin[] = "HTTP/1.1 ";
    size_t compared = length < sizeof begin - 1 ? length : sizeof begin - 1;
    CHECK(memcmp(received, begin, compared) == 0);
}

static void send_all(int peer, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t length = send(peer, at, size, MSG_NOSIGNAL);
        if (length <= 0) {
            return; /* it has heard enough */
        }
        at += length;
        size -= (size_t)length;
    }
}

/* Fails where the server neither answers nor ends the connection. */
static ssize_t receive(int peer, char *out, size_t size, int flags)
{
    ssize_t length = -1;
    do {
        length = recv(peer, out, size, flags);
    } while (length < 0 && errno == EINTR); /* the fuzzer's own timer */
    CHECK(length >= 0 || errno != EAGAIN);
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char last[] = "GET /item/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    char received[4096];
    if (size == 0 || size > FUZZ_CONNECTION_MAX) {
        return -1;
    }
    if (s_server == NULL) {
        start();
    }
    int peer = connect_to_server();
    send_all(peer, bytes, size);
    send_all(peer, last, sizeof last - 1);
    (void)shutdown(peer, SHUT_WR);
    ssize_t length = receive(peer, received, sizeof received, MSG_WAITALL);
    if (length > 0) {
        check_answer(received, (size_t)length);
    }
    while (length > 0) {
        length = receive(peer, received, sizeof received, 0);
    }
    (void)close(peer);
    return 0;
}
