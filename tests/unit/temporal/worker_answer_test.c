/* Which activities are asked for eagerly, and what a completion counts as. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"
#include "support_worker_calls.h"
#include "worker_answer.h"

#define COMMANDS_MAX 6

struct fixture {
    struct fake_calls fake;
    struct worker_context context;
    struct activity_worker *activities;
    struct workflow_completion completion;
    Pb__Command *commands[COMMANDS_MAX];
};

static void no_progress(void *user)
{
    (void)user;
}

static json_t *never_runs(struct temporal_activity *activity, const json_t *input)
{
    (void)activity;
    (void)input;
    return json_null();
}

static void begin(struct fixture *fixture, size_t slots)
{
    static char s_name[] = "queue";
    *fixture = (struct fixture){0};
    fake_calls_init(&fixture->fake);
    fixture->context = (struct worker_context){
        .loop = loop_new(), .calls = fake_calls_seam(&fixture->fake), .namespace_name = s_name, .task_queue = s_name,
        .identity = s_name, .instance_key = s_name, .progress = no_progress};
    worker_metrics_init(&fixture->context.metrics, NULL, s_name, s_name);
    fixture->activities = activity_worker_new(&(struct activity_worker_options){
        .context = &fixture->context, .slots = slots, .polls = 1, .stack_bytes = (size_t)256 << 10});
    activity_worker_register(fixture->activities, "charge", never_runs, NULL);
    fixture->completion.commands = fixture->commands;
}

static void end(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->completion.command_count; i++) {
        pb__command__free_unpacked(fixture->commands[i], NULL);
    }
    activity_worker_destroy(fixture->activities);
    loop_destroy(fixture->context.loop);
    worker_metrics_deinit(&fixture->context.metrics);
    fake_calls_deinit(&fixture->fake);
}

static Pb__Command *add(struct fixture *fixture, Pb__CommandType type)
{
    Pb__Command *command = memory_alloc(sizeof *command);
    pb__command__init(command);
    command->command_type = type;
    fixture->commands[fixture->completion.command_count++] = command;
    return command;
}

static void add_activity(struct fixture *fixture, const char *type, const char *task_queue)
{
    Pb__Command *command = add(fixture, PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
    Pb__ScheduleActivityTaskCommandAttributes *attributes = memory_alloc(sizeof *attributes);
    pb__schedule_activity_task_command_attributes__init(attributes);
    attributes->activity_type = memory_alloc(sizeof *attributes->activity_type);
    pb__activity_type__init(attributes->activity_type);
    attributes->activity_type->name = memory_copy_string(type);
    attributes->task_queue = memory_alloc(sizeof *attributes->task_queue);
    pb__task_queue__init(attributes->task_queue);
    attributes->task_queue->name = memory_copy_string(task_queue);
    command->attributes_case = PB__COMMAND__ATTRIBUTES_SCHEDULE_ACTIVITY_TASK_COMMAND_ATTRIBUTES;
    command->schedule_activity_task_command_attributes = attributes;
}

static bool is_eager(const struct fixture *fixture, size_t index)
{
    return fixture->commands[index]->schedule_activity_task_command_attributes->request_eager_execution;
}

static size_t reserve(struct fixture *fixture)
{
    return worker_answer_reserve_eager(&fixture->context, fixture->activities, &fixture->completion);
}

static void only_own_types_on_the_own_queue_are_eager(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 10);
    add_activity(&fixture, "charge", "elsewhere");
    add_activity(&fixture, "refund", "queue");
    add_activity(&fixture, "charge", "queue");
    add_activity(&fixture, "charge", "");
    assert_int_equal(reserve(&fixture), 2);
    assert_false(is_eager(&fixture, 0));
    assert_false(is_eager(&fixture, 1));
    assert_true(is_eager(&fixture, 2));
    assert_true(is_eager(&fixture, 3));
    assert_int_equal(activity_worker_reserve(fixture.activities, 10), 8); /* two permits are taken */
    activity_worker_unreserve(fixture.activities, 10);
    end(&fixture);
}

static void no_more_are_eager_than_there_are_permits(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 1);
    add_activity(&fixture, "charge", "queue");
    add_activity(&fixture, "charge", "queue");
    assert_int_equal(reserve(&fixture), 1);
    assert_true(is_eager(&fixture, 0));
    assert_false(is_eager(&fixture, 1));
    activity_worker_unreserve(fixture.activities, 1);
    end(&fixture);
}

static void no_more_than_three_are_eager(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, 10);
    for (int i = 0; i < 5; i++) {
        add_activity(&fixture, "charge", "queue");
    }
    assert_int_equal(reserve(&fixture), WORKER_EAGER_MAX);
    assert_false(is_eager(&fixture, 3));
    activity_worker_unreserve(fixture.activities, WORKER_EAGER_MAX);
    end(&fixture);
}

static void a_completion_is_counted_by_the_command_that_closes_it(void **state)
{
    (void)state;
    struct fixture fixture;
    struct workflow_metrics metrics;
    begin(&fixture, 1);
    workflow_metrics_init(&metrics, &fixture.context.metrics, "wf");
    assert_null(worker_answer_closing_counter(&metrics, &fixture.completion));
    add_activity(&fixture, "charge", "queue");
    assert_null(worker_answer_closing_counter(&metrics, &fixture.completion));
    Pb__Command *last = add(&fixture, PB__COMMAND_TYPE__COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
    last->attributes_case = PB__COMMAND__ATTRIBUTES_FAIL_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES;
    assert_ptr_equal(worker_answer_closing_counter(&metrics, &fixture.completion), metrics.failed);
    last->attributes_case = PB__COMMAND__ATTRIBUTES_COMPLETE_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES;
    assert_ptr_equal(worker_answer_closing_counter(&metrics, &fixture.completion), metrics.completed);
    last->attributes_case = PB__COMMAND__ATTRIBUTES_CANCEL_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES;
    assert_ptr_equal(worker_answer_closing_counter(&metrics, &fixture.completion), metrics.canceled);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_own_types_on_the_own_queue_are_eager),
        cmocka_unit_test(no_more_are_eager_than_there_are_permits),
        cmocka_unit_test(no_more_than_three_are_eager),
        cmocka_unit_test(a_completion_is_counted_by_the_command_that_closes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
