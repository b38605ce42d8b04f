/* Connections that are refused, and those that do not move on. Deadlines are short; that they are kept is all that is
 * looked at. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <microhttpd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "descriptors.h"
#include "http/server.h"
#include "support.h"

#define SHORT_MS 500 /* a slow machine serves a client in less */
#define LONG_MS 3600000
#define EXTENSION_SIZE ((size_t)30000)
#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

/* Of the server's loop in a second, or the few that a slow machine makes of it. A loop that never waits makes more. */
#define TURNS_MAX 1000
#define TURNS_MS 1000

static atomic_uint s_turns;
static struct metrics *s_metrics;
static struct http_server *s_server;
static struct queue *s_kept;
static int s_port;

/* In the library's place: counts, and calls it. */
enum MHD_Result MHD_run(struct MHD_Daemon *daemon)
{
    union {
        void *found;
        enum MHD_Result (*run)(struct MHD_Daemon *daemon);
    } library = {.found = dlsym(RTLD_NEXT, "MHD_run")};
    atomic_fetch_add(&s_turns, 1U);
    return library.run(daemon);
}

static void answer(struct http_exchange *exchange, void *user)
{
    const char *peer = http_exchange_peer(exchange);
    (void)user;
    assert_ptr_equal(peer, http_exchange_peer(exchange));
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, peer, strlen(peer));
}

static void keep(struct http_exchange *exchange, void *user)
{
    (void)user;
    assert_true(queue_push(s_kept, exchange));
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/", .handler = answer},
    {.method = "POST", .path = "/", .handler = answer},
    {.method = "GET", .path = "/kept", .handler = keep},
};

/* All times are long but those given. */
static void start(struct http_server_limits limits)
{
    struct error error = {0};
    limits.header_timeout_ms = limits.header_timeout_ms > 0 ? limits.header_timeout_ms : LONG_MS;
    limits.transfer_timeout_ms = limits.transfer_timeout_ms > 0 ? limits.transfer_timeout_ms : LONG_MS;
    limits.idle_timeout_ms = limits.idle_timeout_ms > 0 ? limits.idle_timeout_ms : LONG_MS;
    s_metrics = metrics_new();
    s_kept = queue_new(4);
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = sizeof s_routes / sizeof s_routes[0],
                                                .metrics = s_metrics,
                                                .limits = limits};
    assert_int_equal(http_server_start(&options, &s_server, &error), STATUS_OK);
    s_port = http_server_port(s_server);
}

static void stop(void)
{
    http_server_destroy(s_server);
    metrics_destroy(s_metrics);
    queue_close(s_kept);
    queue_destroy(s_kept);
}

static unsigned long value_of(const char *series)
{
    struct buffer text;
    buffer_init(&text, METRICS_TEXT_MAX);
    metrics_write(s_metrics, &text);
    const char *line = strstr(text.data, series);
    unsigned long value = line != NULL ? strtoul(line + strlen(series), NULL, 10) : 0;
    buffer_deinit(&text);
    return value;
}

/* Counted, at the latest, when the connection's thread has done with it. */
static void expect_refused(const char *reason, unsigned long count)
{
    char *series = memory_format("ferry_http_server_refused_total{reason=\"%s\"} ", reason);
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (value_of(series) < count && clock_monotonic_ms() < end_ms) {
        ;
    }
    assert_int_equal(value_of(series), count);
    free(series);
}

static void expect_open(unsigned long count)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (value_of("\nferry_http_server_connections ") != count && clock_monotonic_ms() < end_ms) {
        ;
    }
    assert_int_equal(value_of("\nferry_http_server_connections "), count);
}

static void expect_served(int peer)
{
    raw_send(peer, GET);
    char *response = raw_receive_response(peer);
    assert_non_null(strstr(response, " 200 "));
    free(response);
}

static void expect_end(int peer)
{
    char *rest = raw_receive_to_end(peer);
    assert_string_equal(rest, "");
    free(rest);
    (void)close(peer);
}

