/* Receiving: what SQS says of later. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "consumer_internal.h"
#include "support_fakes.h"

#define LONGEST_PAUSE_MS 60000

static void no_answer_stops_a_queue_for_longer_than_a_minute(void **state)
{
    (void)state;
    struct fakes *fakes = fakes_new(false, 60);
    fakes_set_retry_after(fakes, "999999999999"); /* seconds */
    fakes_fail_action(fakes, "ReceiveMessage", 503, "ServiceUnavailable");
    fakes_start(fakes);
    const struct consumer *consumer = poller_find_consumer(fakes_poller(fakes), fakes_queue(fakes)->name);
    while (consumer->receive_not_before_ms == 0) {
        loop_run_once(fakes_loop(fakes), 20);
    }
    assert_true(consumer->receive_not_before_ms <= clock_monotonic_ms() + LONGEST_PAUSE_MS);
    fakes_destroy(fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_answer_stops_a_queue_for_longer_than_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
