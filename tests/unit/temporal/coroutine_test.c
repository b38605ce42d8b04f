/* Coroutines: switching, stacks, their pool, and what happens at the guard pages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coroutine.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

struct counter {
    int value;
    int steps;
};

static void count(struct coroutine *coroutine, void *context)
{
    struct counter *counter = context;
    for (int i = 0; i < counter->steps; i++) {
        counter->value++;
        coroutine_suspend(coroutine);
    }
}

static void resumes_where_it_suspended(void **state)
{
    (void)state;
    struct coroutine_pool *pool = coroutine_pool_new(1);
    struct counter counter = {.steps = 2};
    struct coroutine *coroutine = coroutine_new(pool, 0, "count", count, &counter);
    assert_int_equal(counter.value, 0);
    assert_true(coroutine_resume(coroutine));
    assert_int_equal(counter.value, 1);
    assert_true(coroutine_resume(coroutine));
    assert_int_equal(counter.value, 2);
    assert_false(coroutine_resume(coroutine));
    assert_true(coroutine_has_returned(coroutine));
    assert_false(coroutine_resume(coroutine));
    coroutine_destroy(coroutine);
    coroutine_pool_destroy(pool);
}

static void many_run_interleaved_and_are_dropped_while_suspended(void **state)
{
    (void)state;
    enum { COROUTINES = 64 };
    struct coroutine_pool *pool = coroutine_pool_new(8);
    for (int round = 0; round < 3; round++) {
        struct counter counters[COROUTINES] = {{0}};
        struct coroutine *coroutines[COROUTINES];
        for (int i = 0; i < COROUTINES; i++) {
            counters[i].steps = i + 1;
            coroutines[i] = coroutine_new(pool, 0, "count", count, &counters[i]);
        }
        for (int step = 0; step < 10; step++) {
            for (int i = 0; i < COROUTINES; i++) {
                (void)coroutine_resume(coroutines[i]);
            }
        }
        for (int i = 0; i < COROUTINES; i++) {
            assert_int_equal(counters[i].value, i + 1 < 10 ? i + 1 : 10);
            coroutine_destroy(coroutines[i]);
        }
    }
    coroutine_pool_destroy(pool);
}

static void *resume_elsewhere(void *context)
{
    (void)coroutine_resume(context);
    return NULL;
}

static void goes_on_in_another_thread(void **state)
{
    (void)state;
    struct coroutine_pool *pool = coroutine_pool_new(1);
    struct counter counter = {.steps = 3};
    struct coroutine *coroutine = coroutine_new(pool, 0, "count", count, &counter);
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, resume_elsewhere, coroutine), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_int_equal(counter.value, 3);
    assert_false(coroutine_resume(coroutine));
    coroutine_destroy(coroutine);
    coroutine_pool_destroy(pool);
}

static void touch(struct coroutine *coroutine, void *context)
{
    (void)context;
    volatile char block[15000];
    for (size_t i = 0; i < sizeof block; i += 512) {
        block[i] = 1;
    }
    coroutine_suspend(coroutine);
    assert_int_equal(block[0], 1);
}

static void stack_use_is_reported(void **state)
{
    (void)state;
    struct coroutine_pool *pool = coroutine_pool_new(1);
    struct coroutine *coroutine = coroutine_new(pool, 0, "touch", touch, NULL);
    (void)coroutine_resume(coroutine);
    assert_in_range(coroutine_stack_used(coroutine), 15000, coroutine_stack_size(coroutine));
    (void)coroutine_resume(coroutine);
    coroutine_destroy(coroutine);
    coroutine_pool_destroy(pool);
}

/* The deepest JSON that jansson parses must fit on the default stack: message bodies come from outside. */
static void parse_deep(struct coroutine *coroutine, void *context)
{
    (void)coroutine;
    enum { DEPTH = 2047 };
    static char text[DEPTH * 6 + DEPTH + 2];
    char *position = text;
    for (int i = 0; i < DEPTH; i++) {
        position = stpcpy(position, i % 2 == 0 ? "{\"a\":" : "[");
    }
    position = stpcpy(position, "1");
    for (int i = DEPTH - 1; i >= 0; i--) {
        position = stpcpy(position, i % 2 == 0 ? "}" : "]");
    }
    json_t *value = json_loads(text, 0, NULL);
    *(bool *)context = value != NULL;
    char *dumped = json_dumps(value, JSON_COMPACT);
    *(bool *)context = dumped != NULL && strcmp(dumped, text) == 0;
    free(dumped);
    json_decref(value);
}

static void deepest_json_fits_on_the_default_stack(void **state)
{
    (void)state;
    struct coroutine_pool *pool = coroutine_pool_new(1);
    bool is_same = false;
    struct coroutine *coroutine = coroutine_new(pool, 0, "parse", parse_deep, &is_same);
    (void)coroutine_resume(coroutine);
    print_message("the deepest JSON takes %zu bytes of stack\n", coroutine_stack_used(coroutine));
    assert_true(is_same);
    coroutine_destroy(coroutine);
    coroutine_pool_destroy(pool);
}

#ifndef IS_SANITIZED
static int recurse(int depth)
{
    volatile char block[1024];
    block[depth % 1024] = (char)depth;
    return depth == 0 ? 0 : recurse(depth - 1) + block[depth % 1024];
}

static void overflow(struct coroutine *coroutine, void *context)
{
    (void)coroutine;
    *(int *)context = recurse(1000000);
}

static void overflow_names_the_coroutine_and_dies(void **state)
{
    (void)state;
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(channel[1], STDERR_FILENO);
        coroutine_watch_overflow();
        int result = 0;
        struct coroutine_pool *pool = coroutine_pool_new(1);
        (void)coroutine_resume(coroutine_new(pool, 0, "workflow deep", overflow, &result));
        _exit(0);
    }
    (void)close(channel[1]);
    char text[256] = "";
    size_t length = 0;
    ssize_t count_read;
    while ((count_read = read(channel[0], text + length, sizeof text - 1 - length)) > 0) {
        length += (size_t)count_read;
    }
    (void)close(channel[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_non_null(strstr(text, "stack overflow in workflow deep"));
}
#endif

static void *watch(void *argument)
{
    coroutine_watch_thread();
    coroutine_watch_thread();
    return argument;
}

/* The address sanitizer takes back at a thread's end whatever signal stack it finds there. */
static void a_watched_thread_ends_with_the_signal_stack_that_it_began_with(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, watch, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumes_where_it_suspended),
        cmocka_unit_test(many_run_interleaved_and_are_dropped_while_suspended),
        cmocka_unit_test(goes_on_in_another_thread),
        cmocka_unit_test(stack_use_is_reported),
        cmocka_unit_test(a_watched_thread_ends_with_the_signal_stack_that_it_began_with),
        cmocka_unit_test(deepest_json_fits_on_the_default_stack),
#ifndef IS_SANITIZED
        cmocka_unit_test(overflow_names_the_coroutine_and_dies),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
