/* Tests of base/signals.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/queue.h"
#include "base/signals.h"

/* On the module's thread: hands the number over. */
static void hand_over(void *user, int number)
{
    int *box = memory_copy(&number, sizeof number);
    if (!queue_push(user, box)) {
        free(box);
    }
}

static int next_number(struct queue *queue)
{
    int *box = queue_pop(queue, INT64_MAX);
    int number = *box;
    free(box);
    return number;
}

static void signals_of_the_process_arrive_in_turn(void **state)
{
    (void)state;
    struct queue *queue = queue_new(4);
    struct signals *signals = NULL;
    assert_int_equal(signals_start(hand_over, queue, &signals, NULL), STATUS_OK);
    static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(kill(getpid(), numbers[i]), 0);
        assert_int_equal(next_number(queue), numbers[i]);
    }
    signals_stop(signals);
    queue_destroy(queue);
    signals_stop(NULL);
}

static void writing_to_a_closed_pipe_does_not_kill(void **state)
{
    (void)state;
    struct queue *queue = queue_new(4);
    struct signals *signals = NULL;
    assert_int_equal(signals_start(hand_over, queue, &signals, NULL), STATUS_OK);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
    signals_stop(signals);
    queue_destroy(queue);
}

static void can_be_started_again_after_a_stop(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct queue *queue = queue_new(1);
        struct signals *signals = NULL;
        assert_int_equal(signals_start(hand_over, queue, &signals, NULL), STATUS_OK);
        assert_int_equal(kill(getpid(), SIGHUP), 0);
        assert_int_equal(next_number(queue), SIGHUP);
        signals_stop(signals);
        queue_destroy(queue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_of_the_process_arrive_in_turn),
        cmocka_unit_test(writing_to_a_closed_pipe_does_not_kill),
        cmocka_unit_test(can_be_started_again_after_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
