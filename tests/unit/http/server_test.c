/* The server's life: starting, draining, ending. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/thread.h"
#include "http/server.h"
#include "support.h"

#define ENDINGS 500

static struct queue *s_kept;

static void keep(struct http_exchange *exchange, void *user)
{
    (void)user;
    assert_true(queue_push(s_kept, exchange));
}

static void answer(struct http_exchange *exchange, void *user)
{
    (void)user;
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, "ok", 2);
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/kept", .handler = keep},
    {.method = "GET", .path = "/direct", .handler = answer},
};

static int open_queue(void **state)
{
    (void)state;
    s_kept = queue_new(16);
    return 0;
}

static int close_queue(void **state)
{
    (void)state;
    queue_close(s_kept);
    queue_destroy(s_kept);
    return 0;
}

static enum status try_start(const char *listen, bool reuse_port, struct http_server **out_server, struct error *error)
{
    const struct http_server_options options = {
        .listen = listen, .routes = s_routes, .route_count = 2, .reuse_port = reuse_port};
    return http_server_start(&options, out_server, error);
}

static struct http_server *start(const char *listen)
{
    struct http_server *server = NULL;
    struct error error = {0};
    assert_int_equal(try_start(listen, false, &server, &error), STATUS_OK);
    return server;
}

struct attachment {
    int ended;
    int status;
};

static bool attach(struct http_exchange *exchange, void *user)
{
    if (http_exchange_header(exchange, "X-Attach") != NULL) {
        http_exchange_attach(exchange, user);
        assert_ptr_equal(http_exchange_attachment(exchange), user);
    }
    return true;
}

/* The server's thread; the test looks when the server is gone. */
static void ended(void *user, void *attachment, int status)
{
    struct attachment *seen = attachment;
    assert_ptr_equal(user, s_routes);
    seen->ended++;
    seen->status = status;
}

