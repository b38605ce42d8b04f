/* The server's side of the protocol, seen through raw sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/server.h"
#include "support.h"

#define SMALL_LIMIT 10
#define LONG_BODY ((size_t)12582912) /* more than is read to keep a connection */
#define LONG_BODY_TEXT "12582912"

static struct http_server *s_server;
static struct metrics *s_metrics;
static int s_port;

/* Answers with what the handler sees, as JSON. */
static void show(struct http_exchange *exchange, void *user)
{
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    const char *kind = http_exchange_header(exchange, "x-KIND");
    const char *query = http_exchange_query(exchange, "q");
    const char *id = http_exchange_parameter(exchange, "id");
    (void)user;
    assert_int_equal(body[length], '\0');
    json_t *seen = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s%}", "method", http_exchange_method(exchange), "path",
                             http_exchange_path(exchange), "id", id, "query", query, "kind", kind, "body", body,
                             length);
    char *text = json_dumps(seen, JSON_COMPACT);
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, text, strlen(text));
    free(text);
    json_decref(seen);
}

/* "x-one=1;X-Two=2;" */
static void add_header(void *user, const char *name, const char *value)
{
    char *text = user;
    (void)strcat(strcat(strcat(strcat(text, name), "="), value), ";");
}

static void reply_with_prefixed(struct http_exchange *exchange, void *user)
{
    char text[256] = "";
    (void)user;
    http_exchange_each_header(exchange, "x-", add_header, text);
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, text, strlen(text));
}

static void reply_with_headers(struct http_exchange *exchange, void *user)
{
    const struct http_header headers[] = {
        {"Location", "/x"}, {"X-Split", "a\r\nEvil: 1"}, {"X-Bad\r\nEvil", "1"}, {"X-Colon:", "1"}, {"X-Empty", ""}};
    (void)user;
    http_exchange_reply(exchange, 201, NULL, headers, 5, NULL, 0);
}

static void reply_problem(struct http_exchange *exchange, void *user)
{
    (void)user;
    http_exchange_problem(exchange, 503, "no-temporal", "Temporal \"down\".", "caf\xc3\xa9 \xff", 7);
}

static bool admit(struct http_exchange *exchange, void *user)
{
    (void)user;
    if (http_exchange_header(exchange, "X-Stranger") != NULL) {
        http_exchange_problem(exchange, 401, "unauthenticated", "Who are you?", NULL, 0);
        return false;
    }
    return true;
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/show/{id}", .handler = show},
    {.method = "POST", .path = "/show/{id}", .handler = show},
    {.method = "POST", .path = "/small", .handler = show, .max_body_bytes = SMALL_LIMIT},
    {.method = "GET", .path = "/headers", .handler = reply_with_headers},
    {.method = "GET", .path = "/prefixed", .handler = reply_with_prefixed},
    {.method = "GET", .path = "/problem", .handler = reply_problem},
};

static int start(void **state)
{
    struct error error = {0};
    (void)state;
    s_metrics = metrics_new();
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = sizeof s_routes / sizeof s_routes[0],
                                                .admit = admit,
                                                .metrics = s_metrics};
    if (http_server_start(&options, &s_server, &error) != STATUS_OK) {
        return -1;
    }
    s_port = http_server_port(s_server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_server_destroy(s_server);
    metrics_destroy(s_metrics);
    return 0;
}

