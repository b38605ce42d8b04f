/* Answers that go on, and clients that are slow, vanish or are sent away. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/thread.h"
#include "http/server.h"
#include "support.h"

#define SMALL_BUFFER ((size_t)64 << 10)
#define LARGE_BUFFER ((size_t)64 << 20)
#define SHORT_MS 500
#define READERS 40
#define EVENTS 200

struct test_stream {
    struct http_stream *_Atomic stream;
    atomic_int gone_count;
    atomic_int drained_count;
    bool ends_in_gone;
    size_t buffer_bytes;
};

static struct http_server *s_server;
static struct metrics *s_metrics;
static struct test_stream s_test;
static struct queue *s_begun; /* of struct test_stream or, for /kept, of http_exchange */
static int s_port;

static void on_gone(void *user)
{
    struct test_stream *test = user;
    if (test->ends_in_gone) {
        http_stream_end(test->stream);
    }
    (void)atomic_fetch_add(&test->gone_count, 1);
}

static void on_drained(void *user)
{
    struct test_stream *test = user;
    (void)atomic_fetch_add(&test->drained_count, 1);
}

static void begin(struct test_stream *test, struct http_exchange *exchange)
{
    const struct http_header headers[] = {{"Cache-Control", "no-store"}};
    http_exchange_add_header(exchange, "X-Added", "1");
    test->stream = http_exchange_stream_begin(exchange, &(struct http_stream_options){
                                                            .content_type = "text/event-stream",
                                                            .headers = headers,
                                                            .header_count = 1,
                                                            .buffer_bytes = test->buffer_bytes,
                                                            .gone = on_gone,
                                                            .drained = on_drained,
                                                            .user = test});
    assert_non_null(test->stream);
}

static void handle_stream(struct http_exchange *exchange, void *user)
{
    (void)user;
    begin(&s_test, exchange);
    assert_true(queue_push(s_begun, &s_test));
}

static void handle_kept(struct http_exchange *exchange, void *user)
{
    (void)user;
    assert_true(queue_push(s_begun, exchange));
}

static void handle_plain(struct http_exchange *exchange, void *user)
{
    (void)user;
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, "plain", 5);
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/stream", .handler = handle_stream},
    {.method = "GET", .path = "/kept", .handler = handle_kept},
    {.method = "GET", .path = "/plain", .handler = handle_plain},
};

static void start(int64_t transfer_timeout_ms)
{
    struct error error = {0};
    s_metrics = metrics_new();
    s_begun = queue_new(READERS);
    s_test = (struct test_stream){.buffer_bytes = SMALL_BUFFER};
    const struct http_server_options options = {.listen = "127.0.0.1:0",
                                                .routes = s_routes,
                                                .route_count = sizeof s_routes / sizeof s_routes[0],
                                                .metrics = s_metrics,
                                                .limits = {.transfer_timeout_ms = transfer_timeout_ms}};
    assert_int_equal(http_server_start(&options, &s_server, &error), STATUS_OK);
    s_port = http_server_port(s_server);
}

static void stop(void)
{
    http_server_destroy(s_server);
    metrics_destroy(s_metrics);
    queue_close(s_begun);
    queue_destroy(s_begun);
}

static void wait_for_begin(void)
{
    assert_ptr_equal(queue_pop(s_begun, clock_monotonic_ms() + SUPPORT_PATIENCE_MS), &s_test);
}

static int open_stream(void)
{
    int peer = raw_connect(s_port);
    raw_send(peer, "GET /stream HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
    wait_for_begin();
    return peer;
}

static void write_text(struct http_stream *stream, const char *text)
{
    assert_true(http_stream_write(stream, text, strlen(text)));
}

/* Reads until the text has come. Chunks' sizes are among what is read. */
static void expect_text(int peer, const char *text)
{
    struct buffer received;
    char piece[1024];
    buffer_init(&received, (size_t)1 << 20);
    while (received.data == NULL || strstr(received.data, text) == NULL) {
        ssize_t length = recv(peer, piece, sizeof piece, 0);
        assert_true(length > 0);
        assert_true(buffer_append(&received, piece, (size_t)length));
    }
    buffer_deinit(&received);
}

static void wait_for_gone(struct test_stream *test)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (atomic_load(&test->gone_count) == 0) {
        assert_true(clock_monotonic_ms() < end_ms);
    }
}

