/* What the cache keeps and what it pushes out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_cache.h"

#define RUNS 4

struct fixture {
    struct run_cache *cache;
    struct run_cache_entry entries[RUNS];
    int evicted[RUNS]; /* order of eviction, from 1 */
    int evictions;
};

static const char *const names[RUNS] = {"a", "b", "c", "d"};

static void evict(void *user, struct run_cache_entry *entry)
{
    struct fixture *fixture = user;
    fixture->evicted[entry - fixture->entries] = ++fixture->evictions;
}

static struct fixture *make(struct fixture *fixture, size_t capacity)
{
    *fixture = (struct fixture){0};
    fixture->cache = run_cache_new(capacity, evict, fixture);
    return fixture;
}

static void add(struct fixture *fixture, int index)
{
    run_cache_add(fixture->cache, &fixture->entries[index], names[index]);
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, 2);
    for (int i = 0; i < 2; i++) {
        add(&fixture, i);
        run_cache_release(fixture.cache, &fixture.entries[i], 10);
    }
    run_cache_hold(fixture.cache, run_cache_get(fixture.cache, "a"));
    run_cache_release(fixture.cache, &fixture.entries[0], 10);
    add(&fixture, 2);
    run_cache_release(fixture.cache, &fixture.entries[2], 10);
    assert_int_equal(fixture.evicted[1], 1);
    assert_int_equal(fixture.evictions, 1);
    assert_ptr_equal(run_cache_get(fixture.cache, "a"), &fixture.entries[0]);
    assert_null(run_cache_get(fixture.cache, "b"));
    assert_int_equal(run_cache_evictions(fixture.cache), 1);
    run_cache_destroy(fixture.cache);
    assert_int_equal(fixture.evictions, 3);
}

static void capacity_0_keeps_nothing_beyond_its_task(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, 0);
    add(&fixture, 0);
    assert_int_equal(run_cache_count(fixture.cache), 1);
    run_cache_release(fixture.cache, &fixture.entries[0], 10);
    assert_int_equal(fixture.evicted[0], 1);
    assert_int_equal(run_cache_count(fixture.cache), 0);
    assert_int_equal(run_cache_bytes(fixture.cache), 0);
    run_cache_destroy(fixture.cache);
}

static void capacity_1_keeps_the_last(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, 1);
    add(&fixture, 0);
    add(&fixture, 1);
    run_cache_release(fixture.cache, &fixture.entries[1], 10);
    assert_int_equal(fixture.evicted[1], 1);
    run_cache_release(fixture.cache, &fixture.entries[0], 10);
    assert_int_equal(fixture.evicted[0], 0);
    assert_int_equal(run_cache_count(fixture.cache), 1);
    run_cache_destroy(fixture.cache);
}

static void a_busy_run_is_never_pushed_out(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, 1);
    add(&fixture, 0);
    add(&fixture, 1);
    add(&fixture, 2);
    assert_int_equal(fixture.evictions, 0);
    run_cache_release(fixture.cache, &fixture.entries[2], 10);
    assert_int_equal(fixture.evicted[2], 1);
    assert_int_equal(fixture.evicted[0], 0);
    run_cache_destroy(fixture.cache);
}

static void bytes_are_the_sum_of_what_was_told_last(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, 3);
    add(&fixture, 0);
    add(&fixture, 1);
    run_cache_release(fixture.cache, &fixture.entries[0], 100);
    run_cache_release(fixture.cache, &fixture.entries[1], 30);
    run_cache_hold(fixture.cache, &fixture.entries[0]);
    run_cache_release(fixture.cache, &fixture.entries[0], 50);
    assert_int_equal(run_cache_bytes(fixture.cache), 80);
    run_cache_remove(fixture.cache, &fixture.entries[0]);
    assert_int_equal(run_cache_bytes(fixture.cache), 30);
    assert_int_equal(fixture.evictions, 0);
    run_cache_destroy(fixture.cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(capacity_0_keeps_nothing_beyond_its_task),
        cmocka_unit_test(capacity_1_keeps_the_last),
        cmocka_unit_test(a_busy_run_is_never_pushed_out),
        cmocka_unit_test(bytes_are_the_sum_of_what_was_told_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
