/* Heads that can be read in two ways are refused, and their connection ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "head.h"
#include "http/server.h"
#include "support.h"

#define NEXT "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"

static struct http_server *s_server;
static int s_port;

static void answer(struct http_exchange *exchange, void *user)
{
    const char *value = http_exchange_header(exchange, "X-Value");
    (void)user;
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, value, value != NULL ? strlen(value) : 0);
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/", .handler = answer},
    {.method = "POST", .path = "/", .handler = answer},
    {.method = "GET", .path = "/next", .handler = answer},
};

static int start(void **state)
{
    struct error error = {0};
    const struct http_server_options options = {
        .listen = "127.0.0.1:0", .routes = s_routes, .route_count = sizeof s_routes / sizeof s_routes[0]};
    (void)state;
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

/* Sends these bytes and a whole request behind them: what comes back is an error at the most, and never an answer to
 * the second. */
static void expect_refused(const char *bytes, size_t length, const char *status)
{
    int peer = raw_connect(s_port);
    assert_true(send(peer, bytes, length, MSG_NOSIGNAL) == (ssize_t)length);
    raw_send(peer, NEXT);
    char *response = raw_receive_to_end(peer);
    if (strncmp(response, status, strlen(status)) != 0 || strstr(response, " 200 ") != NULL) {
        fail_msg("\"%s\" was answered \"%s\"", bytes, response);
    }
    free(response);
    (void)close(peer);
}

#define EXPECT_REFUSED(bytes) expect_refused((bytes), sizeof(bytes) - 1, "HTTP/1.1 400 ")

static void refuses_lines_that_do_not_end_in_cr_lf(void **state)
{
    (void)state;
    EXPECT_REFUSED("GET / HTTP/1.1\nHost: h\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: 1\nX-Other: 2\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\n\n");
    EXPECT_REFUSED("GET / HTTP/1.1\nHost: h\n\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: a\rb\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.0\n\n");
}

static void refuses_folded_lines(void **state)
{
    (void)state;
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: 1\r\n 2\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: 1\r\n\t2\r\nX-Other: 3\r\n\r\n");
    /* For microhttpd this is "Content-Length: 5". */
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Leng: 5\r\n th\r\n\r\nhello");
}

static void refuses_names_and_values_with_bytes_that_do_not_belong_there(void **state)
{
    (void)state;
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nhello");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX(Value): 1\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX\xc3\xa9: 1\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\n: 1\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: a\x01\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: a\x7f\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Value: a\0b\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX-Va\0lue: a\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\n Host: h\r\n\r\n");
}

