/* Permits, polls and back-off. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <temporal/api/workflowservice/v1/request_response.pb-c.h>

#include "base/memory.h"
#include "support_worker_calls.h"
#include "task_poller.h"

struct fixture {
    struct fake_calls fake;
    struct worker_calls calls;
    struct loop *loop;
    struct worker_slots slots;
    struct task_poller *poller;
    Pb__PollActivityTaskQueueRequest request;
    int tasks;
    int stopped;
    int health_changes;
};

static enum task_poll_result deliver(void *user, struct service_call_result *result)
{
    struct fixture *fixture = user;
    const Pb__PollActivityTaskQueueResponse *reply = (const void *)result->reply;
    if (reply->task_token.len == 0) {
        return TASK_POLL_EMPTY;
    }
    fixture->tasks++;
    return TASK_POLL_TASK;
}

static void stopped(void *user)
{
    ((struct fixture *)user)->stopped++;
}

static void health_changed(void *user)
{
    ((struct fixture *)user)->health_changes++;
}

static void begin(struct fixture *fixture, size_t slots, size_t polls)
{
    *fixture = (struct fixture){0};
    fake_calls_init(&fixture->fake);
    fixture->calls = fake_calls_seam(&fixture->fake);
    fixture->loop = loop_new();
    worker_slots_init(&fixture->slots, slots, NULL, NULL);
    pb__poll_activity_task_queue_request__init(&fixture->request);
    fixture->poller = task_poller_new(&(struct task_poller_options){
        .name = "test", .task_queue = "queue", .method = &service_poll_activity_task_queue,
        .request = &fixture->request.base, .polls = polls, .slots = &fixture->slots, .loop = fixture->loop,
        .calls = &fixture->calls, .deliver = deliver, .health_changed = health_changed, .stopped = stopped,
        .user = fixture});
    task_poller_fill(fixture->poller);
}

static void end(struct fixture *fixture)
{
    loop_destroy(fixture->loop);
    task_poller_destroy(fixture->poller);
    fake_calls_deinit(&fixture->fake);
}

static struct fake_call *waiting(struct fixture *fixture)
{
    return fake_calls_waiting(&fixture->fake, &service_poll_activity_task_queue);
}

static int open_polls(struct fixture *fixture)
{
    return fake_calls_waiting_count(&fixture->fake, &service_poll_activity_task_queue);
}

static ProtobufCMessage *reply(bool has_task)
{
    Pb__PollActivityTaskQueueResponse *made = memory_alloc(sizeof *made);
    pb__poll_activity_task_queue_response__init(made);
    if (has_task) {
        made->task_token.data = memory_copy("t", 1);
        made->task_token.len = 1;
    }
    return &made->base;
}

static void cancel_all(struct fixture *fixture)
{
    for (struct fake_call *call = waiting(fixture); call; call = waiting(fixture)) {
        fake_calls_fail(call, STATUS_CANCELED, RPC_CANCELLED);
    }
}

static void a_permit_is_taken_before_each_poll_and_moves_to_the_task(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 3, 2);
    assert_int_equal(open_polls(&fixture), 2);
    assert_int_equal(worker_slots_used(&fixture.slots), 2);
    fake_calls_answer(waiting(&fixture), reply(true));
    assert_int_equal(fixture.tasks, 1);
    assert_int_equal(open_polls(&fixture), 2);
    assert_int_equal(worker_slots_used(&fixture.slots), 3);
    fake_calls_answer(waiting(&fixture), reply(true));
    assert_int_equal(open_polls(&fixture), 1); /* no permit is left for a second one */
    worker_slots_release(&fixture.slots);
    task_poller_fill(fixture.poller);
    assert_int_equal(open_polls(&fixture), 2);
    task_poller_stop(fixture.poller, false);
    assert_int_equal(fixture.stopped, 0);
    cancel_all(&fixture);
    assert_int_equal(fixture.stopped, 1);
    assert_int_equal(worker_slots_used(&fixture.slots), 1); /* one of the two tasks is not finished */
    end(&fixture);
}

static void wait_for_polls(struct fixture *fixture, int count)
{
    while (open_polls(fixture) < count) {
        loop_run_once(fixture->loop, 1000); /* the back-off's timer */
    }
    assert_int_equal(open_polls(fixture), count);
}