static void an_attachment_comes_back_once_with_the_status(void **state)
{
    struct attachment attachment = {0};
    struct http_server *server = NULL;
    struct error error = {0};
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = 2,
                                                .admit = attach,
                                                .admit_user = &attachment,
                                                .ended = ended,
                                                .ended_user = (void *)(uintptr_t)s_routes};
    (void)state;
    assert_int_equal(http_server_start(&options, &server, &error), STATUS_OK);
    int port = http_server_port(server);
    free(raw_talk(port, "GET /direct HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    free(raw_talk(port, "GET /none HTTP/1.1\r\nHost: x\r\nX-Attach: 1\r\nConnection: close\r\n\r\n"));
    http_server_destroy(server);
    assert_int_equal(attachment.ended, 1);
    assert_int_equal(attachment.status, 404);
}

static void says_which_address_is_taken(void **state)
{
    struct http_server *second = NULL;
    struct error error = {0};
    (void)state;
    struct http_server *first = start("127.0.0.1:0");
    char *address = memory_format("127.0.0.1:%d", http_server_port(first));
    assert_int_equal(try_start(address, false, &second, &error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(error.text, address));
    assert_null(second);
    http_server_destroy(first);
    /* The port is free again at once. */
    assert_int_equal(try_start(address, false, &second, &error), STATUS_OK);
    http_server_destroy(second);
    free(address);
}

static void shares_a_port_with_another_process(void **state)
{
    struct http_server *first = NULL;
    struct http_server *second = NULL;
    struct error error = {0};
    (void)state;
    assert_int_equal(try_start("127.0.0.1:0", true, &first, &error), STATUS_OK);
    char *address = memory_format("127.0.0.1:%d", http_server_port(first));
    assert_int_equal(try_start(address, true, &second, &error), STATUS_OK);
    http_server_destroy(first);
    char *response = raw_talk(http_server_port(second), "GET /direct HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(response, "200 OK"));
    free(response);
    http_server_destroy(second);
    free(address);
}

static void ends_with_idle_connections_open(void **state)
{
    (void)state;
    struct http_server *server = start("127.0.0.1:0");
    int idle = raw_connect(http_server_port(server));
    raw_send(idle, "GET /direct HTTP/1.1\r\nHost: h\r\n\r\n");
    free(raw_receive_response(idle));
    assert_true(http_server_drain(server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    http_server_destroy(server);
    char *rest = raw_receive_to_end(idle);
    assert_string_equal(rest, "");
    free(rest);
    (void)close(idle);
}

struct draining {
    struct http_server *server;
    bool is_drained;
};

static void drain_main(void *user)
{
    struct draining *draining = user;
    draining->is_drained =
        http_server_drain(draining->server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
}

/* true once connections to the port are refused, which is what a drain does first. */
static bool is_refused(int port)
{
    struct http_server *probe = NULL;
    struct error error = {0};
    char *address = memory_format("127.0.0.1:%d", port);
    bool is_free = try_start(address, false, &probe, &error) == STATUS_OK;
    http_server_destroy(probe);
    free(address);
    return is_free;
}

static void drains_what_is_under_way_and_refuses_what_comes(void **state)
{
    struct error error = {0};
    pthread_t thread;
    (void)state;
    struct draining draining = {.server = start("127.0.0.1:0")};
    int port = http_server_port(draining.server);
    int waiting = raw_connect(port);
    int other = raw_connect(port);
    raw_send(waiting, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_send(other, "GET /direct HTTP/1.1\r\nHost: h\r\n\r\n");
    free(raw_receive_response(other));
    struct http_exchange *exchange = queue_pop(s_kept, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
    assert_non_null(exchange);

    assert_int_equal(thread_start(&thread, "draining", 0, drain_main, &draining, &error), STATUS_OK);
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (!is_refused(port)) {
        assert_true(clock_monotonic_ms() < end_ms);
    }
    raw_send(other, "GET /direct HTTP/1.1\r\nHost: h\r\n\r\n");
    char *refused = raw_receive_to_end(other); /* that it ends: the connection is closed */
    assert_non_null(strstr(refused, "HTTP/1.1 503 "));
    assert_non_null(strstr(refused, "Connection: close\r\n"));
    assert_non_null(strstr(refused, "Retry-After: 1\r\n"));
    assert_non_null(strstr(refused, "/problems/shutting-down"));

    answer(exchange, NULL);
    char *last = raw_receive_to_end(waiting);
    assert_non_null(strstr(last, "HTTP/1.1 200 "));
    assert_non_null(strstr(last, "Connection: close\r\n"));
    thread_join(thread);
    assert_true(draining.is_drained);
    http_server_destroy(draining.server);
    free(refused);
    free(last);
    (void)close(waiting);
    (void)close(other);
}

static void says_when_the_drain_came_to_its_deadline(void **state)
{
    (void)state;
    struct http_server *server = start("127.0.0.1:0");
    int peer = raw_connect(http_server_port(server));
    raw_send(peer, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_exchange *exchange = queue_pop(s_kept, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
    assert_non_null(exchange);
    assert_false(http_server_drain(server, clock_monotonic_ms()));
    answer(exchange, NULL);
    assert_true(http_server_drain(server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    http_server_destroy(server);
    (void)close(peer);
}

/* What handlers need may be gone by then. */
static void runs_no_handler_after_the_drain_for_a_body_that_comes_too_late(void **state)
{
    (void)state;
    struct http_server *server = start("127.0.0.1:0");
    int peer = raw_connect(http_server_port(server));
    raw_send(peer, "GET /direct HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    char *go_on = raw_receive_response(peer); /* so the head was seen before the drain */
    assert_non_null(strstr(go_on, "HTTP/1.1 100 "));
    assert_false(http_server_drain(server, clock_monotonic_ms()));
    raw_send(peer, "{}");
    char *refused = raw_receive_to_end(peer);
    assert_non_null(strstr(refused, "HTTP/1.1 503 "));
    assert_non_null(strstr(refused, "/problems/shutting-down"));
    http_server_destroy(server);
    free(go_on);
    free(refused);
    (void)close(peer);
}

static void answer_later_main(void *user)
{
    answer(user, NULL);
}

static void end_while_answering(void)
{
    struct error error = {0};
    pthread_t thread;
    struct http_server *server = start("127.0.0.1:0");
    int peer = raw_connect(http_server_port(server));
    raw_send(peer, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_exchange *exchange = queue_pop(s_kept, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
    assert_int_equal(thread_start(&thread, "answering", 0, answer_later_main, exchange, &error), STATUS_OK);
    http_server_destroy(server);
    thread_join(thread);
    (void)close(peer);
}

/* Again and again: microhttpd, once it has been told to stop, takes no answer and says that it did. */
static void waits_at_its_end_for_the_last_answer(void **state)
{
    (void)state;
    for (int i = 0; i < ENDINGS; i++) {
        end_while_answering();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attachment_comes_back_once_with_the_status),
        cmocka_unit_test(says_which_address_is_taken),
        cmocka_unit_test(shares_a_port_with_another_process),
        cmocka_unit_test(ends_with_idle_connections_open),
        cmocka_unit_test(drains_what_is_under_way_and_refuses_what_comes),
        cmocka_unit_test(says_when_the_drain_came_to_its_deadline),
        cmocka_unit_test(runs_no_handler_after_the_drain_for_a_body_that_comes_too_late),
        cmocka_unit_test(waits_at_its_end_for_the_last_answer),
    };
    return cmocka_run_group_tests(tests, open_queue, close_queue);
}
