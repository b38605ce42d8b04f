/* Renewals at the end of SQS's 12 hours, which no test can wait for: the consumer is put together by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "consumer_internal.h"

#define VISIBILITY_SECONDS 60
#define PATIENCE_SECONDS 20 /* of a test that would go on for ever */

static void release(struct sqs_message *delivery)
{
    free(delivery);
}

static struct message *add(struct hand *hand, const char *id, const struct lease *lease)
{
    struct sqs_message *delivery = memory_alloc(sizeof *delivery);
    struct message *message = NULL;
    *delivery = (struct sqs_message){.message_id = id, .receipt_handle = "handle", .json = "{}", .json_length = 2};
    assert_int_equal(hand_add(hand, delivery, release, lease, 0, &message), HAND_NEW);
    return message;
}

/* It was received so long ago that a second and a half of the 12 hours is left, and renewed as long as that went. */
static struct lease lease_at_its_end(int64_t now_ms)
{
    struct lease lease;
    lease_begin(&lease, now_ms - LEASE_TOTAL_MS + 1500, VISIBILITY_SECONDS, 0);
    lease_renewed(&lease, now_ms - 1000, 2, 0);
    return lease;
}

static void a_lease_whose_12_hours_are_over_is_asked_no_more_for_and_lapses(void **state)
{
    (void)state;
    const int64_t now_ms = 2 * LEASE_TOTAL_MS;
    struct consumer consumer = {.visibility_seconds = VISIBILITY_SECONDS};
    const struct lease lease = lease_at_its_end(now_ms);
    list_init(&consumer.batches);
    hand_init(&consumer.hand, false, 1);
    const struct message *message = add(&consumer.hand, "m1", &lease);
    assert_int_equal(lease_visibility_to_ask(&lease, VISIBILITY_SECONDS, now_ms), 0);
    assert_true(lease_wants_renewal(&lease, now_ms, 0));
    (void)alarm(PATIENCE_SECONDS);
    consumer_renew_pump(&consumer, now_ms, now_ms);
    (void)alarm(0);
    assert_int_equal(consumer.renew_calls, 0);
    assert_false(message->is_renewing);
    assert_int_equal(consumer_lease_next_ms(&consumer, now_ms, now_ms), lease.deadline_ms); /* then it lapses */
    hand_deinit(&consumer.hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_whose_12_hours_are_over_is_asked_no_more_for_and_lapses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
