/* First in, first out; unsent commands may vanish; messages leave once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "command_build.h"
#include "command_queue.h"
#include "workflow_state.h"

static void messages_leave_once_and_commands_stay_for_their_events(void **state)
{
    (void)state;
    struct command_queue queue;
    command_queue_init(&queue);
    command_queue_add(&queue, command_build_start_timer("1", 1500), NULL);
    command_queue_add(&queue, command_build_complete(NULL), NULL);
    Pb__Command **messages = NULL;
    size_t count = 0;
    command_queue_send(&queue, &messages, &count);
    assert_int_equal(count, 2);
    const Pb__StartTimerCommandAttributes *timer = messages[0]->start_timer_command_attributes;
    assert_int_equal(timer->start_to_fire_timeout->seconds, 1);
    assert_int_equal(timer->start_to_fire_timeout->nanos, 500000000);
    for (size_t i = 0; i < count; i++) {
        pb__command__free_unpacked(messages[i], NULL);
    }
    free(messages);

    command_queue_send(&queue, &messages, &count);
    assert_int_equal(count, 0);
    assert_null(messages);
    assert_int_equal(command_queue_first(&queue)->type, PB__COMMAND_TYPE__COMMAND_TYPE_START_TIMER);
    command_queue_remove_first(&queue);
    assert_true(command_type_is_terminal(command_queue_first(&queue)->type));
    command_queue_remove_first(&queue);
    assert_null(command_queue_first(&queue));
    command_queue_deinit(&queue);
}

static void only_what_is_unsent_can_be_dropped(void **state)
{
    (void)state;
    struct temporal_future first = {0};
    struct temporal_future second = {0};
    struct command_queue queue;
    command_queue_init(&queue);
    command_queue_add(&queue, command_build_start_timer("1", 1), &first);
    command_queue_send(&queue, NULL, NULL);
    command_queue_add(&queue, command_build_start_timer("2", 1), &second);
    command_queue_drop(&queue, &first);
    command_queue_drop(&queue, &second);
    assert_ptr_equal(command_queue_first(&queue)->future, &first);
    command_queue_remove_first(&queue);
    assert_null(command_queue_first(&queue));
    command_queue_deinit(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_leave_once_and_commands_stay_for_their_events),
        cmocka_unit_test(only_what_is_unsent_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
