/* Who is let in by a bearer token. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/loop.h"
#include "http/client.h"
#include "http/server.h"
#include "service/bearer_token.h"

#define PATIENCE_MS 20000

struct fixture {
    struct loop *loop;
    struct http_client *http;
    struct http_server *server;
    struct secret *token;
    char url[64];
    int status;
    bool has_challenge;
};

static void on_request(struct http_exchange *exchange, void *user)
{
    struct fixture *fixture = user;
    if (service_admit_token(exchange, fixture->token)) {
        http_exchange_reply(exchange, 204, "text/plain", NULL, 0, "", 0);
    }
}

static int set_up(void **state)
{
    static struct fixture fixture;
    const struct http_route route = {.method = "GET", .path = "/", .handler = on_request, .user = &fixture};
    const struct http_server_options server = {.listen = "127.0.0.1:0", .routes = &route, .route_count = 1};
    const struct http_client_options client = {.max_connections_per_host = 1};
    fixture = (struct fixture){.loop = loop_new(), .token = secret_new("right")};
    assert_int_equal(http_server_start(&server, &fixture.server, NULL), STATUS_OK);
    assert_int_equal(http_client_new(fixture.loop, &client, &fixture.http, NULL), STATUS_OK);
    (void)snprintf(fixture.url, sizeof fixture.url, "http://127.0.0.1:%d/", http_server_port(fixture.server));
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    http_client_destroy(fixture->http);
    http_server_destroy(fixture->server);
    loop_destroy(fixture->loop);
    secret_destroy(fixture->token);
    return 0;
}

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct fixture *fixture = user;
    assert_null(error);
    fixture->status = response->status;
    fixture->has_challenge = http_response_header(response, "www-authenticate") != NULL;
}

/* authorization NULL: without the header. */
static int ask(struct fixture *fixture, const char *authorization)
{
    const struct http_header header = {.name = "Authorization", .value = authorization};
    const struct http_request request = {.method = "GET", .url = fixture->url, .headers = &header,
                                         .header_count = authorization != NULL ? 1 : 0,
                                         .deadline_ms = clock_monotonic_ms() + PATIENCE_MS};
    fixture->status = 0;
    (void)http_client_send(fixture->http, &request, on_answer, fixture);
    while (fixture->status == 0) {
        loop_run_once(fixture->loop, 1000);
    }
    return fixture->status;
}

static void the_right_token_is_let_in(void **state)
{
    assert_int_equal(ask(*state, "Bearer right"), 204);
    assert_int_equal(ask(*state, "bearer right"), 204); /* schemes know no case (RFC 9110, section 11.1) */
}

static void anything_else_is_asked_for_a_token(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wrong[] = {NULL,           "Bearer",      "Bearer wrong", "Bearer rig",
                                        "Bearer right2", "Basic right", "right"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ask(fixture, wrong[i]), 401);
        assert_true(fixture->has_challenge);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_right_token_is_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(anything_else_is_asked_for_a_token, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
