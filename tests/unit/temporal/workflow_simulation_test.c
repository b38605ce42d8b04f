/* Random workflows against a model of the server: at every workflow task a replay from the start must answer what the
 * cached run answers, whatever was evicted, cancelled or raced. The seeds are fixed; a failure names its seed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support_history_builder.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t draw_below(uint64_t *state, size_t limit)
{
    return (size_t)(draw(state) % limit);
}

/* ---- the workflow: its actions follow from the seed in its input ---- */

enum { FUTURES_MAX = 6, ACTIONS = 60 };

struct walk {
    struct temporal_workflow *workflow;
    uint64_t random;
    uint64_t trace; /* of everything that it has seen */
    struct temporal_future *futures[FUTURES_MAX];
    size_t count;
};

static void note(struct walk *walk, uint64_t value)
{
    walk->trace = (walk->trace ^ value) * UINT64_C(0x100000001b3);
}

static void note_outcome(struct walk *walk, const json_t *value)
{
    note(walk, value != NULL ? (uint64_t)json_typeof(value) * 31 + (uint64_t)json_integer_value(value)
                             : 1000 + (uint64_t)temporal_workflow_failure_kind(walk->workflow));
    note(walk, (uint64_t)temporal_workflow_now_ms(walk->workflow));
}

static void forget(struct walk *walk, size_t index)
{
    temporal_future_release(walk->workflow, walk->futures[index]);
    walk->futures[index] = walk->futures[--walk->count];
}

static void begin_something(struct walk *walk)
{
    if (walk->count == FUTURES_MAX) {
        return;
    }
    struct temporal_future *future;
    switch (draw_below(&walk->random, 3)) {
    case 0:
        future = temporal_workflow_start_activity(
            walk->workflow, draw_below(&walk->random, 2) == 0 ? "one" : "two",
            json_integer((json_int_t)draw_below(&walk->random, 100)),
            &(struct temporal_activity_options){
                .start_to_close_ms = 1000,
                .cancellation = (enum temporal_cancellation)draw_below(&walk->random, 3),
            });
        break;
    case 1:
        future = temporal_workflow_start_timer(walk->workflow, (int64_t)draw_below(&walk->random, 5) * 1000);
        break;
    default:
        future = temporal_workflow_start_signal_receive(walk->workflow, "signal");
        break;
    }
    walk->futures[walk->count++] = future;
}

static void act(struct walk *walk)
{
    size_t index = walk->count > 0 ? draw_below(&walk->random, walk->count) : 0;
    switch (draw_below(&walk->random, 10)) {
    case 0:
    case 1:
    case 2:
    case 3:
        begin_something(walk);
        break;
    case 4:
    case 5:
        if (walk->count > 0) {
            size_t first = temporal_workflow_wait_any(walk->workflow, walk->futures, walk->count);
            note(walk, first);
            note_outcome(walk, temporal_future_wait(walk->workflow, walk->futures[first]));
            forget(walk, first);
        }
        break;
    case 6:
        if (walk->count > 0) {
            temporal_future_cancel(walk->workflow, walk->futures[index]);
        }
        break;
    case 7:
        if (walk->count > 0) {
            note_outcome(walk, temporal_future_wait(walk->workflow, walk->futures[index]));
            forget(walk, index);
        }
        break;
    case 8:
        if (walk->count > 0) {
            forget(walk, index);
        }
        break;
    default:
        note(walk, temporal_workflow_random(walk->workflow));
        break;
    }
}

static json_t *wander(struct temporal_workflow *workflow, const json_t *input)
{
    struct walk walk = {.workflow = workflow, .random = (uint64_t)json_integer_value(input)};
    size_t section = draw_below(&walk.random, ACTIONS);
    for (size_t i = 0; i < ACTIONS; i++) {
        if (i == section) {
            temporal_workflow_cleanup_begin(workflow);
        } else if (i == section + 5) {
            temporal_workflow_cleanup_end(workflow);
        }
        act(&walk);
    }
    if (draw_below(&walk.random, 4) == 0) {
        return temporal_workflow_fail(workflow, "Wandered", "trace %016" PRIx64, walk.trace);
    }
    return json_sprintf("%016" PRIx64, walk.trace);
}
static const struct temporal_workflow_definition s_wander = {.name = "wander", .function = wander};

