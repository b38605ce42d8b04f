/* How many receives are open, and how much they ask for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "receive_plan.h"

#define MIB ((size_t)1 << 20)

static struct receive_plan plan_of(int64_t receives, int64_t messages, int64_t bytes)
{
    struct receive_plan plan;
    receive_plan_init(&plan, receives, messages, bytes);
    return plan;
}

static void an_idle_queue_has_one_long_poll(void **state)
{
    (void)state;
    struct receive_plan plan = plan_of(4, 500, 64 << 20);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 0, 0), 10);
    assert_int_equal(receive_plan_next(&plan, 1, 10, 0, 0), 0);
    receive_plan_got(&plan, 0, 0);
    assert_int_equal(receive_plan_next(&plan, 1, 10, 0, 0), 0);
}

static void receives_grow_while_messages_flow_and_fall_back_when_it_is_empty(void **state)
{
    (void)state;
    struct receive_plan plan = plan_of(3, 500, 64 << 20);
    receive_plan_got(&plan, 10, 2000);
    assert_int_equal(receive_plan_next(&plan, 1, 10, 10, 2000), 10);
    assert_int_equal(receive_plan_next(&plan, 2, 20, 10, 2000), 0);
    receive_plan_got(&plan, 10, 2000);
    receive_plan_got(&plan, 10, 2000);
    assert_int_equal(receive_plan_next(&plan, 2, 20, 10, 2000), 10);
    assert_int_equal(receive_plan_next(&plan, 3, 30, 10, 2000), 0);
    receive_plan_got(&plan, 0, 0);
    assert_int_equal(receive_plan_next(&plan, 1, 10, 10, 2000), 0);
}

static void messages_in_hand_and_on_their_way_leave_the_room(void **state)
{
    (void)state;
    struct receive_plan plan = plan_of(4, 30, 64 << 20);
    receive_plan_got(&plan, 10, 2000);
    assert_int_equal(receive_plan_next(&plan, 1, 10, 10, 2000), 10);
    assert_int_equal(receive_plan_next(&plan, 1, 10, 11, 2000), 0); /* a whole receive no longer fits */
    assert_int_equal(receive_plan_next(&plan, 0, 0, 30, 6000), 0);
}

static void a_small_limit_is_used_up_to_the_last_place(void **state)
{
    (void)state;
    struct receive_plan plan = plan_of(4, 3, 64 << 20);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 0, 0), 3);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 2, 0), 1);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 3, 0), 0);
}

static void runs_that_last_leave_nearly_all_places_of_a_middling_limit_in_use(void **state)
{
    (void)state;
    struct receive_plan plan = plan_of(4, 20, 64 << 20);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 12, 0), 8);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 18, 0), 2);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 19, 0), 0);
    plan = plan_of(4, 500, 64 << 20);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 491, 0), 0);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 490, 0), 10);
}

static void long_messages_count_by_their_bytes(void **state)
{
    (void)state;
    struct receive_plan plan = plan_of(4, 500, 8 << 20);
    receive_plan_got(&plan, 2, 2 * MIB);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 2, 2 * MIB), 6);
    assert_int_equal(receive_plan_next(&plan, 1, 6, 2, 2 * MIB), 0);
    assert_int_equal(receive_plan_next(&plan, 0, 0, 7, 7 * MIB + MIB / 2), 1); /* some room is left */
    assert_int_equal(receive_plan_next(&plan, 0, 0, 8, 8 * MIB), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_queue_has_one_long_poll),
        cmocka_unit_test(receives_grow_while_messages_flow_and_fall_back_when_it_is_empty),
        cmocka_unit_test(messages_in_hand_and_on_their_way_leave_the_room),
        cmocka_unit_test(a_small_limit_is_used_up_to_the_last_place),
        cmocka_unit_test(runs_that_last_leave_nearly_all_places_of_a_middling_limit_in_use),
        cmocka_unit_test(long_messages_count_by_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
