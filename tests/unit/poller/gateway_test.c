/* The poller's calls to the gateway: how long an answer may be, what a request says of our patience, and what is said
 * of answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "gateway.h"
#include "http/server.h"

#define ANSWER_BYTES ((size_t)31 << 20) /* about what 1,000 runs with the longest texts, all escaped, take */
#define PATIENCE_MS 20000

struct seen {
    long time_left_ms; /* read by the server's thread before it answers */
    size_t length;
    bool is_done;
};

static void on_wait(struct http_exchange *exchange, void *user)
{
    (void)user;
    char *body = memory_alloc(ANSWER_BYTES);
    memset(body, ' ', ANSWER_BYTES);
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, body, ANSWER_BYTES);
    free(body);
}

static void on_events(struct http_exchange *exchange, void *user)
{
    struct seen *seen = user;
    const char *header = http_exchange_header(exchange, "ferry-time-left-ms");
    seen->time_left_ms = header != NULL ? strtol(header, NULL, 10) : -1;
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, "{}", 2);
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct seen *seen = user;
    (void)error;
    seen->is_done = true;
    seen->length = response != NULL ? response->body_length : 0;
}

/* A server with one route, and the poller's gateway that calls it. */
struct fixture {
    struct http_server *server;
    struct http_client *http;
    struct loop *loop;
    struct gateway *gateway;
    struct seen seen;
};

static struct fixture *fixture_new(const char *path, http_handler_fn *handler)
{
    struct fixture *fixture = memory_alloc(sizeof *fixture);
    const struct http_route route = {.method = "POST", .path = path, .handler = handler, .user = &fixture->seen};
    const struct http_server_options server_options = {.listen = "127.0.0.1:0", .routes = &route, .route_count = 1};
    const struct http_client_options client_options = {.max_connections_per_host = 1};
    char url[64];
    fixture->loop = loop_new();
    assert_int_equal(http_server_start(&server_options, &fixture->server, NULL), STATUS_OK);
    assert_int_equal(http_client_new(fixture->loop, &client_options, &fixture->http, NULL), STATUS_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", http_server_port(fixture->server));
    fixture->gateway = gateway_new(&(struct gateway_options){.http = fixture->http, .url = url});
    return fixture;
}

static void fixture_run(struct fixture *fixture)
{
    while (!fixture->seen.is_done) {
        loop_run_once(fixture->loop, 1000);
    }
}

static void fixture_destroy(struct fixture *fixture)
{
    gateway_destroy(fixture->gateway);
    http_client_destroy(fixture->http);
    loop_destroy(fixture->loop);
    http_server_destroy(fixture->server);
    free(fixture);
}

static void the_answer_to_the_longest_wait_is_taken(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new("/v1/runs/wait", on_wait);
    (void)gateway_wait_runs(fixture->gateway, "{}", 2, clock_monotonic_ms() + PATIENCE_MS, on_answer, &fixture->seen);
    fixture_run(fixture);
    assert_int_equal(fixture->seen.length, ANSWER_BYTES);
    fixture_destroy(fixture);
}

static void the_gateway_is_told_when_we_give_up(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new("/v1/routes/{route}/events", on_events);
    (void)gateway_send_events(fixture->gateway, "hello-world", "[]", 2, NULL, clock_monotonic_ms() + PATIENCE_MS,
                              on_answer, &fixture->seen);
    fixture_run(fixture);
    assert_in_range(fixture->seen.time_left_ms, 1, PATIENCE_MS);
    fixture_destroy(fixture);
}

static void expect(int status, const char *body, const char *text)
{
    char said[ERROR_TEXT_SIZE];
    const struct http_response response = {.status = status, .body = body, .body_length = strlen(body)};
    gateway_describe(&response, NULL, said, sizeof said);
    assert_string_equal(said, text);
}

static void a_problem_is_told_with_its_detail(void **state)
{
    (void)state;
    expect(503,
           "{\"title\":\"The service is not ready\",\"detail\":\"Temporal at t:7233: NOT_FOUND: Namespace nope is not "
           "found.\"}",
           "HTTP 503: The service is not ready: Temporal at t:7233: NOT_FOUND: Namespace nope is not found.");
    expect(401, "{\"title\":\"A token is needed\"}", "HTTP 401: A token is needed");
}

static void an_answer_of_somebody_else_is_told_as_such(void **state)
{
    (void)state;
    expect(404, "<html>", "HTTP 404 without a problem's title: is this the gateway's address?");
    expect(502, "", "HTTP 502 without a problem's title: is this the gateway's address?");
}

static void a_call_without_an_answer_has_its_error(void **state)
{
    (void)state;
    char said[ERROR_TEXT_SIZE];
    struct error error = {0};
    (void)error_set(&error, STATUS_UNAVAILABLE, "no route to host");
    gateway_describe(NULL, &error, said, sizeof said);
    assert_string_equal(said, "no route to host");
    gateway_describe(NULL, NULL, said, sizeof said);
    assert_string_equal(said, "no answer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_to_the_longest_wait_is_taken),
        cmocka_unit_test(the_gateway_is_told_when_we_give_up),
        cmocka_unit_test(a_problem_is_told_with_its_detail),
        cmocka_unit_test(an_answer_of_somebody_else_is_told_as_such),
        cmocka_unit_test(a_call_without_an_answer_has_its_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
