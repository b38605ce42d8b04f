/* The operator's routes over HTTP: who is let in, what is answered. */
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
#include "http/client.h"
#include "http/server.h"
#include "operator.h"
#include "support_fakes.h"

#define PATIENCE_MS 20000

struct desk {
    struct fakes *fakes;
    struct operator *operator;
    struct http_server *server;
    int status; /* of the last answer; 0: none yet */
    char *body;
};

static void desk_open(struct desk *desk, struct secret *token)
{
    struct http_route routes[SERVICE_API_ROUTES_MAX];
    *desk = (struct desk){.fakes = fakes_new(true, 60)};
    fakes_settings(desk->fakes)->poller.admin_listen = memory_copy_string("127.0.0.1:8081");
    fakes_start(desk->fakes);
    desk->operator = operator_new(fakes_loop(desk->fakes), fakes_poller(desk->fakes), fakes_settings(desk->fakes),
                                  token);
    for (size_t i = 0; i < operator_route_count; i++) {
        routes[i] = (struct http_route){.method = operator_routes[i].method,
                                        .path = operator_routes[i].path,
                                        .handler = operator_routes[i].handler,
                                        .user = desk->operator};
    }
    const struct http_server_options options = {
        .listen = "127.0.0.1:0", .routes = routes, .route_count = operator_route_count};
    assert_int_equal(http_server_start(&options, &desk->server, NULL), STATUS_OK);
}

static void desk_close(struct desk *desk)
{
    (void)http_server_drain(desk->server, clock_monotonic_ms() + 2000);
    http_server_destroy(desk->server);
    operator_destroy(desk->operator);
    free(fakes_settings(desk->fakes)->poller.admin_listen);
    fakes_destroy(desk->fakes);
    free(desk->body);
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct desk *desk = user;
    assert_null(error);
    desk->status = response->status;
    free(desk->body);
    desk->body = memory_copy(response->body, response->body_length);
}

static int ask(struct desk *desk, const char *method, const char *path, const char *token)
{
    char authorization[64];
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    char *url = memory_format("http://127.0.0.1:%d%s", http_server_port(desk->server), path);
    (void)snprintf(authorization, sizeof authorization, "Bearer %s", token != NULL ? token : "");
    const struct http_header header = {"Authorization", authorization};
    const struct http_request request = {.method = method,
                                         .url = url,
                                         .headers = &header,
                                         .header_count = token != NULL ? 1 : 0,
                                         .deadline_ms = until_ms};
    desk->status = 0;
    (void)http_client_send(fakes_http(desk->fakes), &request, on_answer, desk);
    while (desk->status == 0) {
        assert_true(clock_monotonic_ms() < until_ms);
        loop_run_once(fakes_loop(desk->fakes), 20);
    }
    free(url);
    return desk->status;
}

static void queues_and_lanes_are_listed(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, NULL);
    fakes_send(desk.fakes, "a1", "A", "1");
    fakes_expect(desk.fakes, "wait", 1);
    assert_int_equal(ask(&desk, "GET", "/v1/queues", NULL), 200);
    assert_non_null(strstr(desk.body, "{\"queues\":[{\"name\":\"test.fifo\""));
    assert_int_equal(ask(&desk, "GET", "/v1/queues/test.fifo/lanes?limit=1", NULL), 200);
    assert_non_null(strstr(desk.body, "\"messageId\":\"a1\""));
    assert_int_equal(ask(&desk, "GET", "/v1/queues/test.fifo/lanes?limit=0", NULL), 400);
    assert_int_equal(ask(&desk, "GET", "/v1/queues/test.fifo/lanes?limit=x", NULL), 400);
    assert_int_equal(ask(&desk, "GET", "/v1/queues/other/lanes", NULL), 404);
    assert_non_null(strstr(desk.body, "/problems/unknown-queue"));
    desk_close(&desk);
}

static void orders_are_done_or_say_why_not(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, NULL);
    fakes_send(desk.fakes, "a1", "A", "1");
    fakes_expect(desk.fakes, "wait", 1);
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/messages/a1/retry", NULL), 409);
    assert_non_null(strstr(desk.body, "its run is open"));
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/messages/a1/dead-letter", NULL), 409);
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/messages/zz/skip", NULL), 404);
    assert_non_null(strstr(desk.body, "/problems/message-not-in-hand"));
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/messages/a1/skip", NULL), 200);
    assert_string_equal(desk.body, "{\"queue\":\"test.fifo\",\"messageId\":\"a1\",\"order\":\"skip\"}");
    fakes_expect(desk.fakes, "delete a1", 1);
    desk_close(&desk);
}

static void a_queue_is_paused_and_resumed(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, NULL);
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/pause", NULL), 200);
    assert_string_equal(desk.body, "{\"queue\":\"test.fifo\",\"paused\":true}");
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/resume", NULL), 200);
    assert_string_equal(desk.body, "{\"queue\":\"test.fifo\",\"paused\":false}");
    desk_close(&desk);
}

static void without_the_token_nobody_is_let_in(void **state)
{
    (void)state;
    struct desk desk;
    struct secret *token = secret_new("secret");
    desk_open(&desk, token);
    assert_int_equal(ask(&desk, "GET", "/v1/queues", NULL), 401);
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/pause", "wrong"), 401);
    assert_int_equal(ask(&desk, "POST", "/v1/queues/test.fifo/pause", "secret"), 200);
    desk_close(&desk);
    secret_destroy(token);
}

static void without_a_configured_token_only_loopback_is_served(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, NULL);
    free(fakes_settings(desk.fakes)->poller.admin_listen);
    fakes_settings(desk.fakes)->poller.admin_listen = memory_copy_string("0.0.0.0:8081");
    assert_int_equal(ask(&desk, "GET", "/v1/queues", NULL), 403);
    assert_non_null(strstr(desk.body, "token-not-configured"));
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_and_lanes_are_listed),
        cmocka_unit_test(orders_are_done_or_say_why_not),
        cmocka_unit_test(a_queue_is_paused_and_resumed),
        cmocka_unit_test(without_the_token_nobody_is_let_in),
        cmocka_unit_test(without_a_configured_token_only_loopback_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