static void ends_connections_that_send_no_whole_head_in_time(void **state)
{
    static const char *const begins[] = {"", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n"};
    int peers[4];
    (void)state;
    start((struct http_server_limits){.header_timeout_ms = SHORT_MS});
    for (size_t i = 0; i < 4; i++) {
        peers[i] = raw_connect(s_port);
        raw_send(peers[i], begins[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        expect_end(peers[i]);
    }
    expect_refused("header_timeout", 4);
    expect_refused("no_request", 0);
    expect_refused("malformed", 0);
    expect_open(0);
    stop();
}

/* microhttpd's own timeout begins anew with each byte. */
static void is_not_held_up_by_bytes_that_trickle(void **state)
{
    (void)state;
    start((struct http_server_limits){.header_timeout_ms = SHORT_MS});
    int peer = raw_connect(s_port);
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    struct timeval moment = {.tv_usec = 10000};
    char byte = 0;
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment), 0);
    raw_send(peer, "GET / HTTP/1.1\r\nX: ");
    while (recv(peer, &byte, 1, 0) < 0 && (errno == EAGAIN || errno == EINTR)) {
        assert_true(clock_monotonic_ms() < end_ms);
        raw_send(peer, "x");
    }
    (void)close(peer);
    expect_refused("header_timeout", 1);
    stop();
}

static void gives_a_later_head_its_time_from_its_first_line(void **state)
{
    (void)state;
    start((struct http_server_limits){.header_timeout_ms = SHORT_MS});
    int peer = raw_connect(s_port);
    expect_served(peer);
    raw_send(peer, "GET / HTTP/1.1\r\n");
    expect_end(peer);
    expect_refused("header_timeout", 1);
    stop();
}

static void ends_connections_whose_body_comes_too_slowly(void **state)
{
    static const char *const begins[] = {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello", /* answered, but not yet sent */
    };
    int peers[4];
    (void)state;
    start((struct http_server_limits){.transfer_timeout_ms = SHORT_MS});
    for (size_t i = 0; i < 4; i++) {
        peers[i] = raw_connect(s_port);
        raw_send(peers[i], begins[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        expect_end(peers[i]);
    }
    expect_refused("transfer_timeout", 4);
    expect_refused("malformed", 0);
    stop();
}

/* microhttpd can neither use nor answer it, and calls the connection ready until it ends. */
static void a_chunk_extension_without_an_end_costs_little_until_its_deadline(void **state)
{
    (void)state;
    start((struct http_server_limits){.transfer_timeout_ms = TURNS_MS});
    char *extension = memory_alloc(EXTENSION_SIZE + 1);
    memset(extension, 'a', EXTENSION_SIZE);
    int peer = raw_connect(s_port);
    raw_send(peer, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    atomic_store(&s_turns, 0U);
    raw_send(peer, extension);
    expect_end(peer);
    assert_in_range(atomic_load(&s_turns), 1, TURNS_MAX);
    expect_refused("transfer_timeout", 1);
    free(extension);
    stop();
}

static void leaves_handlers_all_their_time(void **state)
{
    (void)state;
    start((struct http_server_limits){
        .header_timeout_ms = SHORT_MS, .transfer_timeout_ms = SHORT_MS, .idle_timeout_ms = SHORT_MS});
    int peer = raw_connect(s_port);
    int idle = raw_connect(s_port);
    raw_send(peer, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_exchange *exchange = queue_pop(s_kept, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
    assert_non_null(exchange);
    expect_served(idle);
    expect_end(idle); /* so all deadlines that there are have come */
    answer(exchange, NULL);
    char *response = raw_receive_response(peer);
    assert_non_null(strstr(response, " 200 "));
    free(response);
    (void)close(peer);
    stop();
}

static void ends_idle_connections_without_calling_that_a_refusal(void **state)
{
    (void)state;
    start((struct http_server_limits){.idle_timeout_ms = SHORT_MS});
    int peer = raw_connect(s_port);
    expect_served(peer);
    expect_end(peer);
    expect_open(0);
    expect_refused("header_timeout", 0);
    expect_refused("transfer_timeout", 0);
    stop();
}

static void refuses_more_connections_than_it_takes_and_serves_those_it_has(void **state)
{
    (void)state;
    start((struct http_server_limits){.max_connections = 2});
    int first = raw_connect(s_port);
    int second = raw_connect(s_port);
    expect_served(first);
    expect_served(second);
    expect_open(2);
    expect_end(raw_connect(s_port));
    expect_end(raw_connect(s_port));
    expect_refused("connections", 2);
    expect_served(first);
    (void)close(second);
    expect_open(1);
    int third = raw_connect(s_port);
    expect_served(third);
    (void)close(first);
    (void)close(third);
    stop();
}

static void refuses_more_connections_of_one_address_than_its_share(void **state)
{
    (void)state;
    start((struct http_server_limits){.max_connections_per_address = 1});
    int first = raw_connect(s_port);
    expect_served(first);
    expect_end(raw_connect(s_port));
    expect_refused("connections_per_address", 1);
    (void)close(first);
    expect_open(0);
    int again = raw_connect(s_port);
    expect_served(again);
    (void)close(again);
    stop();
}

static void makes_room_by_ending_what_has_long_been_idle(void **state)
{
    (void)state;
    start((struct http_server_limits){.max_connections = 1, .header_timeout_ms = SHORT_MS});
    int idle = raw_connect(s_port);
    expect_served(idle);
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (value_of("ferry_http_server_refused_total{reason=\"idle_under_pressure\"} ") == 0) {
        assert_true(clock_monotonic_ms() < end_ms);
        int other = raw_connect(s_port);
        free(raw_receive_to_end(other));
        (void)close(other);
    }
    expect_end(idle);
    expect_open(0);
    int other = raw_connect(s_port);
    expect_served(other);
    (void)close(other);
    stop();
}

static void counts_what_ends_before_its_first_request(void **state)
{
    (void)state;
    start((struct http_server_limits){.max_connections = 10});
    free(raw_talk(s_port, "GET\r\n\r\n"));
    free(raw_talk(s_port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    free(raw_talk(s_port, "\x16\x03\x01\r\n\r\n"));
    expect_refused("no_request", 3);
    int peer = raw_connect(s_port);
    expect_served(peer);
    (void)close(peer);
    expect_open(0);
    expect_refused("no_request", 3);
    stop();
}

static void counts_what_it_refuses_to_read(void **state)
{
    (void)state;
    start((struct http_server_limits){.max_connections = 10});
    free(raw_talk(s_port, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"));
    free(raw_talk(s_port, "GET / HTTP/1.1\r\nno colon\r\n\r\n"));
    free(raw_talk(s_port, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
    expect_refused("malformed", 3);
    free(raw_talk(s_port, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"));
    int peer = raw_connect(s_port);
    raw_send(peer, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n");
    free(raw_receive_response(peer));
    (void)close(peer);
    expect_refused("body_size", 2);
    stop();
}

static void names_peers(void **state)
{
    (void)state;
    start((struct http_server_limits){0});
    char *response = raw_talk(s_port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(response, "\r\n\r\n127.0.0.1"));
    free(response);
    stop();
}

static void ends_while_connections_wait(void **state)
{
    (void)state;
    start((struct http_server_limits){0});
    int silent = raw_connect(s_port);
    int idle = raw_connect(s_port);
    expect_served(idle);
    expect_open(2);
    assert_true(http_server_drain(s_server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    stop();
    (void)close(silent);
    (void)close(idle);
}

static void raises_the_limit_of_open_files_as_far_as_it_may(void **state)
{
    struct rlimit before;
    struct rlimit lower;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    lower = before;
    lower.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    assert_int_equal(descriptors_ensure(200), 200);
    assert_int_equal(descriptors_ensure(150), 200);
    assert_int_equal(descriptors_ensure((size_t)before.rlim_max + 1), before.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_connections_that_send_no_whole_head_in_time),
        cmocka_unit_test(is_not_held_up_by_bytes_that_trickle),
        cmocka_unit_test(gives_a_later_head_its_time_from_its_first_line),
        cmocka_unit_test(ends_connections_whose_body_comes_too_slowly),
        cmocka_unit_test(a_chunk_extension_without_an_end_costs_little_until_its_deadline),
        cmocka_unit_test(leaves_handlers_all_their_time),
        cmocka_unit_test(ends_idle_connections_without_calling_that_a_refusal),
        cmocka_unit_test(refuses_more_connections_than_it_takes_and_serves_those_it_has),
        cmocka_unit_test(refuses_more_connections_of_one_address_than_its_share),
        cmocka_unit_test(makes_room_by_ending_what_has_long_been_idle),
        cmocka_unit_test(counts_what_ends_before_its_first_request),
        cmocka_unit_test(counts_what_it_refuses_to_read),
        cmocka_unit_test(names_peers),
        cmocka_unit_test(ends_while_connections_wait),
        cmocka_unit_test(raises_the_limit_of_open_files_as_far_as_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
