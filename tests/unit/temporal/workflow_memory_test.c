/* The registry of a run's blocks, and jansson on top of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workflow_memory.h"

/* TSan's allocator passes over a bad free(). */
#if defined(__SANITIZE_THREAD__)
#define FREE_IS_LENIENT 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FREE_IS_LENIENT 1
#endif
#endif

static void blocks_of_a_run_go_with_it(void **state)
{
    (void)state;
    struct workflow_memory memory;
    workflow_memory_init(&memory, 1 << 20);
    workflow_memory_enter(&memory);
    json_t *value = json_pack("{s:[i,i,i], s:s}", "numbers", 1, 2, 3, "text", "t");
    assert_non_null(value);
    size_t bytes = memory.bytes;
    assert_true(bytes > 100);
    json_t *second = json_string("freed on the way");
    assert_true(memory.bytes > bytes);
    json_decref(second);
    assert_int_equal(memory.bytes, bytes);
    workflow_memory_leave();
    workflow_memory_deinit(&memory);
    assert_int_equal(memory.bytes, 0);
}

static void outside_of_a_run_jansson_uses_malloc(void **state)
{
    (void)state;
    json_t *value = json_pack("[i]", 1);
    char *text = json_dumps(value, 0);
    assert_string_equal(text, "[1]");
    free(text);
    json_decref(value);
}

static void maximum_is_kept(void **state)
{
    (void)state;
    struct workflow_memory memory;
    workflow_memory_init(&memory, 1000);
    void *block = workflow_memory_alloc(&memory, 500);
    assert_non_null(block);
    assert_null(workflow_memory_alloc(&memory, 500));
    assert_true(memory.is_exceeded);
    assert_null(workflow_memory_alloc(&memory, SIZE_MAX));
    workflow_memory_free(&memory, block);
    workflow_memory_free(&memory, NULL);
    assert_int_equal(memory.bytes, 0);
    workflow_memory_deinit(&memory);
}

#ifndef FREE_IS_LENIENT
/* What an author does wrong first must not corrupt anything later. */
static void free_of_a_runs_block_aborts_at_once(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        struct workflow_memory memory;
        workflow_memory_init(&memory, 1000);
        void *volatile block = workflow_memory_alloc(&memory, 24);
        void *hidden = block;
        free(hidden);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_a_run_go_with_it),
        cmocka_unit_test(outside_of_a_run_jansson_uses_malloc),
        cmocka_unit_test(maximum_is_kept),
#ifndef FREE_IS_LENIENT
        cmocka_unit_test(free_of_a_runs_block_aborts_at_once),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
