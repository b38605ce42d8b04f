/* What the server adds to answers: OPTIONS, headers that were added before, request ids, gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/memory.h"
#include "http/server.h"
#include "support.h"

#define TEXT_LENGTH 5000
#define HUGE_LENGTH (((size_t)1 << 20) + 1)
#define REQUEST(line, headers) line " HTTP/1.1\r\nHost: h\r\n" headers "Connection: close\r\n\r\n"

static struct http_server *s_server;
static int s_port;

static void answer_text(struct http_exchange *exchange, size_t length, const char *type)
{
    char *text = memory_alloc(length);
    memset(text, 'x', length);
    http_exchange_reply(exchange, 200, type, NULL, 0, text, length);
    free(text);
}

static void answer_json(struct http_exchange *exchange, void *user)
{
    (void)user;
    answer_text(exchange, TEXT_LENGTH, "application/json");
}

static void answer_picture(struct http_exchange *exchange, void *user)
{
    (void)user;
    answer_text(exchange, TEXT_LENGTH, "image/png");
}

static void answer_short(struct http_exchange *exchange, void *user)
{
    (void)user;
    answer_text(exchange, 1023, "application/json");
}

static void answer_huge(struct http_exchange *exchange, void *user)
{
    (void)user;
    answer_text(exchange, HUGE_LENGTH, "application/json");
}

static void answer_options(struct http_exchange *exchange, void *user)
{
    (void)user;
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, "its own", 7);
}

/* As CORS does it: all answers get a header, and preflights are answered here. */
static bool admit(struct http_exchange *exchange, void *user)
{
    char allow[HTTP_ALLOW_SIZE];
    (void)user;
    http_exchange_add_header(exchange, "X-Added", "first");
    http_exchange_add_header(exchange, "X-Bad", "a\r\nEvil: 1");
    if (http_exchange_header(exchange, "Access-Control-Request-Method") != NULL) {
        assert_string_equal(http_exchange_method(exchange), "OPTIONS");
        http_exchange_allow(exchange, allow);
        http_exchange_add_header(exchange, "Access-Control-Allow-Methods", allow);
        http_exchange_reply(exchange, 204, NULL, NULL, 0, NULL, 0);
        return false;
    }
    return true;
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/json", .handler = answer_json},
    {.method = "POST", .path = "/json", .handler = answer_json},
    {.method = "GET", .path = "/picture", .handler = answer_picture},
    {.method = "GET", .path = "/short", .handler = answer_short},
    {.method = "GET", .path = "/huge", .handler = answer_huge},
    {.method = "OPTIONS", .path = "/own", .handler = answer_options},
};

static int start(void **state)
{
    struct error error = {0};
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = sizeof s_routes / sizeof s_routes[0],
                                                .admit = admit};
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

