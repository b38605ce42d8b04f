/* Threads that run activities: one for each item, idle ones used again, all joined. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>

#include "activity_threads.h"
#include "base/clock.h"
#include "base/thread.h"

#define ITEMS_MAX 8

struct bench;

struct item {
    struct list link;
    struct bench *bench;
    pthread_t thread; /* that ran it */
};

/* Items wait inside until the gate is open. */
struct bench {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item items[ITEMS_MAX];
    int entered;
    int left;
    int gate; /* so many may leave */
    struct activity_threads *threads;
};

static void run(void *user, struct list *link)
{
    struct bench *bench = user;
    struct item *item = LIST_ITEM(link, struct item, link);
    pthread_mutex_lock(&bench->lock);
    item->thread = pthread_self();
    bench->entered++;
    pthread_cond_broadcast(&bench->changed);
    while (bench->left >= bench->gate) {
        pthread_cond_wait(&bench->changed, &bench->lock);
    }
    bench->left++;
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
}

static void begin(struct bench *bench, int64_t idle_ms)
{
    *bench = (struct bench){0};
    pthread_mutex_init(&bench->lock, NULL);
    thread_condition_init(&bench->changed);
    bench->threads = activity_threads_new(&(struct activity_threads_options){
        .stack_bytes = (size_t)256 << 10, .idle_ms = idle_ms, .run = run, .user = bench});
}

static void end(struct bench *bench)
{
    activity_threads_destroy(bench->threads);
    pthread_cond_destroy(&bench->changed);
    pthread_mutex_destroy(&bench->lock);
}

static void submit(struct bench *bench, int from, int to)
{
    for (int i = from; i < to; i++) {
        struct error error = {0};
        assert_int_equal(activity_threads_submit(bench->threads, &bench->items[i].link, &error), STATUS_OK);
    }
}

static void await(struct bench *bench, const int *counter, int value)
{
    int64_t deadline_ms = clock_monotonic_ms() + 20000;
    bool in_time = true;
    pthread_mutex_lock(&bench->lock);
    while (*counter < value && in_time) {
        in_time = thread_condition_wait(&bench->changed, &bench->lock, deadline_ms);
    }
    pthread_mutex_unlock(&bench->lock);
    assert_true(in_time);
}

static void open_gate(struct bench *bench, int count)
{
    pthread_mutex_lock(&bench->lock);
    bench->gate = count;
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
}

static void every_item_has_a_thread_of_its_own(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 60000);
    submit(&bench, 0, 8);
    await(&bench, &bench.entered, 8); /* all are inside at once: none waits for another */
    assert_int_equal(activity_threads_count(bench.threads), 8);
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < i; j++) {
            assert_false(pthread_equal(bench.items[i].thread, bench.items[j].thread));
        }
    }
    open_gate(&bench, INT_MAX);
    end(&bench);
    assert_int_equal(bench.left, 8);
}

/* A thread says nothing when it becomes idle; so items follow each other until one has met an idle thread. */
static void an_idle_thread_takes_the_next_item(void **state)
{
    (void)state;
    struct bench bench;
    int done = 0;
    begin(&bench, 60000);
    open_gate(&bench, INT_MAX);
    while (activity_threads_count(bench.threads) == (size_t)done) {
        submit(&bench, 0, 1);
        await(&bench, &bench.left, ++done);
    }
    end(&bench);
}

static void an_idle_thread_ends_after_its_time(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1);
    open_gate(&bench, INT_MAX);
    submit(&bench, 0, 4);
    await(&bench, &bench.left, 4);
    while (activity_threads_count(bench.threads) > 0) {
        sched_yield();
    }
    submit(&bench, 4, 5); /* joins them and starts a new one */
    await(&bench, &bench.left, 5);
    end(&bench);
}

static void destroy_waits_for_what_runs(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 60000);
    submit(&bench, 0, 3);
    open_gate(&bench, 3);
    activity_threads_destroy(bench.threads);
    assert_int_equal(bench.left, 3);
    bench.threads = NULL;
    end(&bench);
}

/* No address space has room for such a stack. */
static void an_item_without_a_thread_stays_the_caller_s(void **state)
{
    (void)state;
    struct bench bench;
    struct error error = {0};
    begin(&bench, 60000);
    struct activity_threads *greedy = activity_threads_new(
        &(struct activity_threads_options){.stack_bytes = (size_t)1 << 60, .run = run, .user = &bench});
    assert_int_equal(activity_threads_submit(greedy, &bench.items[0].link, &error), STATUS_INTERNAL);
    assert_int_equal(activity_threads_count(greedy), 0);
    activity_threads_destroy(greedy);
    assert_int_equal(bench.entered, 0);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_has_a_thread_of_its_own),
        cmocka_unit_test(an_idle_thread_takes_the_next_item),
        cmocka_unit_test(an_idle_thread_ends_after_its_time),
        cmocka_unit_test(destroy_waits_for_what_runs),
        cmocka_unit_test(an_item_without_a_thread_stays_the_caller_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
