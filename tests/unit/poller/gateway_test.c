/* The poller's calls to the gateway: how long an answer may be. */
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

static void on_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct seen *seen = user;
    (void)error;
    seen->is_done = true;
    seen->length = response != NULL ? response->body_length : 0;
}

static void the_answer_to_the_longest_wait_is_taken(void **state)
{
    (void)state;
    const struct http_route route = {.method = "POST", .path = "/v1/runs/wait", .handler = on_wait};
    const struct http_server_options server_options = {.listen = "127.0.0.1:0", .routes = &route, .route_count = 1};
    const struct http_client_options client_options = {.max_connections_per_host = 1};
    struct http_server *server = NULL;
    struct http_client *http = NULL;
    struct loop *loop = loop_new();
    struct seen seen = {0};
    char url[64];
    assert_int_equal(http_server_start(&server_options, &server, NULL), STATUS_OK);
    assert_int_equal(http_client_new(loop, &client_options, &http, NULL), STATUS_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", http_server_port(server));
    struct gateway *gateway = gateway_new(&(struct gateway_options){.http = http, .url = url});
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    (void)gateway_wait_runs(gateway, "{}", 2, until_ms, on_answer, &seen);
    while (!seen.is_done) {
        loop_run_once(loop, 1000);
    }
    assert_int_equal(seen.length, ANSWER_BYTES);
    gateway_destroy(gateway);
    http_client_destroy(http);
    loop_destroy(loop);
    http_server_destroy(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_to_the_longest_wait_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
