/* Tests of base/queue.h and base/thread.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/queue.h"
#include "base/thread.h"
#include "support.h"

static int s_items[1000];

static void items_come_out_in_order_and_the_capacity_holds(void **state)
{
    (void)state;
    struct queue *queue = queue_new(3);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            assert_true(queue_try_push(queue, &s_items[i]));
        }
        assert_false(queue_try_push(queue, &s_items[3]));
        assert_int_equal(queue_count(queue), 3);
        for (int i = 0; i < 3; i++) {
            assert_ptr_equal(queue_try_pop(queue), &s_items[i]);
        }
        assert_null(queue_try_pop(queue));
    }
    queue_destroy(queue);
    queue_destroy(NULL);
}

static void a_pop_gives_up_at_its_deadline(void **state)
{
    (void)state;
    struct queue *queue = queue_new(1);
    assert_null(queue_pop(queue, 0));
    assert_null(queue_pop(queue, clock_monotonic_ms() + 2));
    queue_destroy(queue);
}

static void a_closed_queue_is_drained_and_takes_nothing(void **state)
{
    (void)state;
    struct queue *queue = queue_new(2);
    assert_true(queue_push(queue, &s_items[0]));
    queue_close(queue);
    assert_false(queue_push(queue, &s_items[1]));
    assert_false(queue_try_push(queue, &s_items[1]));
    assert_ptr_equal(queue_pop(queue, INT64_MAX), &s_items[0]);
    assert_null(queue_pop(queue, INT64_MAX));
    queue_destroy(queue);
}

struct traffic {
    struct queue *queue;
    atomic_int popped;
    _Atomic int64_t sum;
    _Atomic pid_t pusher; /* the thread that will wait for room; 0: not yet running */
};

static void pop_all(void *argument)
{
    struct traffic *traffic = argument;
    for (;;) {
        const int *item = queue_pop(traffic->queue, INT64_MAX);
        if (item == NULL) {
            return;
        }
        atomic_fetch_add(&traffic->popped, 1);
        atomic_fetch_add(&traffic->sum, item - s_items);
    }
}

static void push_half(void *argument)
{
    struct traffic *traffic = argument;
    for (int i = 0; i < 500; i++) {
        assert_true(queue_push(traffic->queue, &s_items[i]));
    }
}

static void every_item_goes_to_exactly_one_thread(void **state)
{
    (void)state;
    struct traffic traffic = {.queue = queue_new(4)};
    pthread_t consumers[3];
    pthread_t producers[2];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(thread_start(&consumers[i], "consumer", 0, pop_all, &traffic, NULL), STATUS_OK);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(thread_start(&producers[i], "producer", 0, push_half, &traffic, NULL), STATUS_OK);
    }
    for (int i = 0; i < 2; i++) {
        thread_join(producers[i]);
    }
    queue_close(traffic.queue);
    for (int i = 0; i < 3; i++) {
        thread_join(consumers[i]);
    }
    assert_int_equal(atomic_load(&traffic.popped), 1000);
    assert_int_equal(atomic_load(&traffic.sum), 2 * 499 * 500 / 2);
    queue_destroy(traffic.queue);
}

static void push_one(void *argument)
{
    struct traffic *traffic = argument;
    atomic_store(&traffic->pusher, gettid());
    if (!queue_push(traffic->queue, &s_items[1])) {
        atomic_fetch_add(&traffic->popped, -1);
    }
}

/* The kernel says that the pusher sleeps: it has nothing to sleep on but the queue. */
static bool is_pusher_asleep(void *argument)
{
    struct traffic *traffic = argument;
    char path[64];
    char line[128] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&traffic->pusher));
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    bool is_read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    return is_read && strstr(line, ") S ") != NULL;
}

static void closing_wakes_who_waits_for_room(void **state)
{
    (void)state;
    struct traffic traffic = {.queue = queue_new(1)};
    assert_true(queue_push(traffic.queue, &s_items[0]));
    pthread_t thread;
    assert_int_equal(thread_start(&thread, "pusher", 0, push_one, &traffic, NULL), STATUS_OK);
    wait_until(is_pusher_asleep, &traffic);
    queue_close(traffic.queue);
    thread_join(thread);
    assert_int_equal(atomic_load(&traffic.popped), -1);
    assert_ptr_equal(queue_try_pop(traffic.queue), &s_items[0]);
    queue_destroy(traffic.queue);
}

struct seen {
    char name[16];
    sigset_t mask;
};

static void look_at_myself(void *argument)
{
    struct seen *seen = argument;
    (void)pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &seen->mask);
}

static void threads_have_names_and_block_signals(void **state)
{
    (void)state;
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    pthread_t thread;
    assert_int_equal(thread_start(&thread, "a-name-that-is-too-long", (size_t)256 << 10, look_at_myself, &seen, NULL),
                     STATUS_OK);
    thread_join(thread);
    assert_string_equal(seen.name, "a-name-that-is-");
    assert_true(sigismember(&seen.mask, SIGTERM));
    assert_true(sigismember(&seen.mask, SIGCHLD));
    assert_false(sigismember(&seen.mask, SIGSEGV));
    sigset_t mine;
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mine), 0);
    assert_false(sigismember(&mine, SIGTERM)); /* the starter's mask is as before */
}

static void a_thread_the_system_refuses_is_an_error_worth_a_retry(void **state)
{
    (void)state;
    struct error error;
    struct seen seen;
    pthread_t thread;
    assert_int_equal(thread_start(&thread, "huge", (size_t)1 << 46, look_at_myself, &seen, &error), STATUS_INTERNAL);
    assert_true(error.retryable);
    assert_non_null(strstr(error.text, "huge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_order_and_the_capacity_holds),
        cmocka_unit_test(a_pop_gives_up_at_its_deadline),
        cmocka_unit_test(a_closed_queue_is_drained_and_takes_nothing),
        cmocka_unit_test(every_item_goes_to_exactly_one_thread),
        cmocka_unit_test(closing_wakes_who_waits_for_room),
        cmocka_unit_test(threads_have_names_and_block_signals),
        cmocka_unit_test(a_thread_the_system_refuses_is_an_error_worth_a_retry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
