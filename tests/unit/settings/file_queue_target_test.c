/* Routes with target: sqs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "settings/settings.h"
#include "support.h"

#define URL "https://sqs.eu-central-1.amazonaws.com/1/q"

static void a_fifo_queue_is_deduplicated_by_message_id(void **state)
{
    (void)state;
    struct settings *settings = support_load("routes:\n"
                                             "  in: { target: sqs, queue: " URL ".fifo, group: '{body.customer}' }\n"
                                             "  hook: { target: sqs, queue: " URL ", delay: 90s, input: event }\n");
    const struct settings_route *fifo = settings_find_route(settings, "in");
    const struct settings_route *standard = settings_find_route(settings, "hook");
    assert_int_equal(fifo->target, SETTINGS_TARGET_SQS);
    assert_string_equal(fifo->queue, URL ".fifo");
    assert_string_equal(fifo->group, "{body.customer}");
    assert_string_equal(fifo->deduplication_id, "{MessageId}");
    assert_int_equal(fifo->delay_ms, -1);
    assert_null(fifo->workflow);
    assert_null(standard->group);
    assert_null(standard->deduplication_id);
    assert_int_equal(standard->delay_ms, 90000);
    assert_int_equal(standard->input, SETTINGS_INPUT_EVENT);
    settings_destroy(settings);
}

static void what_contradicts_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *route;
        const char *refusal;
    } cases[] = {
        {"{ target: sqs }", "ferry.yaml:2: routes.a: expected the key \"queue\": the URL of the queue to send to"},
        {"{ target: sqs, queue: " URL ".fifo }",
         "ferry.yaml:2: routes.a: expected the key \"group\": what orders messages on a FIFO queue, for example "
         "\"{body.customer}\""},
        {"{ target: sqs, queue: " URL ".fifo, group: g, delay: 1s }",
         "ferry.yaml:2: routes.a.delay: a FIFO queue takes no delay of a message: expected it at the queue"},
        {"{ target: sqs, queue: " URL ", deduplication_id: x }",
         "ferry.yaml:2: routes.a.deduplication_id: a standard queue takes no deduplication_id: expected a queue whose "
         "name ends in .fifo"},
        {"{ target: sqs, queue: " URL ", workflow: w }",
         "ferry.yaml:2: routes.a.workflow: a route with target: sqs starts no workflow and has no \"workflow\""},
        {"{ target: sqs, queue: " URL ", memo: {} }",
         "ferry.yaml:2: routes.a.memo: a route with target: sqs starts no workflow and has no \"memo\""},
        {"{ workflow: w, queue: " URL " }", "ferry.yaml:2: routes.a.queue: expected target: sqs beside \"queue\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "routes:\n  a: %s\n", cases[i].route);
        support_assert_refused(text, cases[i].refusal);
    }
}

static void a_poller_s_messages_are_on_a_queue_already(void **state)
{
    (void)state;
    support_assert_refused("routes:\n  a: { target: sqs, queue: " URL " }\nqueues:\n  - url: " URL "2\n    route: a\n",
                           "ferry.yaml:5: queues[0].route: route \"a\" has target: sqs, which is for events from HTTP: "
                           "a poller's messages are on a queue already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fifo_queue_is_deduplicated_by_message_id, support_setup, support_teardown),
        cmocka_unit_test_setup_teardown(what_contradicts_is_refused, support_setup, support_teardown),
        cmocka_unit_test_setup_teardown(a_poller_s_messages_are_on_a_queue_already, support_setup, support_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
