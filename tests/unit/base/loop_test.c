/* Tests of base/loop.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/queue.h"
#include "base/random.h"
#include "base/thread.h"

#define FOREVER_MS INT64_C(3600000)

/* A record of what ran, in order. */
struct record {
    struct loop *loop;
    int order[64];
    int count;
};

struct step {
    struct record *record;
    int number;
};

static void note(void *argument)
{
    const struct step *step = argument;
    step->record->order[step->record->count++] = step->number;
}

static void stop(void *argument)
{
    loop_stop(argument);
}

static void tasks_run_in_the_order_of_their_posts(void **state)
{
    (void)state;
    struct record record = {.loop = loop_new()};
    struct step steps[40];
    for (int i = 0; i < 40; i++) {
        steps[i] = (struct step){&record, i};
        loop_post(record.loop, note, &steps[i]);
    }
    loop_stop(record.loop);
    loop_run(record.loop); /* tasks posted before the stop run */
    assert_int_equal(record.count, 40);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(record.order[i], i);
    }
    loop_destroy(record.loop);
}

static void timers_fire_by_their_time_and_once(void **state)
{
    (void)state;
    struct record record = {.loop = loop_new()};
    struct loop_timer timers[20] = {0};
    struct step steps[20];
    int64_t now_ms = clock_monotonic_ms();
    for (int i = 0; i < 20; i++) {
        int rank = (i * 7) % 20;
        steps[i] = (struct step){&record, rank};
        loop_timer_start(record.loop, &timers[i], now_ms - 100 + rank, note, &steps[i]);
        assert_true(loop_timer_is_running(&timers[i]));
    }
    loop_run_once(record.loop, 0);
    assert_int_equal(record.count, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(record.order[i], i);
        assert_false(loop_timer_is_running(&timers[i]));
    }
    loop_run_once(record.loop, 0);
    assert_int_equal(record.count, 20);
    loop_destroy(record.loop);
}

static void a_stopped_timer_does_not_fire_and_a_moved_one_fires_once(void **state)
{
    (void)state;
    struct record record = {.loop = loop_new()};
    struct loop_timer timers[5] = {0};
    struct step steps[5];
    for (int i = 0; i < 5; i++) {
        steps[i] = (struct step){&record, i};
        loop_timer_start(record.loop, &timers[i], clock_monotonic_ms() + FOREVER_MS + i, note, &steps[i]);
    }
    loop_timer_stop(record.loop, &timers[1]);
    loop_timer_stop(record.loop, &timers[1]);
    loop_timer_start(record.loop, &timers[1], 1, note, &steps[1]);
    loop_timer_stop(record.loop, &timers[1]);
    loop_timer_start(record.loop, &timers[4], 1, note, &steps[4]);
    loop_timer_start(record.loop, &timers[2], 2, note, &steps[2]);
    loop_run_once(record.loop, 0);
    assert_int_equal(record.count, 2);
    assert_int_equal(record.order[0], 4);
    assert_int_equal(record.order[1], 2);
    assert_true(loop_timer_is_running(&timers[0]));
    assert_true(loop_timer_is_running(&timers[3]));
    loop_destroy(record.loop);
}

static void timers_keep_their_order_through_many_changes(void **state)
{
    (void)state;
    enum { TIMERS = 60 };
    struct record record = {.loop = loop_new()};
    struct loop_timer timers[TIMERS] = {0};
    struct step steps[TIMERS];
    for (int i = 0; i < TIMERS; i++) {
        steps[i] = (struct step){&record, i};
    }
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < TIMERS; i++) {
            loop_timer_start(record.loop, &timers[i], (int64_t)random_below(1000), note, &steps[i]);
        }
        for (int i = 0; i < TIMERS / 2; i++) {
            loop_timer_stop(record.loop, &timers[random_below(TIMERS)]);
        }
        record.count = 0;
        loop_run_once(record.loop, 0);
        assert_true(record.count >= TIMERS / 2);
        for (int i = 1; i < record.count; i++) {
            assert_true(timers[record.order[i - 1]].due_ms <= timers[record.order[i]].due_ms);
        }
    }
    loop_destroy(record.loop);
}

