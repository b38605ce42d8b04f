/* The circuit, with time passed in and no jitter. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "circuit.h"

static struct circuit fresh(void)
{
    struct circuit circuit;
    circuit_init(&circuit, 0.0);
    return circuit;
}

/* Opened at 0, ready at 1000. */
static struct circuit half_open(void)
{
    struct circuit circuit = fresh();
    (void)circuit_failed(&circuit, 0, 0);
    circuit_probe_sent(&circuit);
    circuit_probe_answered(&circuit, true, 1000);
    return circuit;
}

static void closed_forwards(void **state)
{
    (void)state;
    struct circuit circuit = fresh();
    assert_int_equal(circuit_step(&circuit, 0), CIRCUIT_FORWARD);
    assert_true(circuit_is_closed(&circuit));
}

static void a_failure_opens_it_once(void **state)
{
    (void)state;
    struct circuit circuit = fresh();
    assert_true(circuit_failed(&circuit, 0, 100));
    assert_false(circuit_failed(&circuit, 0, 150)); /* of another request under way */
    assert_int_equal(circuit.opening, 1);
    assert_int_equal(circuit_step(&circuit, 1099), CIRCUIT_WAIT);
    assert_int_equal(circuit_next_ms(&circuit), 1100);
    assert_int_equal(circuit_step(&circuit, 1100), CIRCUIT_PROBE);
}

static void a_target_that_names_its_time_is_left_alone_until_then(void **state)
{
    (void)state;
    struct circuit circuit = fresh();
    (void)circuit_failed(&circuit, 7000, 0);
    assert_int_equal(circuit_next_ms(&circuit), 7000);
    circuit = fresh();
    (void)circuit_failed(&circuit, INT64_MAX, 0);
    assert_int_equal(circuit_next_ms(&circuit), 60000); /* but not for ever */
}

static void probing_backs_off_while_the_target_is_not_ready(void **state)
{
    (void)state;
    struct circuit circuit = fresh();
    int64_t now_ms = 0;
    const int64_t delays[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    (void)circuit_failed(&circuit, 0, 0);
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        assert_int_equal(circuit_next_ms(&circuit), now_ms + delays[i]);
        now_ms += delays[i];
        assert_int_equal(circuit_step(&circuit, now_ms), CIRCUIT_PROBE);
        circuit_probe_sent(&circuit);
        assert_int_equal(circuit_step(&circuit, now_ms), CIRCUIT_WAIT);
        assert_int_equal(circuit_next_ms(&circuit), INT64_MAX);
        circuit_probe_answered(&circuit, false, now_ms);
    }
}

static void a_ready_target_gets_one_message_at_a_time(void **state)
{
    (void)state;
    struct circuit circuit = half_open();
    assert_int_equal(circuit_step(&circuit, 1000), CIRCUIT_TRY_ONE);
    assert_false(circuit_is_closed(&circuit));
    circuit_try_sent(&circuit);
    assert_int_equal(circuit_step(&circuit, 1000), CIRCUIT_WAIT);
}

static void one_accepted_closes_it_and_forgets_the_delays(void **state)
{
    (void)state;
    struct circuit circuit = half_open();
    circuit_try_sent(&circuit);
    assert_true(circuit_accepted(&circuit));
    assert_false(circuit_accepted(&circuit));
    assert_int_equal(circuit.accepted, 2);
    assert_int_equal(circuit_step(&circuit, 1000), CIRCUIT_FORWARD);
    (void)circuit_failed(&circuit, 0, 5000);
    assert_int_equal(circuit_next_ms(&circuit), 6000);
    assert_int_equal(circuit.opening, 2);
}

static void a_failed_try_opens_it_again_for_longer_and_is_no_new_opening(void **state)
{
    (void)state;
    struct circuit circuit = half_open();
    circuit_try_sent(&circuit);
    assert_false(circuit_failed(&circuit, 0, 1000));
    assert_int_equal(circuit_step(&circuit, 2999), CIRCUIT_WAIT);
    assert_int_equal(circuit_step(&circuit, 3000), CIRCUIT_PROBE);
    assert_int_equal(circuit.opening, 1);
}

static void a_void_try_makes_room_for_another(void **state)
{
    (void)state;
    struct circuit circuit = half_open();
    circuit_try_sent(&circuit);
    circuit_try_void(&circuit);
    assert_int_equal(circuit_step(&circuit, 1000), CIRCUIT_TRY_ONE);
    (void)circuit_accepted(&circuit);
    circuit_try_void(&circuit);
    assert_true(circuit_is_closed(&circuit));
}

static void a_late_probe_does_not_open_what_was_closed_meanwhile(void **state)
{
    (void)state;
    struct circuit circuit = fresh();
    (void)circuit_failed(&circuit, 0, 0);
    circuit_probe_sent(&circuit);
    (void)circuit_accepted(&circuit);
    circuit_probe_answered(&circuit, false, 2000);
    assert_true(circuit_is_closed(&circuit));
}

static void slowing_delays_without_opening(void **state)
{
    (void)state;
    struct circuit circuit = fresh();
    circuit_slowed(&circuit, 2500, 0);
    assert_true(circuit_is_closed(&circuit));
    assert_int_equal(circuit_step(&circuit, 2499), CIRCUIT_WAIT);
    assert_int_equal(circuit_next_ms(&circuit), 2500);
    assert_int_equal(circuit_step(&circuit, 2500), CIRCUIT_FORWARD);
    circuit_slowed(&circuit, 0, 3000);
    assert_int_equal(circuit_next_ms(&circuit), 5000); /* and longer the next time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_forwards),
        cmocka_unit_test(a_failure_opens_it_once),
        cmocka_unit_test(a_target_that_names_its_time_is_left_alone_until_then),
        cmocka_unit_test(probing_backs_off_while_the_target_is_not_ready),
        cmocka_unit_test(a_ready_target_gets_one_message_at_a_time),
        cmocka_unit_test(one_accepted_closes_it_and_forgets_the_delays),
        cmocka_unit_test(a_failed_try_opens_it_again_for_longer_and_is_no_new_opening),
        cmocka_unit_test(a_void_try_makes_room_for_another),
        cmocka_unit_test(a_late_probe_does_not_open_what_was_closed_meanwhile),
        cmocka_unit_test(slowing_delays_without_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
