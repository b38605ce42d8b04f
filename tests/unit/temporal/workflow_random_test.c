/* Frozen: recorded histories depend on these very numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "workflow_random.h"

/* The key 00 01 … 0f and the messages (), (00), (00 01) … are those of SipHash's own test vectors, for one and three
 * rounds; the longer ones were computed with CPython 3.11, whose hash of bytes this is (key 0). */
static void siphash_is_the_published_one(void **state)
{
    (void)state;
    static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    static const unsigned char message[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    assert_true(workflow_random_siphash13(key, message, 0) == UINT64_C(0xabac0158050fc4dc));
    assert_true(workflow_random_siphash13(key, message, 1) == UINT64_C(0xc9f49bf37d57ca93));
    assert_true(workflow_random_siphash13(key, message, 4) == UINT64_C(0xcf75576088d38328));
    static const uint64_t zero[2] = {0, 0};
    assert_true(workflow_random_siphash13(zero, message, 13) == UINT64_C(0xa0cf3211850f8e0d));
    assert_true(workflow_random_siphash13(zero, message, 16) == UINT64_C(0x8972188433a5c5b7));
}

static void numbers_depend_on_the_run_id_alone(void **state)
{
    (void)state;
    struct workflow_random first;
    struct workflow_random second;
    struct workflow_random other;
    workflow_random_seed(&first, "run");
    workflow_random_seed(&second, "run");
    workflow_random_seed(&other, "ruo");
    for (int i = 0; i < 100; i++) {
        uint64_t number = workflow_random_next(&first);
        assert_true(number == workflow_random_next(&second));
        assert_true(number != workflow_random_next(&other));
    }
}

static void numbers_never_change_between_versions(void **state)
{
    (void)state;
    struct workflow_random random;
    workflow_random_seed(&random, "run");
    assert_true(workflow_random_next(&random) == UINT64_C(0x1da1d1b459ae8e61));
    assert_true(workflow_random_next(&random) == UINT64_C(0x091bd8fa1596f892));
    assert_int_equal(workflow_random_below(&random, 1000), 611);
}

static void below_stays_below_and_reaches_everything(void **state)
{
    (void)state;
    struct workflow_random random;
    workflow_random_seed(&random, "run");
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = workflow_random_below(&random, 6);
        assert_true(number < 6);
        seen |= 1U << number;
    }
    assert_int_equal(seen, 63);
    assert_int_equal(workflow_random_below(&random, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_is_the_published_one),
        cmocka_unit_test(numbers_depend_on_the_run_id_alone),
        cmocka_unit_test(numbers_never_change_between_versions),
        cmocka_unit_test(below_stays_below_and_reaches_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
