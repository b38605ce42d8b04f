/* The client, against our own server where answers are whole and against scripted peers where they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/client.h"
#include "http/server.h"
#include "support.h"

#define SCRIPT(text) (text), sizeof(text) - 1

static struct http_server *s_server;
static int s_port;

static void echo(struct http_exchange *exchange, void *user)
{
    size_t length = 0;
    const char *body = http_exchange_body(exchange, &length);
    const char *type = http_exchange_header(exchange, "Content-Type");
    struct http_header seen = {.name = "X-Seen-Type", .value = type != NULL ? type : "none"};
    (void)user;
    http_exchange_reply(exchange, 200, "text/plain", &seen, 1, body, length);
}

static int start(void **state)
{
    static const struct http_route routes[] = {
        {.method = "GET", .path = "/echo", .handler = echo},    {.method = "POST", .path = "/echo", .handler = echo},
        {.method = "PUT", .path = "/echo", .handler = echo},    {.method = "PATCH", .path = "/echo", .handler = echo},
        {.method = "DELETE", .path = "/echo", .handler = echo},
    };
    struct error error = {0};
    (void)state;
    const struct http_server_options options = {
        .listen = "127.0.0.1:0", .routes = routes, .route_count = sizeof routes / sizeof routes[0],
        .max_body_bytes = (size_t)4 << 20};
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
    return 0;
}

/* One call on a client of its own. */
static void call_alone(struct http_request request, struct answer *answer)
{
    struct test_client test;
    test_client_open(&test);
    test_client_call(&test, request, answer);
    test_client_close(&test);
    assert_int_equal(answer->done_count, 1);
}

/* What the client sends, byte by byte: the head that a peer saw. free() it. */
static char *head_sent(const char *method, const char *path, const struct http_header *headers, size_t count,
                       const char *body)
{
    struct scripted_peer peer;
    struct answer answer = {0};
    scripted_peer_start(&peer, SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
                        PEER_CLOSES);
    char *url = url_of(peer.port, path);
    call_alone((struct http_request){.method = method,
                                     .url = url,
                                     .headers = headers,
                                     .header_count = count,
                                     .body = body,
                                     .body_length = body != NULL ? strlen(body) : 0},
               &answer);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    free(url);
    scripted_peer_stop(&peer);
    char *head = memory_format("%s|%d", peer.request, peer.port);
    free(peer.request);
    return head;
}

static void sends_exactly_what_the_caller_signed(void **state)
{
    const struct http_header headers[] = {{"X-Amz-Target", "AmazonSQS.SendMessage"}, {"X-Empty", ""}};
    (void)state;
    char *head = head_sent("POST", "/a/../b%2Fc/./?q=%20", headers, 2, "{}");
    int port = (int)strtol(strrchr(head, '|') + 1, NULL, 10);
    *strrchr(head, '|') = '\0';
    char *expected = memory_format("POST /a/../b%%2Fc/./?q=%%20 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                   "User-Agent: ferry/%s\r\n"
                                   "X-Amz-Target: AmazonSQS.SendMessage\r\nX-Empty:\r\nContent-Length: 2\r\n\r\n",
                                   port, FERRY_VERSION);
    assert_string_equal(head, expected);
    free(expected);
    free(head);
}

static void keeps_the_callers_content_type_and_accept(void **state)
{
    const struct http_header headers[] = {{"content-type", "application/x-amz-json-1.0"}, {"Accept", "text/html"}};
    (void)state;
    char *head = head_sent("POST", "/", headers, 2, "{}");
    assert_non_null(strstr(head, "\r\ncontent-type: application/x-amz-json-1.0\r\n"));
    assert_null(strstr(head, "Content-Type"));
    assert_non_null(strstr(head, "\r\nAccept: text/html\r\n"));
    free(head);
}