/* ---- the server ---- */

enum { PENDING_MAX = 256 };

struct pending {
    int64_t event_id;
    char id[24];
    bool is_timer;
    bool is_cancel_requested;
};

struct server {
    struct history_builder history;
    uint64_t random;
    struct pending pending[PENDING_MAX];
    size_t pending_count;
    bool is_closed;
    bool is_cancel_requested;
};

static void remove_pending(struct server *server, size_t index)
{
    server->pending[index] = server->pending[--server->pending_count];
}

static size_t find_pending(const struct server *server, bool is_timer, int64_t event_id, const char *id)
{
    for (size_t i = 0; i < server->pending_count; i++) {
        const struct pending *pending = &server->pending[i];
        if (pending->is_timer == is_timer && (is_timer ? strcmp(pending->id, id) == 0
                                                       : pending->event_id == event_id)) {
            return i;
        }
    }
    fail_msg("a command names something that is not pending");
    return 0;
}

static void add_pending(struct server *server, int64_t event_id, const char *id, bool is_timer)
{
    assert_true(server->pending_count < PENDING_MAX);
    struct pending *pending = &server->pending[server->pending_count++];
    *pending = (struct pending){.event_id = event_id, .is_timer = is_timer};
    (void)snprintf(pending->id, sizeof pending->id, "%s", id);
}

static void take_command(struct server *server, const Pb__Command *command)
{
    struct history_builder *history = &server->history;
    switch (command->command_type) {
    case PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK: {
        const Pb__ScheduleActivityTaskCommandAttributes *attributes =
            command->schedule_activity_task_command_attributes;
        add_pending(server,
                    history_add_activity_scheduled(history, attributes->activity_id, attributes->activity_type->name),
                    attributes->activity_id, false);
        break;
    }
    case PB__COMMAND_TYPE__COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK: {
        int64_t scheduled = command->request_cancel_activity_task_command_attributes->scheduled_event_id;
        history_add_activity_cancel_requested(history, scheduled);
        server->pending[find_pending(server, false, scheduled, "")].is_cancel_requested = true;
        break;
    }
    case PB__COMMAND_TYPE__COMMAND_TYPE_START_TIMER: {
        const char *id = command->start_timer_command_attributes->timer_id;
        add_pending(server, history_add_timer_started(history, id), id, true);
        break;
    }
    case PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_TIMER: {
        const char *id = command->cancel_timer_command_attributes->timer_id;
        size_t index = find_pending(server, true, 0, id);
        history_add_timer_canceled(history, server->pending[index].event_id, id);
        remove_pending(server, index);
        break;
    }
    case PB__COMMAND_TYPE__COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
    case PB__COMMAND_TYPE__COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
    case PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
        server->is_closed = true;
        break;
    default:
        fail_msg("unexpected command");
    }
}

static void end_activity(struct server *server, size_t index)
{
    struct history_builder *history = &server->history;
    struct pending pending = server->pending[index];
    remove_pending(server, index);
    char result[24];
    (void)snprintf(result, sizeof result, "%zu", draw_below(&server->random, 1000));
    size_t outcome = draw_below(&server->random, 5);
    if (outcome == 0) {
        history_add_activity_timed_out(history, pending.event_id, PB__TIMEOUT_TYPE__TIMEOUT_TYPE_SCHEDULE_TO_START);
        return;
    }
    if (outcome == 1 && pending.is_cancel_requested) {
        history_add_activity_canceled(history, pending.event_id);
        return;
    }
    history_add_activity_started(history, pending.event_id);
    if (outcome == 2) {
        history_add_activity_failed(history, pending.event_id, "Broken", "it broke");
    } else {
        history_add_activity_completed(history, pending.event_id, result);
    }
}