static void an_error_pauses_all_polls_once_and_one_looks_whether_the_server_is_back(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 10, 3);
    for (int i = 0; i < 3; i++) {
        fake_calls_fail(waiting(&fixture), STATUS_UNAVAILABLE, RPC_UNAVAILABLE);
    }
    assert_int_equal(open_polls(&fixture), 0);
    assert_int_equal(worker_slots_used(&fixture.slots), 0);
    task_poller_fill(fixture.poller);
    assert_int_equal(open_polls(&fixture), 0);
    wait_for_polls(&fixture, 1);
    assert_true(waiting(&fixture)->timeout_ms <= TASK_POLLER_PROBE_MS);
    task_poller_fill(fixture.poller);
    assert_int_equal(open_polls(&fixture), 1); /* and no second one beside it */
    fake_calls_answer(waiting(&fixture), reply(true));
    assert_int_equal(open_polls(&fixture), 3);
    assert_true(waiting(&fixture)->timeout_ms > TASK_POLLER_PROBE_MS);
    task_poller_stop(fixture.poller, false);
    cancel_all(&fixture);
    assert_int_equal(fixture.stopped, 1);
    end(&fixture);
}

static void two_errors_in_a_row_are_told_with_their_reason_and_so_is_the_end_of_it(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = {0};
    begin(&fixture, 10, 1);
    fake_calls_fail(waiting(&fixture), STATUS_UNAVAILABLE, RPC_UNAVAILABLE);
    wait_for_polls(&fixture, 1);
    assert_int_equal(fixture.health_changes, 0); /* a connection that was renewed */
    assert_false(task_poller_failure(fixture.poller, &error));
    fake_calls_fail(waiting(&fixture), STATUS_DEADLINE_EXCEEDED, RPC_DEADLINE_EXCEEDED);
    assert_int_equal(fixture.health_changes, 1);
    assert_true(task_poller_failure(fixture.poller, &error));
    assert_int_equal(error.status, STATUS_DEADLINE_EXCEEDED);
    wait_for_polls(&fixture, 1);
    fake_calls_fail(waiting(&fixture), STATUS_NOT_FOUND, RPC_NOT_FOUND);
    assert_int_equal(fixture.health_changes, 2); /* another reason */
    assert_true(task_poller_failure(fixture.poller, &error));
    assert_int_equal(error.status, STATUS_NOT_FOUND);
    wait_for_polls(&fixture, 1);
    fake_calls_answer(waiting(&fixture), reply(true));
    assert_int_equal(fixture.health_changes, 3);
    assert_false(task_poller_failure(fixture.poller, &error));
    task_poller_stop(fixture.poller, false);
    cancel_all(&fixture);
    end(&fixture);
}

static void an_empty_answer_that_comes_at_once_does_not_make_a_hot_loop(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 10, 1);
    fake_calls_answer(waiting(&fixture), reply(false));
    assert_int_equal(open_polls(&fixture), 0);
    assert_int_equal(worker_slots_used(&fixture.slots), 0);
    task_poller_stop(fixture.poller, false);
    assert_int_equal(fixture.stopped, 1);
    end(&fixture);
}

static void a_draining_stop_leaves_polls_open_and_takes_what_they_bring(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 10, 2);
    task_poller_stop(fixture.poller, true);
    assert_false(waiting(&fixture)->is_cancelled);
    fake_calls_answer(waiting(&fixture), reply(true));
    assert_int_equal(fixture.tasks, 1);
    assert_int_equal(open_polls(&fixture), 1);
    task_poller_cancel(fixture.poller);
    assert_true(waiting(&fixture)->is_cancelled);
    cancel_all(&fixture);
    assert_int_equal(fixture.stopped, 1);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permit_is_taken_before_each_poll_and_moves_to_the_task),
        cmocka_unit_test(an_error_pauses_all_polls_once_and_one_looks_whether_the_server_is_back),
        cmocka_unit_test(two_errors_in_a_row_are_told_with_their_reason_and_so_is_the_end_of_it),
        cmocka_unit_test(an_empty_answer_that_comes_at_once_does_not_make_a_hot_loop),
        cmocka_unit_test(a_draining_stop_leaves_polls_open_and_takes_what_they_bring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
