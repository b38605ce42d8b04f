/* Sockets that are read on after their server has done with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lingering.h"
#include "support.h"

#define LONG_MS 3600000
#define SHORT_MS 50
#define PIECE ((size_t)65536)

static struct lingering s_lingering;

/* Its server has said "bye" and closed; the client's end. */
static int left_behind(void)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(send(ends[1], "bye", 3, MSG_NOSIGNAL), 3);
    lingering_add(&s_lingering, ends[1]);
    (void)close(ends[1]);
    return ends[0];
}

static size_t count_now(void)
{
    pthread_mutex_lock(&s_lingering.mutex);
    size_t count = s_lingering.count;
    pthread_mutex_unlock(&s_lingering.mutex);
    return count;
}

static void expect_count(size_t wanted)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (count_now() != wanted && clock_monotonic_ms() < end_ms) {
        ;
    }
    assert_int_equal(count_now(), wanted);
}

static bool is_taken(int client, const void *bytes, size_t length)
{
    return send(client, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void expect_end_of_taking(int client)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    bool is_ended = false;
    while (!is_ended && clock_monotonic_ms() < end_ms) {
        is_ended = !is_taken(client, "x", 1);
    }
    assert_true(is_ended);
}

static void expect_goodbye(int client)
{
    char answer[8];
    assert_int_equal(recv(client, answer, sizeof answer, 0), 3);
    assert_memory_equal(answer, "bye", 3);
    assert_int_equal(recv(client, answer, sizeof answer, 0), 0); /* an end, no reset */
}

static void takes_what_comes_until_the_peer_closes(void **state)
{
    static char piece[PIECE];
    (void)state;
    lingering_init(&s_lingering, LONG_MS);
    int client = left_behind();
    for (size_t sent = 0; sent < LINGERING_BYTES_MAX / 2; sent += sizeof piece) {
        assert_true(is_taken(client, piece, sizeof piece));
    }
    expect_goodbye(client);
    assert_int_equal(count_now(), 1);
    (void)close(client);
    expect_count(0);
    lingering_deinit(&s_lingering);
}

static void takes_no_more_than_it_may(void **state)
{
    static char piece[PIECE];
    size_t sent = 0;
    (void)state;
    lingering_init(&s_lingering, LONG_MS);
    int client = left_behind();
    while (sent < 2 * LINGERING_BYTES_MAX && is_taken(client, piece, sizeof piece)) {
        sent += sizeof piece;
    }
    assert_in_range(sent, LINGERING_BYTES_MAX - PIECE, 2 * LINGERING_BYTES_MAX - 1);
    expect_count(0);
    (void)close(client);
    lingering_deinit(&s_lingering);
}

static void takes_it_no_longer_than_it_may(void **state)
{
    (void)state;
    lingering_init(&s_lingering, SHORT_MS);
    int trickling = left_behind();
    int silent = left_behind();
    expect_end_of_taking(trickling);
    expect_count(0);
    assert_false(is_taken(silent, "x", 1));
    (void)close(trickling);
    (void)close(silent);
    lingering_deinit(&s_lingering);
}

static void closes_the_oldest_for_want_of_a_place(void **state)
{
    int clients[LINGERING_SOCKETS_MAX + 1];
    (void)state;
    lingering_init(&s_lingering, LONG_MS);
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        clients[i] = left_behind();
    }
    assert_int_equal(count_now(), LINGERING_SOCKETS_MAX);
    assert_false(is_taken(clients[0], "x", 1));
    for (size_t i = 1; i < sizeof clients / sizeof clients[0]; i++) {
        assert_true(is_taken(clients[i], "x", 1));
    }
    lingering_deinit(&s_lingering); /* ends the others */
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        assert_false(is_taken(clients[i], "x", 1));
        (void)close(clients[i]);
    }
}

static void leaves_alone_whom_nobody_talks_to_any_more(void **state)
{
    int ends[2];
    (void)state;
    lingering_init(&s_lingering, LONG_MS);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    (void)close(ends[0]);
    lingering_add(&s_lingering, ends[1]);
    assert_int_equal(count_now(), 0);
    assert_false(s_lingering.has_thread);
    (void)close(ends[1]);
    lingering_deinit(&s_lingering);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_comes_until_the_peer_closes),
        cmocka_unit_test(takes_no_more_than_it_may),
        cmocka_unit_test(takes_it_no_longer_than_it_may),
        cmocka_unit_test(closes_the_oldest_for_want_of_a_place),
        cmocka_unit_test(leaves_alone_whom_nobody_talks_to_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
