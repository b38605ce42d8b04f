/* See activity_threads.h. Idle threads form a stack, so that the busiest stay warm and the others run into their idle
 * time. A thread that ends puts itself into `ended`; the next submit or destroy joins it. */
#include "activity_threads.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

/* All members belong to the pool's lock, but for what is written before the thread starts. */
struct activity_thread {
    struct activity_threads *pool;
    pthread_t thread;
    pthread_cond_t wake;
    struct list link;  /* in idle or ended */
    struct list *item; /* handed over while idle */
    bool is_idle;
};

struct activity_threads {
    struct activity_threads_options options;
    pthread_mutex_t lock;
    pthread_cond_t all_ended;
    struct list idle;    /* struct activity_thread, the last that became idle first */
    struct list ended;   /* to be joined */
    struct list waiting; /* items that no thread has taken, oldest first */
    size_t running;      /* threads that have not ended */
    bool is_closing;
};

struct activity_threads *activity_threads_new(const struct activity_threads_options *options)
{
    struct activity_threads *threads = memory_alloc(sizeof *threads);
    threads->options = *options;
    if (threads->options.idle_ms == 0) {
        threads->options.idle_ms = ACTIVITY_THREADS_IDLE_MS;
    }
    pthread_mutex_init(&threads->lock, NULL);
    thread_condition_init(&threads->all_ended);
    list_init(&threads->idle);
    list_init(&threads->ended);
    list_init(&threads->waiting);
    return threads;
}

/* With the lock. Waits for work; NULL: the thread shall end. */
static struct list *next_item(struct activity_threads *pool, struct activity_thread *self)
{
    struct list *item = list_take_first(&pool->waiting);
    if (item || pool->is_closing) {
        return item;
    }
    self->is_idle = true;
    list_prepend(&pool->idle, &self->link);
    int64_t deadline_ms = clock_monotonic_ms() + pool->options.idle_ms;
    bool in_time = true;
    while (self->is_idle && in_time && !pool->is_closing) {
        in_time = thread_condition_wait(&self->wake, &pool->lock, deadline_ms);
    }
    if (self->is_idle) {
        self->is_idle = false;
        list_remove(&self->link);
    }
    item = self->item;
    self->item = NULL;
    return item;
}

static void thread_main(void *argument)
{
    struct activity_thread *self = argument;
    struct activity_threads *pool = self->pool;
    pthread_mutex_lock(&pool->lock);
    struct list *item = self->item;
    self->item = NULL;
    while (item) {
        pthread_mutex_unlock(&pool->lock);
        pool->options.run(pool->options.user, item);
        pthread_mutex_lock(&pool->lock);
        item = next_item(pool, self);
    }
    list_append(&pool->ended, &self->link);
    pool->running--;
    pthread_cond_signal(&pool->all_ended);
    pthread_mutex_unlock(&pool->lock);
}

static void thread_free(struct activity_thread *thread)
{
    pthread_cond_destroy(&thread->wake);
    free(thread);
}

/* Joins what has ended; with the lock, which is let go meanwhile. */
static void join_ended(struct activity_threads *pool)
{
    for (struct list *link = list_take_first(&pool->ended); link; link = list_take_first(&pool->ended)) {
        struct activity_thread *thread = LIST_ITEM(link, struct activity_thread, link);
        pthread_mutex_unlock(&pool->lock);
        thread_join(thread->thread);
        thread_free(thread);
        pthread_mutex_lock(&pool->lock);
    }
}

/* With the lock. */
static enum status start_thread(struct activity_threads *pool, struct list *item, struct error *error)
{
    struct activity_thread *thread = memory_alloc(sizeof *thread);
    thread->pool = pool;
    thread->item = item;
    list_init(&thread->link);
    thread_condition_init(&thread->wake);
    enum status status =
        thread_start(&thread->thread, "activity", pool->options.stack_bytes, thread_main, thread, error);
    if (status != STATUS_OK) {
        thread_free(thread);
        return status;
    }
    pool->running++;
    return STATUS_OK;
}

enum status activity_threads_submit(struct activity_threads *threads, struct list *item, struct error *error)
{
    enum status status = STATUS_OK;
    list_init(item);
    pthread_mutex_lock(&threads->lock);
    CHECK(!threads->is_closing);
    struct list *idle = list_take_first(&threads->idle);
    if (idle) {
        struct activity_thread *thread = LIST_ITEM(idle, struct activity_thread, link);
        thread->item = item;
        thread->is_idle = false;
        pthread_cond_signal(&thread->wake);
    } else {
        status = start_thread(threads, item, error);
        if (status != STATUS_OK && threads->running > 0) {
            list_append(&threads->waiting, item);
            status = STATUS_OK;
        }
    }
    join_ended(threads);
    pthread_mutex_unlock(&threads->lock);
    return status;
}

void activity_threads_destroy(struct activity_threads *threads)
{
    if (!threads) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    threads->is_closing = true;
    for (struct list *link = threads->idle.next; link != &threads->idle; link = link->next) {
        pthread_cond_signal(&LIST_ITEM(link, struct activity_thread, link)->wake);
    }
    while (threads->running > 0) {
        thread_condition_wait(&threads->all_ended, &threads->lock, INT64_MAX);
    }
    join_ended(threads);
    pthread_mutex_unlock(&threads->lock);
    pthread_cond_destroy(&threads->all_ended);
    pthread_mutex_destroy(&threads->lock);
    free(threads);
}

size_t activity_threads_count(struct activity_threads *threads)
{
    pthread_mutex_lock(&threads->lock);
    size_t count = threads->running;
    pthread_mutex_unlock(&threads->lock);
    return count;
}
