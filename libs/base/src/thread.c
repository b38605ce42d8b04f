/* Named threads with signals blocked, and conditions on the monotonic clock. */
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/memory.h"

#define NAME_SIZE 16 /* the kernel's limit, terminator included */

struct start {
    thread_main_fn *main;
    void *argument;
    char name[NAME_SIZE];
};

static void *thread_entry(void *argument)
{
    struct start *given = argument;
    struct start start = *given;
    free(given);
    (void)pthread_setname_np(pthread_self(), start.name); /* a name is a convenience: no reason to fail */
    start.main(start.argument);
    return NULL;
}

/* Everything but the faults that a thread raises in itself. */
static void fill_blocked(sigset_t *set)
{
    static const int own_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < sizeof own_faults / sizeof own_faults[0]; i++) {
        sigdelset(set, own_faults[i]);
    }
}

enum status thread_start(pthread_t *out_thread, const char *name, size_t stack_bytes, thread_main_fn *main,
                         void *argument, struct error *error)
{
    enum status status = STATUS_OK;
    struct start *start = memory_alloc(sizeof *start);
    start->main = main;
    start->argument = argument;
    memcpy(start->name, name, strnlen(name, NAME_SIZE - 1));

    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    if (stack_bytes != 0) {
        CHECK(pthread_attr_setstacksize(&attributes, stack_bytes) == 0);
    }
    sigset_t blocked;
    sigset_t before;
    fill_blocked(&blocked);
    CHECK(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    pthread_t thread;
    int failure = pthread_create(&thread, &attributes, thread_entry, start);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    if (failure != 0) {
        free(start);
        status = error_set(error, STATUS_INTERNAL, "starting thread %s: %s", name, strerrordesc_np(failure));
        if (error != NULL) {
            error->retryable = true;
        }
        return status;
    }
    *out_thread = thread;
    return status;
}

void thread_join(pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
}

void thread_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(condition, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
}

bool thread_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX) {
        CHECK(pthread_cond_wait(condition, mutex) == 0);
        return true;
    }
    int64_t deadline = deadline_ms < 0 ? 0 : deadline_ms;
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000), .tv_nsec = (long)(deadline % 1000) * 1000000};
    int result = pthread_cond_timedwait(condition, mutex, &until);
    CHECK(result == 0 || result == ETIMEDOUT);
    return result == 0;
}
