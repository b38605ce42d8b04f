/* Exchanges that are answered later and elsewhere: from other threads, by the thousand, when clients have gone. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/thread.h"
#include "http/server.h"
#include "support.h"

#define MANY 1000
#define MANY_CONNECTIONS 1200
#define ALONE_ROUNDS 20000
#define ALONE_DELAYS 1000
#define ALONE_DELAY_STEP 50 /* turns of an empty loop */
#define CROWD 256
#define CROWD_ROUNDS 10

/* Exchanges on their way to the thread that answers them. */
static struct queue *s_kept;

static void keep(struct http_exchange *exchange, void *user)
{
    (void)user;
    assert_true(queue_push(s_kept, exchange));
}

static void answer_with_parameter(struct http_exchange *exchange)
{
    const char *id = http_exchange_parameter(exchange, "id");
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, id, strlen(id));
}

static void answer_at_once(struct http_exchange *exchange, void *user)
{
    (void)user;
    answer_with_parameter(exchange);
}

/* The exchange that answering_the_lonely_main answers; NULL: none. */
static struct http_exchange *_Atomic s_handed_over;
static atomic_bool s_is_over;

/* Returns a little later each time: at times just when the answer comes. */
static void hand_over(struct http_exchange *exchange, void *user)
{
    static unsigned count = 0;
    (void)user;
    unsigned delay = count++ % ALONE_DELAYS;
    atomic_store(&s_handed_over, exchange);
    for (unsigned i = 0; i < delay * ALONE_DELAY_STEP; i++) {
        atomic_signal_fence(memory_order_seq_cst);
    }
}

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/handed/{id}", .handler = hand_over},
    {.method = "GET", .path = "/kept/{id}", .handler = keep},
    {.method = "GET", .path = "/direct/{id}", .handler = answer_at_once},
};

static struct http_server *start_server(void)
{
    struct http_server *server = NULL;
    struct error error = {0};
    const struct http_server_options options = {
        .listen = "127.0.0.1:0", .routes = s_routes, .route_count = 3};
    s_kept = queue_new((size_t)2 * MANY);
    assert_int_equal(http_server_start(&options, &server, &error), STATUS_OK);
    return server;
}

static void stop_server(struct http_server *server)
{
    http_server_destroy(server);
    queue_close(s_kept);
    queue_destroy(s_kept);
}

/* Answers what comes, at once, until the queue is closed. */
static void answering_main(void *user)
{
    struct http_exchange *exchange = NULL;
    (void)user;
    while ((exchange = queue_pop(s_kept, INT64_MAX)) != NULL) {
        answer_with_parameter(exchange);
    }
}

/* Waits for all MANY before it answers the first: all are suspended at the same time. */
static void answering_together_main(void *user)
{
    struct http_exchange **exchanges = memory_alloc_array(MANY, sizeof(struct http_exchange *));
    (void)user;
    for (size_t i = 0; i < MANY; i++) {
        exchanges[i] = queue_pop(s_kept, INT64_MAX);
    }
    for (size_t i = 0; i < MANY; i++) {
        answer_with_parameter(exchanges[i]);
    }
    free(exchanges);
}

struct tally {
    int done;
    int right;
};

struct numbered {
    struct tally *tally;
    char expected[16];
};

static void count_answer(void *user, const struct http_response *response, const struct error *error)
{
    struct numbered *call = user;
    call->tally->done++;
    assert_null(error);
    if (response->status == 200 && strcmp(response->body, call->expected) == 0) {
        call->tally->right++;
    }
}