static const char *body_of(const char *response)
{
    const char *end = strstr(response, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static void expect_start(const char *response, const char *start_line)
{
    if (strncmp(response, start_line, strlen(start_line)) != 0) {
        fail_msg("expected \"%s\", got \"%s\"", start_line, response);
    }
}

static json_t *json_of(const char *response)
{
    json_t *body = json_loads(body_of(response), 0, NULL);
    assert_non_null(body);
    return body;
}

static void expect_member(json_t *object, const char *name, const char *value)
{
    const char *found = json_string_value(json_object_get(object, name));
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void expect_problem(char *response, const char *start_line, const char *type)
{
    expect_start(response, start_line);
    assert_non_null(strstr(response, "Content-Type: application/problem+json\r\n"));
    json_t *problem = json_of(response);
    expect_member(problem, "type", type);
    assert_non_null(json_string_value(json_object_get(problem, "title")));
    assert_int_equal(json_integer_value(json_object_get(problem, "status")),
                     strtol(start_line + strlen("HTTP/1.1 "), NULL, 10));
    json_decref(problem);
    free(response);
}

static void gives_handlers_the_request(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "POST /show/a%2Fb%20c+d?z=1&q=x+%26y HTTP/1.1\r\nHost: h\r\nX-Kind: k\r\n"
                                      "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    expect_start(response, "HTTP/1.1 200 ");
    json_t *seen = json_of(response);
    expect_member(seen, "method", "POST");
    expect_member(seen, "path", "/show/a%2Fb%20c+d");
    expect_member(seen, "id", "a/b c+d");
    expect_member(seen, "query", "x &y");
    expect_member(seen, "kind", "k");
    expect_member(seen, "body", "hello");
    json_decref(seen);
    free(response);
}

static void tells_headers_by_their_beginning(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "GET /prefixed HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nAccept: */*\r\nx-two:\r\n"
                                      "X-ONE: 2\r\nConnection: close\r\n\r\n");
    expect_start(response, "HTTP/1.1 200 ");
    assert_string_equal(body_of(response), "X-One=1;x-two=;X-ONE=2;");
    free(response);
}

static void takes_chunked_bodies(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                                      "Connection: close\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n");
    json_t *seen = json_of(response);
    expect_member(seen, "body", "helloworld");
    json_decref(seen);
    free(response);
}

static void answers_head_like_get_without_a_body(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "HEAD /show/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect_start(response, "HTTP/1.1 200 ");
    assert_null(strstr(response, "Content-Length: 0"));
    assert_non_null(strstr(response, "Content-Length: "));
    assert_string_equal(body_of(response), "");
    free(response);
}

static void says_404_and_405(void **state)
{
    (void)state;
    expect_problem(raw_talk(s_port, "GET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "HTTP/1.1 404 ",
                   "/problems/unknown-route");
    char *response = raw_talk(s_port, "DELETE /show/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(response, "Allow: GET, HEAD, POST, OPTIONS\r\n"));
    expect_problem(response, "HTTP/1.1 405 ", "/problems/method-not-allowed");
}

static void refuses_invalid_targets(void **state)
{
    static const char *const bad[] = {"/show/%zz", "/show/%", "/show/a%00b", "/show/a?q=%2", "*"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *request = memory_format("GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", bad[i]);
        expect_problem(raw_talk(s_port, request), "HTTP/1.1 400 ", "/problems/malformed-request");
        free(request);
    }
}

static void refuses_ambiguous_lengths_and_closes(void **state)
{
    static const char *const bad[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\ncontent-length: 6\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        /* Without Connection: close: that the answer ends shows that the server closes. */
        char *request = memory_format("POST /show/1 HTTP/1.1\r\nHost: h\r\n%s\r\n", bad[i]);
        expect_problem(raw_talk(s_port, request), "HTTP/1.1 400 ", "/problems/malformed-request");
        free(request);
    }
}

static void refuses_malformed_lengths_and_missing_hosts(void **state)
{
    static const char *const bad[] = {
        "POST /show/1 HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        "POST /show/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\nConnection: close\r\n\r\n",
        "GET /show/1 HTTP/1.1\r\nConnection: close\r\n\r\n",
        "POST /show/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *response = raw_talk(s_port, bad[i]);
        expect_start(response, "HTTP/1.1 400 ");
        free(response);
    }
}

static void says_413_before_the_body_comes(void **state)
{
    (void)state;
    int peer = raw_connect(s_port);
    raw_send(peer, "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
    expect_problem(raw_receive_response(peer), "HTTP/1.1 413 ", "/problems/body-too-large");
    raw_send(peer, "hello world");
    char *rest = raw_receive_to_end(peer);
    assert_string_equal(rest, "");
    free(rest);
    (void)close(peer);
}

static void says_413_in_the_midst_of_a_chunked_body(void **state)
{
    (void)state;
    int peer = raw_connect(s_port);
    raw_send(peer, "POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "8\r\n12345678\r\n3\r\nabc\r\n");
    expect_problem(raw_receive_response(peer), "HTTP/1.1 413 ", "/problems/body-too-large");
    raw_send(peer, "0\r\n\r\n");
    char *rest = raw_receive_to_end(peer);
    assert_string_equal(rest, "");
    free(rest);
    (void)close(peer);
}

static void says_413_instead_of_continue(void **state)
{
    (void)state;
    expect_problem(raw_talk(s_port, "POST /small HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                                    "Content-Length: 11\r\n\r\n"),
                   "HTTP/1.1 413 ", "/problems/body-too-large");
}

/* The head of a POST, and LONG_BODY bytes behind it, which are all of a body but its last chunk where it has chunks. */
static char *long_request(const char *head)
{
    char *request = memory_alloc(strlen(head) + LONG_BODY + 1);
    (void)strcpy(request, head); /* it fits */
    memset(request + strlen(head), 'x', LONG_BODY);
    return request;
}

/* Sends all of it, none of which is refused, before it reads the answer, behind which the connection just ends. */
static char *talk_first_listen_then(const char *request)
{
    char more = '\0';
    size_t length = strlen(request);
    int peer = raw_connect(s_port);
    assert_int_equal(send(peer, request, length, MSG_NOSIGNAL), length);
    char *response = raw_receive_response(peer);
    assert_non_null(strstr(response, "Connection: close\r\n"));
    assert_int_equal(recv(peer, &more, 1, 0), 0);
    (void)close(peer);
    return response;
}

static void lets_a_sender_of_a_long_body_read_an_early_answer(void **state)
{
    static const struct {
        const char *head;
        const char *start_line;
        const char *type;
    } cases[] = {
        {"Content-Length: " LONG_BODY_TEXT "\r\n\r\n", "HTTP/1.1 413 ", "/problems/body-too-large"},
        {"Transfer-Encoding: chunked\r\n\r\nc00000\r\n", "HTTP/1.1 413 ", "/problems/body-too-large"},
        {"X-Stranger: 1\r\nContent-Length: " LONG_BODY_TEXT "\r\n\r\n", "HTTP/1.1 401 ",
         "/problems/unauthenticated"},
        {"X-Stranger: 1\r\nTransfer-Encoding: chunked\r\n\r\nc00000\r\n", "HTTP/1.1 401 ",
         "/problems/unauthenticated"},
        {"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 ", "/problems/malformed-request"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *head = memory_format("POST /show/1 HTTP/1.1\r\nHost: h\r\n%s", cases[i].head);
        char *request = long_request(head);
        expect_problem(talk_first_listen_then(request), cases[i].start_line, cases[i].type);
        free(request);
        free(head);
    }
}

static void takes_a_body_of_exactly_the_limit(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n"
                                      "Connection: close\r\n\r\n0123456789");
    expect_start(response, "HTTP/1.1 200 ");
    free(response);
}

static void keeps_connections_through_errors(void **state)
{
    (void)state;
    int peer = raw_connect(s_port);
    raw_send(peer, "POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    expect_problem(raw_receive_response(peer), "HTTP/1.1 404 ", "/problems/unknown-route");
    raw_send(peer, "POST /show/1 HTTP/1.1\r\nHost: h\r\nX-Stranger: 1\r\nContent-Length: 5\r\n\r\nhello");
    expect_problem(raw_receive_response(peer), "HTTP/1.1 401 ", "/problems/unauthenticated");
    raw_send(peer, "GET /show/1 HTTP/1.1\r\nHost: h\r\n\r\n");
    char *response = raw_receive_response(peer);
    expect_start(response, "HTTP/1.1 200 ");
    free(response);
    (void)close(peer);
}

static void answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "GET /show/first HTTP/1.1\r\nHost: h\r\n\r\n"
                                      "GET /show/second HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    char *first = strstr(response, "\"first\"");
    assert_non_null(first);
    assert_non_null(strstr(first, "\"second\""));
    free(response);
}

static void asks_for_admission_before_anything_is_told(void **state)
{
    (void)state;
    expect_problem(raw_talk(s_port, "GET /nowhere HTTP/1.1\r\nHost: h\r\nX-Stranger: 1\r\nConnection: close\r\n\r\n"),
                   "HTTP/1.1 401 ", "/problems/unauthenticated");
}

static void leaves_out_reply_headers_that_would_split_it(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "GET /headers HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect_start(response, "HTTP/1.1 201 ");
    assert_non_null(strstr(response, "Location: /x\r\n"));
    assert_null(strstr(response, "Evil"));
    assert_null(strstr(response, "X-Colon"));
    assert_null(strstr(response, "Content-Type"));
    free(response);
}

static void writes_problems_as_json(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "GET /problem HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(response, "Retry-After: 7\r\n"));
    json_t *problem = json_of(response);
    expect_member(problem, "title", "Temporal \"down\".");
    json_decref(problem);
    expect_problem(response, "HTTP/1.1 503 ", "/problems/no-temporal");
}

static void refuses_headers_over_the_connections_memory(void **state)
{
    (void)state;
    size_t length = (size_t)40 << 10;
    char *request = memory_alloc(length + 128);
    (void)snprintf(request, 128, "GET /show/1 HTTP/1.1\r\nHost: h\r\nX-Long: ");
    memset(request + strlen(request), 'x', length);
    memcpy(request + strlen(request), "\r\n\r\n", 5);
    int peer = raw_connect(s_port);
    raw_send(peer, request);
    char *response = raw_receive_response(peer);
    expect_start(response, "HTTP/1.1 431 ");
    free(response);
    free(request);
    (void)close(peer);
}

static void survives_garbage(void **state)
{
    static const char *const garbage[] = {"\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n",
                                          "GET / HTTP/9.9\r\n\r\n",
                                          "POST /show/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\ncut"};
    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        int peer = raw_connect(s_port);
        raw_send(peer, garbage[i]);
        (void)close(peer);
    }
    char *response = raw_talk(s_port, "GET /show/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    expect_start(response, "HTTP/1.1 200 ");
    free(response);
}

/* A request is counted when its connection's thread has done with it, which may be a moment after its answer came. */
static void expect_counted(const char *series)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    bool is_counted = false;
    while (!is_counted) {
        struct buffer text;
        buffer_init(&text, METRICS_TEXT_MAX);
        metrics_write(s_metrics, &text);
        is_counted = strstr(text.data, series) != NULL;
        assert_null(strstr(text.data, "nowhere"));
        buffer_deinit(&text);
        if (!is_counted && clock_monotonic_ms() > end_ms) {
            fail_msg("not counted: %s", series);
        }
    }
}

static void counts_by_pattern_and_never_by_path(void **state)
{
    (void)state;
    int peer = raw_connect(s_port);
    raw_send(peer, "HEAD /show/counted HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    free(raw_receive_to_end(peer));
    (void)close(peer);
    expect_counted("ferry_http_server_requests_total{method=\"GET\",route=\"/show/{id}\",status=\"200\"}");
    expect_counted("method=\"HEAD\",route=\"/show/{id}\",status=\"200\"");
    expect_counted("method=\"POST\",route=\"/small\",status=\"413\"");
    expect_counted("route=\"none\",status=\"404\"");
    expect_counted("ferry_http_server_request_seconds_bucket{method=\"GET\",route=\"/show/{id}\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_handlers_the_request),
        cmocka_unit_test(tells_headers_by_their_beginning),
        cmocka_unit_test(takes_chunked_bodies),
        cmocka_unit_test(answers_head_like_get_without_a_body),
        cmocka_unit_test(says_404_and_405),
        cmocka_unit_test(refuses_invalid_targets),
        cmocka_unit_test(refuses_ambiguous_lengths_and_closes),
        cmocka_unit_test(refuses_malformed_lengths_and_missing_hosts),
        cmocka_unit_test(says_413_before_the_body_comes),
        cmocka_unit_test(says_413_in_the_midst_of_a_chunked_body),
        cmocka_unit_test(says_413_instead_of_continue),
        cmocka_unit_test(lets_a_sender_of_a_long_body_read_an_early_answer),
        cmocka_unit_test(takes_a_body_of_exactly_the_limit),
        cmocka_unit_test(keeps_connections_through_errors),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(asks_for_admission_before_anything_is_told),
        cmocka_unit_test(leaves_out_reply_headers_that_would_split_it),
        cmocka_unit_test(writes_problems_as_json),
        cmocka_unit_test(refuses_headers_over_the_connections_memory),
        cmocka_unit_test(survives_garbage),
        cmocka_unit_test(counts_by_pattern_and_never_by_path),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