struct ticker {
    struct loop *loop;
    struct loop_timer timer;
    int ticks;
};

static void tick(void *argument)
{
    struct ticker *ticker = argument;
    ticker->ticks++;
    loop_timer_start(ticker->loop, &ticker->timer, 0, tick, ticker);
}

static void a_timer_that_starts_itself_in_the_past_lets_others_run(void **state)
{
    (void)state;
    struct ticker ticker = {.loop = loop_new()};
    loop_timer_start(ticker.loop, &ticker.timer, 0, tick, &ticker);
    loop_run_once(ticker.loop, 0);
    assert_in_range(ticker.ticks, 1, 2);
    loop_post(ticker.loop, stop, ticker.loop);
    loop_run(ticker.loop);
    loop_destroy(ticker.loop);
}

static void a_timer_ends_the_wait(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct loop_timer timer = {0};
    loop_timer_start(loop, &timer, clock_monotonic_ms() + 5, stop, loop);
    loop_run(loop); /* comes back at all */
    assert_false(loop_timer_is_running(&timer));
    loop_destroy(loop);
}

static void run(void *argument)
{
    loop_run(argument);
}

static void posts_and_stops_of_other_threads_end_the_wait(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct record record = {.loop = loop_new()};
        struct step steps[3] = {{&record, 0}, {&record, 1}, {&record, 2}};
        pthread_t thread;
        assert_int_equal(thread_start(&thread, "loop", 0, run, record.loop, NULL), STATUS_OK);
        for (int i = 0; i < 3; i++) {
            loop_post(record.loop, note, &steps[i]);
        }
        loop_stop(record.loop);
        thread_join(thread);
        assert_int_equal(record.count, 3);
        loop_destroy(record.loop);
    }
}

static void a_task_that_is_waited_for_has_run_and_so_has_all_before_it(void **state)
{
    (void)state;
    struct record record = {.loop = loop_new()};
    struct step steps[] = {{&record, 0}, {&record, 1}, {&record, 2}};
    pthread_t thread;
    assert_int_equal(thread_start(&thread, "loop", 0, run, record.loop, NULL), STATUS_OK);
    loop_post(record.loop, note, &steps[0]);
    loop_post(record.loop, note, &steps[1]);
    loop_post_and_wait(record.loop, note, &steps[2]);
    assert_int_equal(record.count, 3); /* while the loop goes on: nothing else orders this thread after it */
    assert_int_equal(record.order[2], 2);
    loop_stop(record.loop);
    thread_join(thread);
    loop_destroy(record.loop);
}

static void tasks_left_over_run_at_the_end(void **state)
{
    (void)state;
    struct record record = {.loop = loop_new()};
    struct step step = {&record, 0};
    loop_stop(record.loop);
    loop_run(record.loop);
    loop_post(record.loop, note, &step);
    assert_int_equal(record.count, 0);
    loop_destroy(record.loop);
    assert_int_equal(record.count, 1);
}

/* A source like curl's: a descriptor that wakes it, and a handler that may post. */
struct source {
    struct loop *loop;
    struct queue *waiting; /* gets an item when a long wait begins; NULL: nobody wants to know */
    int descriptor;
    int waits;
    int64_t longest_ms;
};

static void source_wait(void *user, int64_t timeout_ms)
{
    struct source *source = user;
    struct pollfd ready = {.fd = source->descriptor, .events = POLLIN};
    source->waits++;
    source->longest_ms = timeout_ms > source->longest_ms ? timeout_ms : source->longest_ms;
    uint64_t count = 0;
    if (source->waiting != NULL && timeout_ms > 0) {
        assert_true(queue_push(source->waiting, source));
    }
    if (poll(&ready, 1, (int)timeout_ms) > 0) {
        assert_int_equal(read(source->descriptor, &count, sizeof count), sizeof count);
    }
}

static void source_wakeup(void *user)
{
    const struct source *source = user;
    uint64_t one = 1;
    assert_int_equal(write(source->descriptor, &one, sizeof one), sizeof one);
}

