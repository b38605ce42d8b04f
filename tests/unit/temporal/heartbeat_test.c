/* When heartbeats go out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "heartbeat.h"

static void interval_is_four_fifths_of_the_timeout_and_a_minute_at_most(void **state)
{
    (void)state;
    assert_int_equal(heartbeat_interval_ms(10000), 8000);
    assert_int_equal(heartbeat_interval_ms(1), 0);
    assert_int_equal(heartbeat_interval_ms(75000), 60000);
    assert_int_equal(heartbeat_interval_ms(INT64_MAX), 60000);
    assert_int_equal(heartbeat_interval_ms(0), 30000);
}

static void the_first_goes_at_once_and_the_next_waits_for_the_interval(void **state)
{
    (void)state;
    struct heartbeat heartbeat;
    heartbeat_init(&heartbeat, 10000);
    assert_true(heartbeat_record(&heartbeat, 1000));
    heartbeat_answered(&heartbeat, false);
    assert_int_equal(heartbeat_due_ms(&heartbeat), INT64_MAX);
    assert_false(heartbeat_record(&heartbeat, 2000));
    assert_false(heartbeat_record(&heartbeat, 8999));
    assert_int_equal(heartbeat_due_ms(&heartbeat), 9000);
    assert_false(heartbeat_take_due(&heartbeat, 8999));
    assert_true(heartbeat_take_due(&heartbeat, 9000));
    heartbeat_answered(&heartbeat, false);
    assert_false(heartbeat_take_due(&heartbeat, 100000));
}

static void an_activity_that_was_silent_for_long_is_heard_at_once(void **state)
{
    (void)state;
    struct heartbeat heartbeat;
    heartbeat_init(&heartbeat, 10000);
    assert_true(heartbeat_record(&heartbeat, 1000));
    heartbeat_answered(&heartbeat, false);
    assert_true(heartbeat_record(&heartbeat, 20000));
}

static void a_forced_one_goes_before_the_interval_is_over_and_starts_a_new_one(void **state)
{
    (void)state;
    struct heartbeat heartbeat;
    heartbeat_init(&heartbeat, 10000);
    assert_true(heartbeat_record(&heartbeat, 1000));
    heartbeat_answered(&heartbeat, false);
    assert_false(heartbeat_record(&heartbeat, 2000));
    heartbeat_force(&heartbeat, 3000);
    heartbeat_answered(&heartbeat, false);
    assert_int_equal(heartbeat_due_ms(&heartbeat), INT64_MAX); /* it took what was held along */
    assert_false(heartbeat_record(&heartbeat, 10999));
    assert_int_equal(heartbeat_due_ms(&heartbeat), 11000);
}

static void there_is_never_a_second_one_under_way(void **state)
{
    (void)state;
    struct heartbeat heartbeat;
    heartbeat_init(&heartbeat, 10000);
    assert_true(heartbeat_record(&heartbeat, 1000));
    assert_false(heartbeat_record(&heartbeat, 50000));
    assert_int_equal(heartbeat_due_ms(&heartbeat), INT64_MAX);
    heartbeat_answered(&heartbeat, false);
    assert_true(heartbeat_take_due(&heartbeat, 50001));
}

static void a_lost_one_is_sent_again_after_the_interval(void **state)
{
    (void)state;
    struct heartbeat heartbeat;
    heartbeat_init(&heartbeat, 10000);
    assert_true(heartbeat_record(&heartbeat, 1000));
    heartbeat_answered(&heartbeat, true);
    assert_true(heartbeat.is_held);
    assert_int_equal(heartbeat_due_ms(&heartbeat), 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interval_is_four_fifths_of_the_timeout_and_a_minute_at_most),
        cmocka_unit_test(the_first_goes_at_once_and_the_next_waits_for_the_interval),
        cmocka_unit_test(an_activity_that_was_silent_for_long_is_heard_at_once),
        cmocka_unit_test(a_forced_one_goes_before_the_interval_is_over_and_starts_a_new_one),
        cmocka_unit_test(there_is_never_a_second_one_under_way),
        cmocka_unit_test(a_lost_one_is_sent_again_after_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