static void expect(const char *request, const char *status, const char *const *there, const char *const *missing)
{
    char *response = raw_talk(s_port, request);
    if (strncmp(response, status, strlen(status)) != 0) {
        fail_msg("\"%s\" was answered \"%s\"", request, response);
    }
    for (; there != NULL && *there != NULL; there++) {
        if (strstr(response, *there) == NULL) {
            fail_msg("no \"%s\" in \"%s\"", *there, response);
        }
    }
    for (; missing != NULL && *missing != NULL; missing++) {
        if (strstr(response, *missing) != NULL) {
            fail_msg("\"%s\" in \"%s\"", *missing, response);
        }
    }
    free(response);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void answers_options_with_the_methods_of_the_path(void **state)
{
    (void)state;
    expect(REQUEST("OPTIONS /json", ""), "HTTP/1.1 204 ", TEXTS("Allow: GET, HEAD, POST, OPTIONS\r\n"),
           TEXTS("Content-Length: "));
    expect(REQUEST("OPTIONS /own", ""), "HTTP/1.1 200 ", TEXTS("\r\n\r\nits own"), NULL);
    expect(REQUEST("OPTIONS *", ""), "HTTP/1.1 204 ", TEXTS("Allow: GET, HEAD, POST, OPTIONS\r\n"), NULL);
    expect(REQUEST("OPTIONS /nowhere", ""), "HTTP/1.1 404 ", NULL, TEXTS("Allow: "));
    expect(REQUEST("GET *", ""), "HTTP/1.1 400 ", NULL, NULL);
}

static void lets_admit_answer_preflights(void **state)
{
    (void)state;
    expect(REQUEST("OPTIONS /json", "Access-Control-Request-Method: POST\r\n"), "HTTP/1.1 204 ",
           TEXTS("Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"), TEXTS("\r\nAllow: "));
}

static void keeps_added_headers_for_whatever_is_answered(void **state)
{
    (void)state;
    expect(REQUEST("GET /short", ""), "HTTP/1.1 200 ", TEXTS("X-Added: first\r\n"), TEXTS("Evil"));
    expect(REQUEST("GET /nowhere", ""), "HTTP/1.1 404 ", TEXTS("X-Added: first\r\n"), NULL);
    expect(REQUEST("DELETE /json", ""), "HTTP/1.1 405 ", TEXTS("X-Added: first\r\n"), NULL);
    expect(REQUEST("OPTIONS /json", ""), "HTTP/1.1 204 ", TEXTS("X-Added: first\r\n"), NULL);
}

static void repeats_request_ids_that_can_be_repeated(void **state)
{
    (void)state;
    expect(REQUEST("GET /short", "x-request-id: a-1/2\r\n"), "HTTP/1.1 200 ", TEXTS("X-Request-Id: a-1/2\r\n"), NULL);
    expect(REQUEST("GET /nowhere", "X-Request-Id: a\r\n"), "HTTP/1.1 404 ", TEXTS("X-Request-Id: a\r\n"), NULL);
    expect(REQUEST("GET /short", "X-Request-Id: a b\r\n"), "HTTP/1.1 200 ", NULL, TEXTS("X-Request-Id"));
    expect(REQUEST("GET /short", "X-Request-Id: caf\xc3\xa9\r\n"), "HTTP/1.1 200 ", NULL, TEXTS("X-Request-Id"));
    expect(REQUEST("GET /short", "X-Request-Id:\r\n"), "HTTP/1.1 200 ", NULL, TEXTS("X-Request-Id"));
    char *longest = memory_format(REQUEST("GET /short", "X-Request-Id: %0128d\r\n"), 1);
    char *longer = memory_format(REQUEST("GET /short", "X-Request-Id: %0129d\r\n"), 1);
    expect(longest, "HTTP/1.1 200 ", TEXTS("X-Request-Id: 000"), NULL);
    expect(longer, "HTTP/1.1 200 ", NULL, TEXTS("X-Request-Id"));
    free(longest);
    free(longer);
}

static void compresses_long_texts_for_those_who_take_that(void **state)
{
    unsigned char back[TEXT_LENGTH];
    (void)state;
    int peer = raw_connect(s_port);
    raw_send(peer, "GET /json HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip\r\n\r\n");
    char *response = raw_receive_response(peer);
    assert_non_null(strstr(response, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(response, "Vary: Accept-Encoding\r\n"));
    const char *length = strstr(response, "Content-Length: ");
    z_stream stream = {.next_in = (const Bytef *)strstr(response, "\r\n\r\n") + 4,
                       .avail_in = (uInt)strtoul(length + strlen("Content-Length: "), NULL, 10),
                       .next_out = back,
                       .avail_out = sizeof back};
    assert_int_equal(inflateInit2(&stream, 16 + 15), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, TEXT_LENGTH);
    assert_int_equal(inflateEnd(&stream), Z_OK);
    free(response);
    (void)close(peer);
}

static void sends_everything_else_as_it_is(void **state)
{
    static const char *const plain = "Content-Length: 5000\r\n";
    (void)state;
    expect(REQUEST("GET /json", ""), "HTTP/1.1 200 ", TEXTS(plain, "Vary: Accept-Encoding\r\n"),
           TEXTS("Content-Encoding"));
    expect(REQUEST("GET /json", "Accept-Encoding: gzip;q=0\r\n"), "HTTP/1.1 200 ", TEXTS(plain),
           TEXTS("Content-Encoding"));
    expect(REQUEST("GET /picture", "Accept-Encoding: gzip\r\n"), "HTTP/1.1 200 ", TEXTS(plain),
           TEXTS("Content-Encoding", "Vary"));
    expect(REQUEST("GET /short", "Accept-Encoding: gzip\r\n"), "HTTP/1.1 200 ", TEXTS("Content-Length: 1023\r\n"),
           TEXTS("Content-Encoding", "Vary"));
    expect(REQUEST("HEAD /huge", "Accept-Encoding: gzip\r\n"), "HTTP/1.1 200 ", TEXTS("Content-Length: 1048577\r\n"),
           TEXTS("Content-Encoding"));
}

static void tells_the_compressed_length_to_head_too(void **state)
{
    (void)state;
    expect(REQUEST("HEAD /json", "Accept-Encoding: gzip\r\n"), "HTTP/1.1 200 ", TEXTS("Content-Encoding: gzip\r\n"),
           TEXTS("Content-Length: 5000\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_options_with_the_methods_of_the_path),
        cmocka_unit_test(lets_admit_answer_preflights),
        cmocka_unit_test(keeps_added_headers_for_whatever_is_answered),
        cmocka_unit_test(repeats_request_ids_that_can_be_repeated),
        cmocka_unit_test(compresses_long_texts_for_those_who_take_that),
        cmocka_unit_test(sends_everything_else_as_it_is),
        cmocka_unit_test(tells_the_compressed_length_to_head_too),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