static void sends_no_expect_with_long_bodies(void **state)
{
    (void)state;
    size_t length = (size_t)2 << 20;
    char *body = memory_alloc(length + 1);
    memset(body, 'x', length);
    struct answer answer = {0};
    char *url = url_of(s_port, "/echo");
    call_alone((struct http_request){.method = "POST",
                                     .url = url,
                                     .body = body,
                                     .body_length = length,
                                     .max_response_bytes = length},
               &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_length, length);
    assert_memory_equal(answer.body, body, length);
    answer_clear(&answer);
    free(url);
    free(body);
}

static void sends_every_method_on_one_reused_call(void **state)
{
    static const struct {
        const char *method;
        const char *body;
        int status;
    } turns[] = {{"POST", "a", 200}, {"GET", NULL, 200},  {"PUT", "bc", 200}, {"DELETE", NULL, 200},
                 {"HEAD", NULL, 200}, {"GET", NULL, 200}, {"PATCH", "d", 200}, {"POST", "", 200},
                 {"DELETE", "e", 200}, {"GET", NULL, 200}, {"BREW", NULL, 405}};
    struct test_client test;
    (void)state;
    char *url = url_of(s_port, "/echo");
    test_client_open(&test);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        struct answer answer = {.wanted_header = "x-seen-type"};
        const char *body = turns[i].body;
        test_client_call(&test,
                         (struct http_request){.method = turns[i].method,
                                               .url = url,
                                               .body = body,
                                               .body_length = body != NULL ? strlen(body) : 0},
                         &answer);
        assert_int_equal(answer.status, turns[i].status);
        if (answer.status == 200) {
            assert_string_equal(answer.body, body != NULL ? body : "");
            assert_string_equal(answer.header, "none");
        }
        answer_clear(&answer);
    }
    test_client_close(&test);
    free(url);
}

static void uses_a_kept_connection_again(void **state)
{
    struct test_client test;
    (void)state;
    /* The peer answers one request for each connection and leaves the second unanswered: a second request that
     * opened a new connection would be answered. */
    struct scripted_peer peer;
    scripted_peer_start(&peer, SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), PEER_IS_SILENT);
    char *url = url_of(peer.port, "/");
    struct answer first = {0};
    struct answer second = {0};
    test_client_open(&test);
    test_client_call(&test, (struct http_request){.method = "GET", .url = url}, &first);
    assert_int_equal(first.status, 200);
    test_client_call(&test,
                     (struct http_request){.method = "GET", .url = url, .deadline_ms = clock_monotonic_ms() + 50},
                     &second);
    assert_int_equal(second.error.status, STATUS_DEADLINE_EXCEEDED);
    test_client_close(&test);
    scripted_peer_stop(&peer);
    free(peer.request);
    assert_int_equal(peer.accepted, 1);
    answer_clear(&first);
    free(url);
}

static void opens_a_new_connection_when_the_kept_one_was_closed(void **state)
{
    struct scripted_peer peer;
    struct test_client test;
    (void)state;
    scripted_peer_start(&peer, SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), PEER_CLOSES);
    char *url = url_of(peer.port, "/");
    test_client_open(&test);
    for (int i = 0; i < 5; i++) {
        struct answer answer = {0};
        test_client_call(&test, (struct http_request){.method = "POST", .url = url, .body = "x", .body_length = 1},
                         &answer);
        assert_int_equal(answer.status, 200);
        answer_clear(&answer);
    }
    test_client_close(&test);
    scripted_peer_stop(&peer);
    free(peer.request);
    assert_int_equal(peer.accepted, 5);
    free(url);
}

static void repeats_a_request_when_a_kept_connection_dies_unanswered(void **state)
{
    struct scripted_peer peer;
    struct test_client test;
    (void)state;
    scripted_peer_start(&peer, SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), PEER_CLOSES_ON_MORE);
    char *url = url_of(peer.port, "/");
    test_client_open(&test);
    for (int i = 0; i < 2; i++) {
        struct answer answer = {0};
        test_client_call(&test, (struct http_request){.method = "POST", .url = url, .body = "x", .body_length = 1},
                         &answer);
        assert_int_equal(answer.status, 200);
        answer_clear(&answer);
    }
    test_client_close(&test);
    scripted_peer_stop(&peer);
    free(peer.request);
    assert_int_equal(peer.accepted, 2);
    free(url);
}