struct poster {
    struct loop *loop;
    int left;
};

static void post_again(void *argument)
{
    struct poster *poster = argument;
    if (poster->left == 0) {
        loop_stop(poster->loop);
    } else {
        poster->left--;
        loop_post(poster->loop, post_again, poster);
    }
}

static void a_source_is_waited_on_and_woken(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct source source = {
            .loop = loop_new(), .waiting = queue_new(10), .descriptor = eventfd(0, EFD_CLOEXEC)};
        const struct loop_source description = {.wait = source_wait, .wakeup = source_wakeup, .user = &source};
        loop_set_source(source.loop, &description);
        struct record record = {.loop = source.loop};
        struct step step = {&record, 0};
        pthread_t thread;
        assert_int_equal(thread_start(&thread, "loop", 0, run, source.loop, NULL), STATUS_OK);
        assert_ptr_equal(queue_pop(source.waiting, INT64_MAX), &source);
        loop_post(source.loop, note, &step); /* without a wakeup nothing happens for an hour */
        assert_ptr_equal(queue_pop(source.waiting, INT64_MAX), &source);
        loop_stop(source.loop);
        thread_join(thread);
        assert_int_equal(record.count, 1);
        while (queue_try_pop(source.waiting) != NULL) {
            ;
        }
        queue_destroy(source.waiting);
        loop_destroy(source.loop);
        close(source.descriptor);
    }
}

static void a_source_does_not_wait_while_tasks_do(void **state)
{
    (void)state;
    struct source source = {.loop = loop_new(), .descriptor = eventfd(0, EFD_CLOEXEC)};
    const struct loop_source description = {.wait = source_wait, .wakeup = source_wakeup, .user = &source};
    loop_set_source(source.loop, &description);
    struct poster poster = {.loop = source.loop, .left = 5};
    loop_post(source.loop, post_again, &poster);
    loop_run(source.loop);
    assert_int_equal(poster.left, 0);
    assert_int_equal(source.waits, 6); /* I/O is looked at between tasks */
    assert_int_equal(source.longest_ms, 0);
    loop_destroy(source.loop);
    close(source.descriptor);
}

static void a_source_waits_no_longer_than_the_first_timer(void **state)
{
    (void)state;
    struct source source = {.loop = loop_new(), .descriptor = eventfd(0, EFD_CLOEXEC)};
    const struct loop_source description = {.wait = source_wait, .wakeup = source_wakeup, .user = &source};
    loop_set_source(source.loop, &description);
    struct loop_timer timer = {0};
    loop_timer_start(source.loop, &timer, clock_monotonic_ms() + 5, stop, source.loop);
    loop_run(source.loop);
    assert_true(source.waits >= 1);
    assert_true(source.longest_ms <= 5);
    loop_post(source.loop, stop, source.loop);
    source.longest_ms = 0;
    loop_run_once(source.loop, FOREVER_MS); /* stopped already: does not wait */
    assert_int_equal(source.longest_ms, 0);
    loop_destroy(source.loop);
    close(source.descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_in_the_order_of_their_posts),
        cmocka_unit_test(timers_fire_by_their_time_and_once),
        cmocka_unit_test(a_stopped_timer_does_not_fire_and_a_moved_one_fires_once),
        cmocka_unit_test(timers_keep_their_order_through_many_changes),
        cmocka_unit_test(a_timer_that_starts_itself_in_the_past_lets_others_run),
        cmocka_unit_test(a_timer_ends_the_wait),
        cmocka_unit_test(posts_and_stops_of_other_threads_end_the_wait),
        cmocka_unit_test(a_task_that_is_waited_for_has_run_and_so_has_all_before_it),
        cmocka_unit_test(tasks_left_over_run_at_the_end),
        cmocka_unit_test(a_source_is_waited_on_and_woken),
        cmocka_unit_test(a_source_does_not_wait_while_tasks_do),
        cmocka_unit_test(a_source_waits_no_longer_than_the_first_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
