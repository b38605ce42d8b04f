/* One thread's event loop: a list of posted tasks under a mutex, a heap of timers, and one source of I/O or, without
 * a source, a condition to wait on. */
#include "base/loop.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

#define SOURCE_WAIT_MAX_MS INT64_C(3600000) /* so that sources may narrow it to an int */

struct task {
    loop_task_fn *fn;
    void *argument;
};

struct task_list {
    struct task *items;
    size_t count;
    size_t capacity;
};

struct loop {
    /* loop's thread */
    struct loop_timer **timers; /* binary heap, earliest first */
    size_t timer_count;
    size_t timer_capacity;
    struct task_list running; /* taken from posted; swapped back and forth so that memory is reused */
    bool has_source;
    struct loop_source source;

    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct task_list posted; /* mutex */
    bool is_waiting;         /* mutex: the loop's thread is in the source's wait, and nobody has woken it yet */
    bool is_stopping;        /* mutex */
};

struct loop *loop_new(void)
{
    struct loop *loop = memory_alloc(sizeof *loop);
    CHECK(pthread_mutex_init(&loop->mutex, NULL) == 0);
    thread_condition_init(&loop->wake);
    return loop;
}

void loop_set_source(struct loop *loop, const struct loop_source *source)
{
    loop->has_source = source != NULL;
    loop->source = source != NULL ? *source : (struct loop_source){0};
}

/* With the mutex held, also around the source's wakeup: as long as it is held the loop's thread cannot get on and let
 * the source be destroyed under our hands. */
static void wake(struct loop *loop)
{
    pthread_cond_signal(&loop->wake);
    if (loop->is_waiting) {
        loop->is_waiting = false;
        loop->source.wakeup(loop->source.user);
    }
}

void loop_post(struct loop *loop, loop_task_fn *fn, void *argument)
{
    CHECK(fn != NULL);
    pthread_mutex_lock(&loop->mutex);
    struct task_list *posted = &loop->posted;
    if (posted->count == posted->capacity) {
        posted->capacity = posted->capacity == 0 ? 16 : posted->capacity * 2;
        posted->items = memory_resize_array(posted->items, posted->capacity, sizeof *posted->items);
    }
    posted->items[posted->count++] = (struct task){.fn = fn, .argument = argument};
    wake(loop);
    pthread_mutex_unlock(&loop->mutex);
}

struct awaited_task {
    loop_task_fn *fn;
    void *argument;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    bool is_done; /* mutex */
};

static void run_awaited(void *argument)
{
    struct awaited_task *task = argument;
    task->fn(task->argument);
    pthread_mutex_lock(&task->mutex);
    task->is_done = true;
    pthread_cond_signal(&task->condition);
    pthread_mutex_unlock(&task->mutex);
}

void loop_post_and_wait(struct loop *loop, loop_task_fn *fn, void *argument)
{
    struct awaited_task task = {.fn = fn, .argument = argument, .mutex = PTHREAD_MUTEX_INITIALIZER};
    thread_condition_init(&task.condition);
    loop_post(loop, run_awaited, &task);
    pthread_mutex_lock(&task.mutex);
    while (!task.is_done) {
        (void)thread_condition_wait(&task.condition, &task.mutex, INT64_MAX);
    }
    pthread_mutex_unlock(&task.mutex);
    (void)pthread_cond_destroy(&task.condition);
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    loop->is_stopping = true;
    wake(loop);
    pthread_mutex_unlock(&loop->mutex);
}

/* Runs the tasks that are posted now; what they post themselves waits for the next turn. Returns how many ran;
 * *out_is_stopping is true only if no task came before the stop that has not run. */
static size_t run_posted(struct loop *loop, bool *out_is_stopping)
{
    pthread_mutex_lock(&loop->mutex);
    struct task_list taken = loop->posted;
    loop->posted = loop->running;
    loop->running = (struct task_list){0};
    *out_is_stopping = loop->is_stopping;
    pthread_mutex_unlock(&loop->mutex);

    size_t count = taken.count;
    for (size_t i = 0; i < count; i++) {
        taken.items[i].fn(taken.items[i].argument);
    }
    taken.count = 0;
    CHECK(loop->running.items == NULL); /* a task must not run the loop */
    loop->running = taken;
    return count;
}

static void place_timer(struct loop *loop, size_t index, struct loop_timer *timer)
{
    loop->timers[index] = timer;
    timer->position = index + 1;
}

static void sift_up(struct loop *loop, size_t index, struct loop_timer *timer)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (loop->timers[parent]->due_ms <= timer->due_ms) {
            break;
        }
        place_timer(loop, index, loop->timers[parent]);
        index = parent;
    }
    place_timer(loop, index, timer);
}