static void expect_counted(const char *series)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    bool is_counted = false;
    while (!is_counted && clock_monotonic_ms() < end_ms) {
        struct buffer text;
        buffer_init(&text, METRICS_TEXT_MAX);
        metrics_write(s_metrics, &text);
        is_counted = strstr(text.data, series) != NULL;
        buffer_deinit(&text);
    }
    assert_true(is_counted);
}

static void sends_what_is_written_when_it_is_written(void **state)
{
    (void)state;
    start(0);
    int peer = open_stream();
    expect_text(peer, "\r\n\r\n"); /* the head, before anything is written */
    write_text(s_test.stream, "data: one\n\n");
    expect_text(peer, "data: one\n\n");
    write_text(s_test.stream, "data: two\n\n");
    write_text(s_test.stream, "data: three\n\n");
    expect_text(peer, "data: three\n\n");
    http_stream_end(s_test.stream);
    expect_text(peer, "0\r\n\r\n");
    /* The connection goes on. */
    raw_send(peer, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    char *response = raw_receive_response(peer);
    assert_non_null(strstr(response, "\r\n\r\nplain"));
    free(response);
    (void)close(peer);
    stop();
    assert_int_equal(s_test.gone_count, 0);
}

static void has_a_head_like_other_answers(void **state)
{
    (void)state;
    start(0);
    int peer = open_stream();
    write_text(s_test.stream, "all of it");
    http_stream_end(s_test.stream);
    (void)shutdown(peer, SHUT_WR);
    char *response = raw_receive_to_end(peer);
    assert_int_equal(strncmp(response, "HTTP/1.1 200 ", 13), 0);
    assert_non_null(strstr(response, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(response, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(response, "X-Added: 1\r\n"));
    assert_non_null(strstr(response, "Transfer-Encoding: chunked\r\n"));
    assert_null(strstr(response, "Content-Encoding"));
    free(response);
    (void)close(peer);
    stop();
}

static void tells_of_a_client_that_vanishes_while_nothing_is_sent(void **state)
{
    (void)state;
    start(0);
    int peer = open_stream();
    write_text(s_test.stream, "data: one\n\n");
    expect_text(peer, "data: one\n\n");
    (void)close(peer);
    wait_for_gone(&s_test);
    assert_false(http_stream_write(s_test.stream, "x", 1));
    http_stream_end(s_test.stream);
    stop();
    assert_int_equal(s_test.gone_count, 1);
}

static void can_be_ended_when_it_is_told(void **state)
{
    (void)state;
    start(0);
    s_test.ends_in_gone = true;
    int peer = open_stream();
    (void)close(peer);
    wait_for_gone(&s_test);
    stop();
    assert_int_equal(s_test.gone_count, 1);
}

static void cuts_a_reader_off_whose_buffer_runs_full(void **state)
{
    char block[1024];
    (void)state;
    memset(block, 'x', sizeof block);
    start(0);
    int peer = open_stream();
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (http_stream_write(s_test.stream, block, sizeof block)) {
        assert_true(clock_monotonic_ms() < end_ms);
    }
    wait_for_gone(&s_test);
    expect_counted("ferry_http_server_refused_total{reason=\"slow_reader\"} 1");
    assert_false(http_stream_write(s_test.stream, "x", 1));
    http_stream_end(s_test.stream);
    (void)close(peer);
    stop();
    assert_int_equal(s_test.gone_count, 1);
}

static void refuses_at_once_what_no_buffer_holds(void **state)
{
    (void)state;
    start(0);
    int peer = open_stream();
    char *much = memory_alloc(SMALL_BUFFER + 1);
    assert_false(http_stream_write(s_test.stream, much, SMALL_BUFFER + 1));
    http_stream_end(s_test.stream);
    free(raw_receive_to_end(peer));
    free(much);
    (void)close(peer);
    stop();
}

static void wait_for_drained(int count)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (atomic_load(&s_test.drained_count) < count) {
        assert_true(clock_monotonic_ms() < end_ms);
    }
}

/* So a writer that waits for it never has more than one block in the buffer. */
static void tells_each_time_when_all_was_taken(void **state)
{
    (void)state;
    start(0);
    int peer = open_stream();
    expect_text(peer, "\r\n\r\n");
    assert_int_equal(http_stream_waiting(s_test.stream), 0);
    for (int i = 1; i <= 20; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "data: %d\n\n", i);
        write_text(s_test.stream, text);
        expect_text(peer, text);
        wait_for_drained(i);
        assert_int_equal(http_stream_waiting(s_test.stream), 0);
    }
    http_stream_end(s_test.stream);
    (void)close(peer);
    stop();
    assert_int_equal(s_test.drained_count, 20);
}

static void tells_what_a_reader_has_not_taken(void **state)
{
    (void)state;
    start(0);
    s_test.buffer_bytes = LARGE_BUFFER;
    int peer = open_stream();
    char *much = memory_alloc(LARGE_BUFFER / 2);
    assert_true(http_stream_write(s_test.stream, much, LARGE_BUFFER / 2));
    assert_true(http_stream_waiting(s_test.stream) > 0); /* the network holds far less */
    assert_int_equal(s_test.drained_count, 0);
    (void)close(peer);
    wait_for_gone(&s_test);
    http_stream_end(s_test.stream);
    free(much);
    stop();
    assert_int_equal(s_test.drained_count, 0);
}

/* Even where the buffer has room for all of it. */
static void cuts_a_reader_off_who_takes_nothing_in_time(void **state)
{
    (void)state;
    start(SHORT_MS);
    s_test.buffer_bytes = LARGE_BUFFER;
    int peer = open_stream();
    char *much = memory_alloc(LARGE_BUFFER / 2);
    assert_true(http_stream_write(s_test.stream, much, LARGE_BUFFER / 2));
    wait_for_gone(&s_test);
    expect_counted("ferry_http_server_refused_total{reason=\"transfer_timeout\"} 1");
    http_stream_end(s_test.stream);
    free(much);
    (void)close(peer);
    stop();
}

static void lets_a_stream_rest_for_longer_than_transfers_may_take(void **state)
{
    (void)state;
    start(SHORT_MS);
    int peer = open_stream();
    expect_text(peer, "\r\n\r\n");
    int slow = raw_connect(s_port);
    raw_send(slow, "GET /plain HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
    free(raw_receive_to_end(slow)); /* so the time for transfers has passed */
    (void)close(slow);
    write_text(s_test.stream, "still here");
    expect_text(peer, "still here");
    http_stream_end(s_test.stream);
    (void)close(peer);
    stop();
}

static void ends_with_the_answer_to_head(void **state)
{
    (void)state;
    start(0);
    int peer = raw_connect(s_port);
    raw_send(peer, "HEAD /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    wait_for_begin();
    char *response = raw_receive_to_end(peer);
    assert_int_equal(strncmp(response, "HTTP/1.1 200 ", 13), 0);
    free(response);
    wait_for_gone(&s_test);
    http_stream_end(s_test.stream);
    (void)close(peer);
    stop();
}

static void ends_streams_when_the_server_drains(void **state)
{
    (void)state;
    start(0);
    s_test.ends_in_gone = true;
    int peer = open_stream();
    write_text(s_test.stream, "data: last\n\n");
    assert_true(http_server_drain(s_server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    expect_text(peer, "data: last\n\n\r\n0\r\n\r\n"); /* in order, not cut off */
    (void)close(peer);
    stop();
    assert_int_equal(s_test.gone_count, 1);
}

struct ending {
    bool is_drained;
};

static void drain_main(void *user)
{
    struct ending *ending = user;
    ending->is_drained = http_server_drain(s_server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
}

static void begins_none_while_it_drains(void **state)
{
    struct error error = {0};
    struct ending ending = {0};
    pthread_t thread;
    (void)state;
    start(0);
    s_test.ends_in_gone = false;
    int peer = raw_connect(s_port);
    raw_send(peer, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_exchange *exchange = queue_pop(s_begun, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
    assert_non_null(exchange);
    assert_false(http_server_drain(s_server, clock_monotonic_ms())); /* so it has begun */
    begin(&s_test, exchange);
    wait_for_gone(&s_test);
    assert_false(http_stream_write(s_test.stream, "x", 1));
    assert_int_equal(thread_start(&thread, "draining", 0, drain_main, &ending, &error), STATUS_OK);
    http_stream_end(s_test.stream);
    thread_join(thread);
    assert_true(ending.is_drained);
    free(raw_receive_to_end(peer));
    (void)close(peer);
    stop();
}

struct writer {
    struct test_stream test;
    pthread_t thread;
    int peer;
};

static void write_events(void *user)
{
    struct writer *writer = user;
    char text[64];
    for (int i = 0; i < EVENTS; i++) {
        (void)snprintf(text, sizeof text, "data: %d\n\n", i);
        if (!http_stream_write(writer->test.stream, text, strlen(text))) {
            break;
        }
    }
    http_stream_end(writer->test.stream);
}

/* Writers on threads of their own, readers of which every third vanishes under way. */
static void serves_many_at_once(void **state)
{
    struct error error = {0};
    struct writer *writers = memory_alloc_array(READERS, sizeof *writers);
    (void)state;
    start(0);
    for (int i = 0; i < READERS; i++) {
        writers[i].peer = raw_connect(s_port);
        raw_send(writers[i].peer, "GET /kept HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        struct http_exchange *exchange = queue_pop(s_begun, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
        assert_non_null(exchange);
        begin(&writers[i].test, exchange);
        assert_int_equal(thread_start(&writers[i].thread, "writing", 0, write_events, &writers[i], &error), STATUS_OK);
    }
    for (int i = 0; i < READERS; i++) {
        if (i % 3 != 0) {
            char *response = raw_receive_to_end(writers[i].peer);
            assert_non_null(strstr(response, "data: 0\n\n"));
            assert_non_null(strstr(response, "data: 199\n\n"));
            free(response);
        }
        (void)close(writers[i].peer);
    }
    for (int i = 0; i < READERS; i++) {
        thread_join(writers[i].thread);
    }
    stop();
    free(writers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_what_is_written_when_it_is_written),
        cmocka_unit_test(has_a_head_like_other_answers),
        cmocka_unit_test(tells_of_a_client_that_vanishes_while_nothing_is_sent),
        cmocka_unit_test(can_be_ended_when_it_is_told),
        cmocka_unit_test(cuts_a_reader_off_whose_buffer_runs_full),
        cmocka_unit_test(refuses_at_once_what_no_buffer_holds),
        cmocka_unit_test(tells_each_time_when_all_was_taken),
        cmocka_unit_test(tells_what_a_reader_has_not_taken),
        cmocka_unit_test(cuts_a_reader_off_who_takes_nothing_in_time),
        cmocka_unit_test(lets_a_stream_rest_for_longer_than_transfers_may_take),
        cmocka_unit_test(ends_with_the_answer_to_head),
        cmocka_unit_test(ends_streams_when_the_server_drains),
        cmocka_unit_test(begins_none_while_it_drains),
        cmocka_unit_test(serves_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