static void expect_failure(const char *bytes, size_t length, enum status expected)
{
    struct scripted_peer peer;
    struct answer answer = {0};
    scripted_peer_start(&peer, bytes, length, PEER_CLOSES);
    char *url = url_of(peer.port, "/");
    call_alone((struct http_request){.method = "GET", .url = url, .max_response_bytes = 4}, &answer);
    if (answer.error.status != expected) {
        fail_msg("expected %s, got %s (%s), response %d", status_name(expected), status_name(answer.error.status),
                 answer.error.text, answer.status);
    }
    assert_true(answer.error.text[0] != '\0');
    answer_clear(&answer);
    scripted_peer_stop(&peer);
    free(peer.request);
    free(url);
}

static void says_unavailable_for_broken_answers(void **state)
{
    (void)state;
    expect_failure(SCRIPT(""), STATUS_UNAVAILABLE);
    expect_failure(SCRIPT("garbage\r\n\r\n"), STATUS_UNAVAILABLE);
    expect_failure(SCRIPT("HTTP/1.1 200 OK\r\nContent-Le"), STATUS_UNAVAILABLE);
    expect_failure(SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), STATUS_UNAVAILABLE);
    expect_failure(SCRIPT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), STATUS_UNAVAILABLE);
    expect_failure(SCRIPT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), STATUS_UNAVAILABLE);
    expect_failure(SCRIPT("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), STATUS_UNAVAILABLE);
}

static void says_too_large_for_long_bodies(void **state)
{
    (void)state;
    expect_failure(SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"), STATUS_TOO_LARGE);
    expect_failure(SCRIPT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"),
                   STATUS_TOO_LARGE);
}

static void says_too_large_for_long_headers(void **state)
{
    static const char start_line[] = "HTTP/1.1 200 OK\r\n";
    static const char line[] = "X-Filler: 0123456789012345678901234567890123456789012345678901234567\r\n";
    (void)state;
    size_t lines = 1100;
    char *bytes = memory_alloc(sizeof start_line + lines * (sizeof line - 1) + 8);
    memcpy(bytes, start_line, sizeof start_line - 1);
    for (size_t i = 0; i < lines; i++) {
        memcpy(bytes + sizeof start_line - 1 + i * (sizeof line - 1), line, sizeof line - 1);
    }
    memcpy(bytes + sizeof start_line - 1 + lines * (sizeof line - 1), "\r\n", sizeof "\r\n");
    expect_failure(bytes, strlen(bytes), STATUS_TOO_LARGE);
    free(bytes);
}

static void takes_the_final_response_behind_interim_ones(void **state)
{
    struct scripted_peer peer;
    struct answer answer = {.wanted_header = "x-last"};
    (void)state;
    scripted_peer_start(&peer,
                        SCRIPT("HTTP/1.1 103 Early Hints\r\nX-Last: no\r\n\r\n"
                               "HTTP/1.1 201 Created\r\nX-LAST: \t yes \r\nContent-Length: 1\r\n\r\nz"),
                        PEER_CLOSES);
    char *url = url_of(peer.port, "/");
    call_alone((struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.status, 201);
    assert_string_equal(answer.header, "yes");
    assert_string_equal(answer.body, "z");
    answer_clear(&answer);
    scripted_peer_stop(&peer);
    free(peer.request);
    free(url);
}

static void does_not_follow_redirects(void **state)
{
    struct scripted_peer peer;
    struct answer answer = {.wanted_header = "location"};
    (void)state;
    scripted_peer_start(&peer,
                        SCRIPT("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
                        PEER_CLOSES);
    char *url = url_of(peer.port, "/");
    call_alone((struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.status, 302);
    assert_string_equal(answer.header, "http://127.0.0.1:1/");
    answer_clear(&answer);
    scripted_peer_stop(&peer);
    free(peer.request);
    free(url);
}

static void ends_a_slow_call_at_its_deadline(void **state)
{
    struct scripted_peer peer;
    struct answer answer = {0};
    (void)state;
    scripted_peer_start(&peer, SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), PEER_IS_SILENT);
    char *url = url_of(peer.port, "/");
    call_alone((struct http_request){.method = "GET", .url = url, .deadline_ms = clock_monotonic_ms() + 50}, &answer);
    assert_int_equal(answer.error.status, STATUS_DEADLINE_EXCEEDED);
    assert_true(answer.error.retryable);
    scripted_peer_stop(&peer);
    free(peer.request);
    free(url);
}

static void ends_a_call_that_waits_for_a_connection_at_its_deadline(void **state)
{
    struct http_client_options options = {.max_connections_per_host = 1};
    struct test_client test = {.loop = loop_new()};
    struct scripted_peer peer;
    struct error error = {0};
    struct answer first = {0};
    struct answer second = {0};
    (void)state;
    scripted_peer_start(&peer, SCRIPT(""), PEER_IS_SILENT);
    char *url = url_of(peer.port, "/");
    assert_int_equal(http_client_new(test.loop, &options, &test.client, &error), STATUS_OK);
    struct http_request request = {.method = "GET", .url = url, .deadline_ms = INT64_MAX};
    struct http_call *busy = http_client_send(test.client, &request, answer_take, &first);
    test_client_call(&test,
                     (struct http_request){.method = "GET", .url = url, .deadline_ms = clock_monotonic_ms() + 50},
                     &second);
    assert_int_equal(second.error.status, STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(first.done_count, 0);
    http_call_cancel(busy);
    test_client_close(&test);
    scripted_peer_stop(&peer);
    free(peer.request);
    assert_true(peer.accepted <= 1); /* none, if the peer's thread had no turn before it was stopped */
    free(url);
}

static void does_not_send_after_the_deadline(void **state)
{
    struct answer answer = {0};
    (void)state;
    char *url = url_of(s_port, "/echo");
    call_alone((struct http_request){.method = "GET", .url = url, .deadline_ms = clock_monotonic_ms() - 1}, &answer);
    assert_int_equal(answer.error.status, STATUS_DEADLINE_EXCEEDED);
    free(url);
}

static void says_unavailable_where_nobody_listens(void **state)
{
    struct answer answer = {0};
    (void)state;
    int reserved = -1;
    int port = reserve_port(&reserved);
    char *url = url_of(port, "/");
    call_alone((struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.error.status, STATUS_UNAVAILABLE);
    assert_true(answer.error.retryable);
    (void)close(reserved);
    free(url);
}

static void refuses_requests_that_cannot_be_sent(void **state)
{
    static const struct http_header split = {.name = "X-A", .value = "1\r\nX-B: 2"};
    static const struct http_header bad_name = {.name = "X A", .value = "1"};
    const struct http_request bad[] = {
        {.method = "GET", .url = "ftp://127.0.0.1/"},
        {.method = "GET", .url = "file:///etc/hostname"},
        {.method = "GET", .url = "127.0.0.1:80/"},
        {.method = "GET", .url = "http://"},
        {.method = "GET", .url = "http://127.0.0.1:99999/"},
        {.method = "GET", .url = "http://user:secret@127.0.0.1/"},
        {.method = "GE T", .url = "http://127.0.0.1/"},
        {.method = "", .url = "http://127.0.0.1/"},
        {.method = "GET", .url = "http://127.0.0.1/", .headers = &split, .header_count = 1},
        {.method = "GET", .url = "http://127.0.0.1/", .headers = &bad_name, .header_count = 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct answer answer = {0};
        call_alone(bad[i], &answer);
        if (answer.error.status != STATUS_INVALID_ARGUMENT) {
            fail_msg("request %zu: %s", i, answer.error.text);
        }
        assert_null(strstr(answer.error.text, "secret"));
    }
}

static void talks_over_unix_sockets(void **state)
{
    static const struct http_route route = {.method = "POST", .path = "/echo", .handler = echo};
    struct test_client test;
    char folder[] = "/tmp/ferry-http-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    char *names[] = {memory_format("@ferry-http-test-%ld", (long)getpid()), memory_format("%s/socket", folder)};
    test_client_open(&test);
    for (size_t i = 0; i < 2; i++) {
        struct http_server *server = NULL;
        struct error error = {0};
        struct answer answer = {0};
        char *listen = memory_format("unix:%s", names[i]);
        const struct http_server_options options = {.listen = listen, .routes = &route, .route_count = 1};
        assert_int_equal(http_server_start(&options, &server, &error), STATUS_OK);
        assert_int_equal(http_server_port(server), 0);
        test_client_call(&test,
                         (struct http_request){.method = "POST",
                                               .url = "http://ferry/echo",
                                               .body = names[i],
                                               .body_length = strlen(names[i]),
                                               .unix_socket = names[i]},
                         &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, names[i]);
        answer_clear(&answer);
        http_server_destroy(server);
        free(listen);
    }
    /* The same call goes back to TCP. */
    struct answer answer = {0};
    char *url = url_of(s_port, "/echo");
    test_client_call(&test, (struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    test_client_close(&test);
    free(url);
    free(names[0]);
    free(names[1]);
    assert_int_equal(rmdir(folder), 0);
}

static void never_asks_a_proxy_for_loopback(void **state)
{
    struct answer answer = {0};
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
    assert_int_equal(setenv("no_proxy", "example.org", 1), 0);
    char *url = memory_format("http://localhost:%d/echo", s_port);
    char *numeric = url_of(s_port, "/echo");
    call_alone((struct http_request){.method = "GET", .url = numeric}, &answer);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    call_alone((struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(unsetenv("no_proxy"), 0);
    free(numeric);
    free(url);
}

/* An address of this machine that is not loopback by its looks. */
static void asks_no_proxy_for_the_service_itself(void **state)
{
    struct answer answer = {0};
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1/", 1), 0);
    char *url = memory_format("http://0.0.0.0:%d/echo", s_port);
    call_alone((struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.error.status, STATUS_UNAVAILABLE);
    answer_clear(&answer);
    call_alone((struct http_request){.method = "GET", .url = url, .is_own_service = true}, &answer);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    assert_int_equal(unsetenv("http_proxy"), 0);
    free(url);
}

struct chain {
    struct test_client test;
    struct http_request request;
    struct http_call *victim;
    int done;
    int victims;
};

static void count_victim(void *user, const struct http_response *response, const struct error *error)
{
    struct chain *chain = user;
    (void)response;
    (void)error;
    chain->victims++;
}

static void send_next(void *user, const struct http_response *response, const struct error *error)
{
    struct chain *chain = user;
    assert_null(error);
    assert_int_equal(response->status, 200);
    chain->done++;
    if (chain->victim != NULL) {
        http_call_cancel(chain->victim);
        chain->victim = NULL;
    }
    if (chain->done < 5) {
        (void)http_client_send(chain->test.client, &chain->request, send_next, chain);
    }
}

static void lets_callbacks_send_and_cancel(void **state)
{
    struct chain chain = {0};
    struct scripted_peer silent;
    (void)state;
    scripted_peer_start(&silent, SCRIPT(""), PEER_IS_SILENT);
    char *url = url_of(s_port, "/echo");
    char *silent_url = url_of(silent.port, "/");
    test_client_open(&chain.test);
    int64_t deadline_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    chain.request = (struct http_request){.method = "GET", .url = silent_url, .deadline_ms = deadline_ms};
    chain.victim = http_client_send(chain.test.client, &chain.request, count_victim, &chain);
    chain.request.url = url;
    (void)http_client_send(chain.test.client, &chain.request, send_next, &chain);
    assert_int_equal(http_client_in_flight(chain.test.client), 2);
    test_client_run(&chain.test, &chain.done, 5);
    assert_int_equal(http_client_in_flight(chain.test.client), 0);
    test_client_close(&chain.test);
    assert_int_equal(chain.victims, 0);
    scripted_peer_stop(&silent);
    free(silent.request);
    free(silent_url);
    free(url);
}

static void cancels_calls_that_failed_or_never_ran(void **state)
{
    struct test_client test;
    struct answer answer = {0};
    (void)state;
    char *url = url_of(s_port, "/echo");
    test_client_open(&test);
    struct http_request request = {.method = "GET", .url = "ftp://x/", .deadline_ms = INT64_MAX};
    struct http_call *failed = http_client_send(test.client, &request, answer_take, &answer);
    request.url = url;
    struct http_call *fresh = http_client_send(test.client, &request, answer_take, &answer);
    http_call_cancel(failed);
    http_call_cancel(fresh);
    assert_int_equal(http_client_in_flight(test.client), 0);
    test_client_call(&test, (struct http_request){.method = "GET", .url = url}, &answer);
    assert_int_equal(answer.done_count, 1);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
    test_client_close(&test);
    free(url);
}

static void tells_canceled_when_the_client_ends(void **state)
{
    struct test_client test;
    struct answer running = {0};
    struct answer failed = {0};
    (void)state;
    char *url = url_of(s_port, "/echo");
    test_client_open(&test);
    struct http_request request = {.method = "GET", .url = url, .deadline_ms = INT64_MAX};
    (void)http_client_send(test.client, &request, answer_take, &running);
    request.url = "ftp://x/";
    (void)http_client_send(test.client, &request, answer_take, &failed);
    test_client_close(&test);
    assert_int_equal(running.done_count, 1);
    assert_int_equal(running.error.status, STATUS_CANCELED);
    assert_int_equal(failed.done_count, 1);
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_exactly_what_the_caller_signed),
        cmocka_unit_test(keeps_the_callers_content_type_and_accept),
        cmocka_unit_test(sends_no_expect_with_long_bodies),
        cmocka_unit_test(sends_every_method_on_one_reused_call),
        cmocka_unit_test(uses_a_kept_connection_again),
        cmocka_unit_test(opens_a_new_connection_when_the_kept_one_was_closed),
        cmocka_unit_test(repeats_a_request_when_a_kept_connection_dies_unanswered),
        cmocka_unit_test(says_unavailable_for_broken_answers),
        cmocka_unit_test(says_too_large_for_long_bodies),
        cmocka_unit_test(says_too_large_for_long_headers),
        cmocka_unit_test(takes_the_final_response_behind_interim_ones),
        cmocka_unit_test(does_not_follow_redirects),
        cmocka_unit_test(ends_a_slow_call_at_its_deadline),
        cmocka_unit_test(ends_a_call_that_waits_for_a_connection_at_its_deadline),
        cmocka_unit_test(does_not_send_after_the_deadline),
        cmocka_unit_test(says_unavailable_where_nobody_listens),
        cmocka_unit_test(refuses_requests_that_cannot_be_sent),
        cmocka_unit_test(talks_over_unix_sockets),
        cmocka_unit_test(never_asks_a_proxy_for_loopback),
        cmocka_unit_test(asks_no_proxy_for_the_service_itself),
        cmocka_unit_test(lets_callbacks_send_and_cancel),
        cmocka_unit_test(cancels_calls_that_failed_or_never_ran),
        cmocka_unit_test(tells_canceled_when_the_client_ends),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