static void sift_down(struct loop *loop, size_t index, struct loop_timer *timer)
{
    for (;;) {
        size_t child = index * 2 + 1;
        if (child >= loop->timer_count) {
            break;
        }
        if (child + 1 < loop->timer_count && loop->timers[child + 1]->due_ms < loop->timers[child]->due_ms) {
            child++;
        }
        if (timer->due_ms <= loop->timers[child]->due_ms) {
            break;
        }
        place_timer(loop, index, loop->timers[child]);
        index = child;
    }
    place_timer(loop, index, timer);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (timer->position == 0) {
        return;
    }
    size_t index = timer->position - 1;
    CHECK(index < loop->timer_count && loop->timers[index] == timer);
    timer->position = 0;
    loop->timer_count--;
    struct loop_timer *last = loop->timers[loop->timer_count];
    if (last == timer) {
        return;
    }
    if (index > 0 && last->due_ms < loop->timers[(index - 1) / 2]->due_ms) {
        sift_up(loop, index, last);
    } else {
        sift_down(loop, index, last);
    }
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, int64_t due_ms, loop_task_fn *fire, void *argument)
{
    CHECK(fire != NULL);
    loop_timer_stop(loop, timer);
    if (loop->timer_count == loop->timer_capacity) {
        loop->timer_capacity = loop->timer_capacity == 0 ? 16 : loop->timer_capacity * 2;
        loop->timers = memory_resize_array(loop->timers, loop->timer_capacity, sizeof(struct loop_timer *));
    }
    timer->due_ms = due_ms;
    timer->fire = fire;
    timer->argument = argument;
    loop->timer_count++;
    sift_up(loop, loop->timer_count - 1, timer);
}

/* A timer that starts itself again in the past gets its next turn with the next round: I/O is not starved. */
static size_t run_timers(struct loop *loop)
{
    if (loop->timer_count == 0) {
        return 0;
    }
    int64_t now_ms = clock_monotonic_ms();
    size_t limit = loop->timer_count;
    size_t fired = 0;
    while (fired < limit && loop->timer_count > 0 && loop->timers[0]->due_ms <= now_ms) {
        struct loop_timer *timer = loop->timers[0];
        loop_timer_stop(loop, timer);
        fired++;
        timer->fire(timer->argument);
    }
    return fired;
}

/* Waits until deadline_ms, the first timer, a post, a stop, or the source has something. */
static void wait_for_more(struct loop *loop, int64_t deadline_ms)
{
    if (loop->timer_count > 0 && loop->timers[0]->due_ms < deadline_ms) {
        deadline_ms = loop->timers[0]->due_ms;
    }
    pthread_mutex_lock(&loop->mutex);
    bool is_idle = loop->posted.count == 0 && !loop->is_stopping;
    if (!loop->has_source) {
        while (loop->posted.count == 0 && !loop->is_stopping) {
            if (!thread_condition_wait(&loop->wake, &loop->mutex, deadline_ms)) {
                break;
            }
        }
        pthread_mutex_unlock(&loop->mutex);
        return;
    }
    loop->is_waiting = is_idle;
    pthread_mutex_unlock(&loop->mutex);

    int64_t timeout_ms = 0;
    if (is_idle) {
        int64_t now_ms = clock_monotonic_ms();
        timeout_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
        timeout_ms = timeout_ms < SOURCE_WAIT_MAX_MS ? timeout_ms : SOURCE_WAIT_MAX_MS;
    }
    loop->source.wait(loop->source.user, timeout_ms);

    pthread_mutex_lock(&loop->mutex);
    loop->is_waiting = false;
    pthread_mutex_unlock(&loop->mutex);
}

/* false: stopped. */
static bool turn(struct loop *loop, int64_t deadline_ms)
{
    bool is_stopping = false;
    size_t ran = run_posted(loop, &is_stopping);
    if (is_stopping) {
        return false;
    }
    ran += run_timers(loop);
    wait_for_more(loop, ran > 0 ? 0 : deadline_ms);
    return true;
}

void loop_run(struct loop *loop)
{
    while (turn(loop, INT64_MAX)) {
        ;
    }
}

void loop_run_once(struct loop *loop, int64_t timeout_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t deadline_ms = timeout_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + timeout_ms;
    if (turn(loop, deadline_ms)) {
        bool is_stopping = false;
        (void)run_posted(loop, &is_stopping);
        (void)run_timers(loop);
    }
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    bool is_stopping = false;
    while (run_posted(loop, &is_stopping) > 0) {
        ;
    }
    free(loop->timers);
    free(loop->running.items);
    free(loop->posted.items);
    CHECK(pthread_cond_destroy(&loop->wake) == 0);
    CHECK(pthread_mutex_destroy(&loop->mutex) == 0);
    free(loop);
}