static void let_something_happen(struct server *server)
{
    struct history_builder *history = &server->history;
    if (server->pending_count > 0 && draw_below(&server->random, 4) != 0) {
        size_t index = draw_below(&server->random, server->pending_count);
        if (server->pending[index].is_timer) {
            history_add_timer_fired(history, server->pending[index].event_id, server->pending[index].id);
            remove_pending(server, index);
        } else {
            end_activity(server, index);
        }
    } else if (!server->is_cancel_requested && draw_below(&server->random, 12) == 0) {
        server->is_cancel_requested = true;
        history_add_cancel_requested(history);
    } else {
        history_add_signal(history, draw_below(&server->random, 4) == 0 ? "other" : "signal", "5");
    }
}

static void begin_task(struct server *server)
{
    while (draw_below(&server->random, 6) == 0) {
        history_add_task(&server->history);
        if (draw_below(&server->random, 2) == 0) {
            history_add_task_timed_out(&server->history);
        } else {
            history_add_task_failed(&server->history,
                                    PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, "");
        }
    }
    history_add_task(&server->history);
}

static void check_same(const struct workflow_completion *live, const struct workflow_completion *cold, uint64_t seed,
                       size_t event)
{
    char *expected = history_describe(live);
    char *answer = history_describe(cold);
    if (strcmp(expected, answer) != 0 || live->is_failure) {
        fail_msg("seed %" PRIu64 ", event %zu: live \"%s\", cold \"%s\"", seed, event, expected, answer);
    }
    free(expected);
    free(answer);
}

static size_t simulate(uint64_t seed, struct coroutine_pool *stacks)
{
    struct server server = {.random = seed * 7919 + 1};
    history_init(&server.history);
    char input[24];
    (void)snprintf(input, sizeof input, "%" PRIu64, seed);
    history_add_execution_started(&server.history, input);
    struct workflow_run *live = history_run_new(stacks, &s_wander);
    size_t handled = 0;
    size_t tasks = 0;
    while (!server.is_closed) {
        assert_true(++tasks < 500);
        begin_task(&server);
        size_t count = server.history.count;
        if (draw_below(&server.random, 5) == 0) {
            workflow_run_destroy(live);
            live = history_run_new(stacks, &s_wander);
        }
        size_t from = (size_t)workflow_run_last_event_id(live);
        struct workflow_completion completion = history_handle(live, &server.history, from, count, (int64_t)handled);
        struct workflow_run *cold = history_run_new(stacks, &s_wander);
        struct workflow_completion again = history_handle(cold, &server.history, 0, count, (int64_t)handled);
        check_same(&completion, &again, seed, count);
        workflow_completion_deinit(&again);
        workflow_run_destroy(cold);
        handled = count;
        history_add_task_completed(&server.history);
        for (size_t i = 0; i < completion.command_count; i++) {
            take_command(&server, completion.commands[i]);
        }
        assert_true(workflow_run_memory_bytes(live) < 1024 * 1024);
        assert_int_equal(completion.has_closed, server.is_closed);
        workflow_completion_deinit(&completion);
        for (size_t events = 1 + draw_below(&server.random, 3); events > 0; events--) {
            let_something_happen(&server);
        }
    }
    workflow_run_destroy(live);
    history_deinit(&server.history);
    return tasks;
}

static void replay_answers_as_the_cached_run_does(void **state)
{
    (void)state;
    struct coroutine_pool *stacks = coroutine_pool_new(4);
    size_t tasks = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        tasks += simulate(seed, stacks);
    }
    print_message("%zu workflow tasks compared\n", tasks);
    coroutine_pool_destroy(stacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_answers_as_the_cached_run_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
