/* When deletes are sent: the consumer is put together by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "consumer_internal.h"

#define RETRY_MS 3600000

static void release(struct sqs_message *delivery)
{
    free(delivery);
}

static struct message *running(struct hand *hand, const char *id)
{
    struct sqs_message *delivery = memory_alloc(sizeof *delivery);
    struct message *message = NULL;
    struct lease lease;
    *delivery = (struct sqs_message){.message_id = id, .receipt_handle = "handle", .json = "{}", .json_length = 2};
    lease_begin(&lease, clock_boottime_ms(), 43200, 0);
    assert_int_equal(hand_add(hand, delivery, release, &lease, 0, &message), HAND_NEW);
    hand_forward(hand, message);
    hand_run(hand, message);
    return message;
}

static void a_delete_does_not_wait_for_the_retry_of_another(void **state)
{
    (void)state;
    struct consumer consumer = {.options = {.loop = loop_new()}};
    list_init(&consumer.deletes);
    hand_init(&consumer.hand, false, 1);
    struct message *first = running(&consumer.hand, "m1");
    struct message *second = running(&consumer.hand, "m2");
    int64_t retry_ms = clock_monotonic_ms() + RETRY_MS;
    consumer_settle(&consumer, first, true);
    first->delete_retry_ms = retry_ms; /* it was sent and has failed */
    consumer.delete_due_ms = retry_ms;
    consumer_settle(&consumer, second, true);
    assert_true(consumer_settle_next_ms(&consumer) < retry_ms);
    list_remove(&first->in_work);
    list_remove(&second->in_work);
    hand_deinit(&consumer.hand);
    loop_timer_stop(consumer.options.loop, &consumer.timer);
    loop_destroy(consumer.options.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delete_does_not_wait_for_the_retry_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
