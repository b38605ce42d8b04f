/* ?wait= and Prefer: wait=. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wait_preference.h"

static struct wait_preference read_wait(const char *query, const char *prefer)
{
    struct wait_preference wait = {0};
    assert_int_equal(wait_preference_read(query, prefer, 60000, &wait, NULL), STATUS_OK);
    return wait;
}

static void without_either_nobody_waits(void **state)
{
    (void)state;
    struct wait_preference wait = read_wait(NULL, NULL);
    assert_false(wait.is_given);
    assert_false(wait.is_preferred);
    assert_int_equal(wait.wait_ms, 0);
}

static void the_query_wins(void **state)
{
    (void)state;
    struct wait_preference wait = read_wait("1500ms", "wait=9");
    assert_true(wait.is_given);
    assert_false(wait.is_preferred);
    assert_int_equal(wait.wait_ms, 1500);
}

static void a_wrong_query_is_refused(void **state)
{
    (void)state;
    struct wait_preference wait = {0};
    struct error error = {0};
    assert_int_equal(wait_preference_read("soon", "wait=9", 60000, &wait, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(wait_preference_read("61s", NULL, 60000, &wait, &error), STATUS_INVALID_ARGUMENT);
    assert_false(wait.is_given);
}

static void preferences_are_read_as_rfc_7240_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *prefer;
        int64_t expected_ms; /* -1: none */
    } cases[] = {{"wait=25", 25000},
                 {"Wait = \"25\"", 25000},
                 {"respond-async, wait=10", 10000},
                 {"return=minimal;a=\"x, wait=1\", wait=3;b", 3000},
                 {"wait=5, wait=9", 5000},
                 {"wait=0", 0},
                 {"wait=600", 60000},
                 {"wait", -1},
                 {"wait=", -1},
                 {"wait=-1", -1},
                 {"wait=1s", -1},
                 {"wait=\"1", -1},
                 {"waiting=3", -1},
                 {"wait=9999999999", -1},
                 {"", -1},
                 {",,", -1},
                 {"a=\"\\\"", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wait_preference wait = read_wait(NULL, cases[i].prefer);
        assert_int_equal(wait.is_preferred, cases[i].expected_ms >= 0);
        assert_int_equal(wait.is_given, cases[i].expected_ms >= 0);
        assert_int_equal(wait.wait_ms, cases[i].expected_ms < 0 ? 0 : cases[i].expected_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_either_nobody_waits),
        cmocka_unit_test(the_query_wins),
        cmocka_unit_test(a_wrong_query_is_refused),
        cmocka_unit_test(preferences_are_read_as_rfc_7240_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