/* Sends count requests at once over up to so many connections, and sees each answered with its own parameter. */
static void send_numbered(int port, const char *prefix, int count, long connections)
{
    struct error error = {0};
    struct tally tally = {0};
    struct test_client test = {.loop = loop_new()};
    struct http_client_options options = {.max_connections_per_host = connections};
    assert_int_equal(http_client_new(test.loop, &options, &test.client, &error), STATUS_OK);
    struct numbered *calls = memory_alloc_array((size_t)count, sizeof *calls);
    for (int i = 0; i < count; i++) {
        char path[64];
        calls[i].tally = &tally;
        (void)snprintf(calls[i].expected, sizeof calls[i].expected, "%d", i);
        (void)snprintf(path, sizeof path, "%s%d", prefix, i);
        char *url = url_of(port, path);
        struct http_request request = {
            .method = "GET", .url = url, .deadline_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS};
        (void)http_client_send(test.client, &request, count_answer, &calls[i]);
        free(url);
    }
    assert_int_equal(http_client_in_flight(test.client), count);
    test_client_run(&test, &tally.done, count);
    assert_int_equal(tally.right, count);
    assert_int_equal(http_client_in_flight(test.client), 0);
    test_client_close(&test);
    free(calls);
}

static void answers_a_thousand_suspended_exchanges_from_another_thread(void **state)
{
    struct error error = {0};
    pthread_t thread;
    (void)state;
    struct http_server *server = start_server();
    assert_int_equal(thread_start(&thread, "answering", 0, answering_together_main, NULL, &error), STATUS_OK);
    send_numbered(http_server_port(server), "/kept/", MANY, MANY_CONNECTIONS);
    thread_join(thread);
    stop_server(server);
}

/* The answering thread is as fast as the handler's return: both orders of answer and suspension come up. */
static void answering_the_lonely_main(void *user)
{
    (void)user;
    while (!atomic_load(&s_is_over)) {
        struct http_exchange *exchange = atomic_exchange(&s_handed_over, NULL);
        if (exchange != NULL) {
            answer_with_parameter(exchange);
        } else {
            (void)sched_yield();
        }
    }
}

/* Nobody else's request wakes the server. */
static void answers_who_is_alone_whenever_the_answer_comes(void **state)
{
    struct error error = {0};
    pthread_t thread;
    (void)state;
    struct http_server *server = start_server();
    atomic_store(&s_is_over, false);
    assert_int_equal(thread_start(&thread, "answering", 0, answering_the_lonely_main, NULL, &error), STATUS_OK);
    int client = raw_connect(http_server_port(server));
    for (int i = 0; i < ALONE_ROUNDS; i++) {
        raw_send(client, "GET /handed/1 HTTP/1.1\r\nHost: h\r\n\r\n");
        free(raw_receive_response(client));
    }
    (void)close(client);
    atomic_store(&s_is_over, true);
    thread_join(thread);
    stop_server(server);
}

static void answers_race_with_suspension(void **state)
{
    struct error error = {0};
    pthread_t thread;
    (void)state;
    struct http_server *server = start_server();
    assert_int_equal(thread_start(&thread, "answering", 0, answering_main, NULL, &error), STATUS_OK);
    send_numbered(http_server_port(server), "/kept/", 2 * MANY, 8);
    http_server_destroy(server);
    queue_close(s_kept);
    thread_join(thread);
    queue_destroy(s_kept);
}