static void refuses_first_lines_with_more_than_two_blanks(void **state)
{
    (void)state;
    EXPECT_REFUSED("GET  / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_REFUSED("GET /\0a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_REFUSED("GET / a HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_refused("GET /\r\n\r\n", 9, "HTTP/1.1 ");
}

static void refuses_what_says_twice_how_long_the_body_is(void **state)
{
    (void)state;
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0b" "chunked\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5 \r\n\r\nhello");
    EXPECT_REFUSED("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nhello");
}

static void refuses_no_host_two_hosts_and_what_is_no_host(void **state)
{
    (void)state;
    EXPECT_REFUSED("GET / HTTP/1.1\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n");
    EXPECT_REFUSED("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
}

static void takes_one_way_of_writing_it_with_or_without_white_space_before_values(void **state)
{
    static const char *const good[] = {
        "GET / HTTP/1.1\r\nHost: h\r\nX-Value:1\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:h\r\nX-Value: \t 1\r\nX-Empty:\r\nX-Blank: \r\nConnection: close\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nX-Value: 1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\nX-Value: 1\r\n\r\n",
        "GET http://h/?a=b&c HTTP/1.1\r\nHost: [::1]:80\r\nCookie: a=b; c=d\r\nX-Value: 1\r\nConnection: close\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char *response = raw_talk(s_port, good[i]);
        if (strstr(response, " 200 ") == NULL || strcmp(strstr(response, "\r\n\r\n"), "\r\n\r\n1") != 0) {
            fail_msg("\"%s\" was answered \"%s\"", good[i], response);
        }
        free(response);
    }
    char *response = raw_talk(s_port, "GET / HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(response, " 200 "));
    free(response);
}

static void ends_the_connection_with_a_chunked_body(void **state)
{
    (void)state;
    char *response = raw_talk(s_port, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "2;a=b\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n" NEXT);
    assert_non_null(strstr(response, " 200 "));
    assert_non_null(strstr(response, "Connection: close\r\n"));
    assert_null(strstr(response + 1, "HTTP/1.1 "));
    free(response);
}

/* A head of exactly this size. */
static char *head_of(size_t size)
{
    static const char begin[] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Value: ";
    static const char end[] = "\r\n\r\n";
    char *text = memory_alloc(size + 1);
    memset(text, 'x', size);
    memcpy(text, begin, sizeof begin - 1);
    memcpy(text + size - (sizeof end - 1), end, sizeof end - 1);
    return text;
}

static void takes_a_head_of_exactly_the_limit_and_no_longer_one(void **state)
{
    (void)state;
    char *fits = head_of(HEAD_SIZE_MAX);
    char *response = raw_talk(s_port, fits);
    assert_non_null(strstr(response, " 200 "));
    free(response);
    free(fits);
    char *too_long = head_of(HEAD_SIZE_MAX + 1);
    response = raw_talk(s_port, too_long);
    assert_int_equal(strncmp(response, "HTTP/1.1 431 ", 13), 0);
    assert_non_null(strstr(response, "/problems/head-too-large"));
    free(response);
    free(too_long);
}

/* microhttpd would make a record of each and, where those do not fit, neither answer nor end. */
static void answers_a_query_of_more_parameters_than_microhttpd_has_room_for(void **state)
{
    char query[3001] = "";
    (void)state;
    for (size_t i = 0; i + 1 < sizeof query; i += 2) {
        memcpy(&query[i], "a&", 2);
    }
    query[sizeof query - 1] = '\0';
    char *request = memory_format("GET /?%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", query);
    char *response = raw_talk(s_port, request);
    assert_int_equal(strncmp(response, "HTTP/1.1 400 ", 13), 0);
    free(response);
    free(request);
}

static void reads_the_second_head_of_a_connection_as_strictly(void **state)
{
    (void)state;
    int peer = raw_connect(s_port);
    raw_send(peer, NEXT);
    free(raw_receive_response(peer));
    raw_send(peer, NEXT "GET / HTTP/1.1\r\nHost: h\r\nX-Value: 1\r\n 2\r\n\r\n" NEXT);
    free(raw_receive_response(peer));
    char *rest = raw_receive_to_end(peer);
    assert_int_equal(strncmp(rest, "HTTP/1.1 400 ", 13), 0);
    assert_null(strstr(rest + 1, "HTTP/1.1 "));
    free(rest);
    (void)close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_lines_that_do_not_end_in_cr_lf),
        cmocka_unit_test(refuses_folded_lines),
        cmocka_unit_test(refuses_names_and_values_with_bytes_that_do_not_belong_there),
        cmocka_unit_test(refuses_first_lines_with_more_than_two_blanks),
        cmocka_unit_test(refuses_what_says_twice_how_long_the_body_is),
        cmocka_unit_test(refuses_no_host_two_hosts_and_what_is_no_host),
        cmocka_unit_test(takes_one_way_of_writing_it_with_or_without_white_space_before_values),
        cmocka_unit_test(ends_the_connection_with_a_chunked_body),
        cmocka_unit_test(takes_a_head_of_exactly_the_limit_and_no_longer_one),
        cmocka_unit_test(answers_a_query_of_more_parameters_than_microhttpd_has_room_for),
        cmocka_unit_test(reads_the_second_head_of_a_connection_as_strictly),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