/* microhttpd's own thread, given 128 events at once, waits for more before it looks at any. */
static void answers_hundreds_who_ask_at_the_same_time(void **state)
{
    int peers[CROWD];
    (void)state;
    struct http_server *server = start_server();
    for (int i = 0; i < CROWD; i++) {
        peers[i] = raw_connect(http_server_port(server));
    }
    for (int round = 0; round < CROWD_ROUNDS; round++) {
        for (int i = 0; i < CROWD; i++) {
            raw_send(peers[i], "GET /direct/x HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        for (int i = 0; i < CROWD; i++) {
            char *response = raw_receive_response(peers[i]);
            assert_non_null(strstr(response, " 200 "));
            free(response);
        }
    }
    for (int i = 0; i < CROWD; i++) {
        (void)close(peers[i]);
    }
    stop_server(server);
}

struct notice {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int count;
    struct http_exchange *reply_to; /* NULL: only counts */
};

static void note_gone(void *user)
{
    struct notice *notice = user;
    pthread_mutex_lock(&notice->mutex);
    notice->count++;
    struct http_exchange *exchange = notice->reply_to;
    pthread_cond_broadcast(&notice->changed);
    pthread_mutex_unlock(&notice->mutex);
    if (exchange != NULL) {
        http_exchange_reply(exchange, 200, NULL, NULL, 0, NULL, 0);
    }
}

static void notice_init(struct notice *notice)
{
    *notice = (struct notice){0};
    pthread_mutex_init(&notice->mutex, NULL);
    thread_condition_init(&notice->changed);
}

static void notice_wait(struct notice *notice)
{
    int64_t deadline_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    pthread_mutex_lock(&notice->mutex);
    while (notice->count == 0) {
        assert_true(thread_condition_wait(&notice->changed, &notice->mutex, deadline_ms));
    }
    pthread_mutex_unlock(&notice->mutex);
}

static struct http_exchange *suspend_one(int port, int *out_peer)
{
    *out_peer = raw_connect(port);
    raw_send(*out_peer, "GET /kept/1 HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_exchange *exchange = queue_pop(s_kept, clock_monotonic_ms() + SUPPORT_PATIENCE_MS);
    assert_non_null(exchange);
    return exchange;
}

static void tells_once_that_a_client_has_gone(void **state)
{
    struct notice notice;
    int peer = -1;
    (void)state;
    notice_init(&notice);
    struct http_server *server = start_server();
    struct http_exchange *exchange = suspend_one(http_server_port(server), &peer);
    http_exchange_on_gone(exchange, note_gone, &notice);
    (void)close(peer);
    notice_wait(&notice);
    answer_with_parameter(exchange);
    assert_true(http_server_drain(server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    stop_server(server);
    assert_int_equal(notice.count, 1);
}

static void takes_a_reply_inside_the_gone_notice(void **state)
{
    struct notice notice;
    int peer = -1;
    (void)state;
    notice_init(&notice);
    struct http_server *server = start_server();
    notice.reply_to = suspend_one(http_server_port(server), &peer);
    http_exchange_on_gone(notice.reply_to, note_gone, &notice);
    (void)close(peer);
    notice_wait(&notice);
    assert_true(http_server_drain(server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    stop_server(server);
    assert_int_equal(notice.count, 1);
}

static void tells_nothing_after_it_was_taken_back_or_answered(void **state)
{
    struct notice notice;
    int first = -1;
    int second = -1;
    (void)state;
    notice_init(&notice);
    struct http_server *server = start_server();
    struct http_exchange *taken_back = suspend_one(http_server_port(server), &first);
    struct http_exchange *answered = suspend_one(http_server_port(server), &second);
    http_exchange_on_gone(taken_back, note_gone, &notice);
    http_exchange_on_gone(answered, note_gone, &notice);
    http_exchange_on_gone(taken_back, NULL, NULL);
    answer_with_parameter(answered);
    (void)close(first);
    (void)close(second);
    answer_with_parameter(taken_back);
    assert_true(http_server_drain(server, clock_monotonic_ms() + SUPPORT_PATIENCE_MS));
    stop_server(server); /* joins the watching thread */
    assert_int_equal(notice.count, 0);
}

/* A thousand connections are two thousand descriptors in one process. */
static int raise_descriptor_limit(void **state)
{
    struct rlimit limit;
    (void)state;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return -1;
    }
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_a_thousand_suspended_exchanges_from_another_thread),
        cmocka_unit_test(answers_race_with_suspension),
        cmocka_unit_test(answers_who_is_alone_whenever_the_answer_comes),
        cmocka_unit_test(answers_hundreds_who_ask_at_the_same_time),
        cmocka_unit_test(tells_once_that_a_client_has_gone),
        cmocka_unit_test(takes_a_reply_inside_the_gone_notice),
        cmocka_unit_test(tells_nothing_after_it_was_taken_back_or_answered),
    };
    return cmocka_run_group_tests(tests, raise_descriptor_limit, NULL);
}
