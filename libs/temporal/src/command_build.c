/* Pb__Command messages, one function for each type. */
#include "command_build.h"

#include "base/memory.h"
#include "proto_time.h"

#define NEW(variable, type, prefix)                                                                        \
    type *variable = memory_alloc(sizeof *variable);                                                       \
    prefix##__init(variable)

/* NULL for 0: the server's default. */
static Google__Protobuf__Duration *duration_new(int64_t milliseconds)
{
    if (milliseconds <= 0) {
        return NULL;
    }
    Google__Protobuf__Duration *duration = memory_alloc(sizeof *duration);
    duration_init_ms(duration, milliseconds);
    return duration;
}

static Pb__Command *command_new(Pb__CommandType type, Pb__Command__AttributesCase attributes)
{
    NEW(command, Pb__Command, pb__command);
    command->command_type = type;
    command->attributes_case = attributes;
    return command;
}

/* NULL if all is left to the server. */
static Pb__RetryPolicy *retry_policy_new(const struct temporal_retry_options *options)
{
    if (options->initial_interval_ms == 0 && options->maximum_interval_ms == 0 &&
        !(options->backoff_coefficient > 0) && options->maximum_attempts == 0 &&
        options->non_retryable_types == NULL) {
        return NULL;
    }
    NEW(policy, Pb__RetryPolicy, pb__retry_policy);
    policy->initial_interval = duration_new(options->initial_interval_ms);
    policy->maximum_interval = duration_new(options->maximum_interval_ms);
    policy->backoff_coefficient = options->backoff_coefficient > 0 ? options->backoff_coefficient : 2.0;
    policy->maximum_attempts = options->maximum_attempts;
    size_t count = 0;
    while (options->non_retryable_types != NULL && options->non_retryable_types[count] != NULL) {
        count++;
    }
    if (count > 0) {
        policy->n_non_retryable_error_types = count;
        policy->non_retryable_error_types = memory_alloc_array(count, sizeof(char *));
        for (size_t i = 0; i < count; i++) {
            policy->non_retryable_error_types[i] = memory_copy_string(options->non_retryable_types[i]);
        }
    }
    return policy;
}

Pb__Command *command_build_schedule_activity(const char *activity_id, const char *type, const char *task_queue,
                                             Pb__Payloads *input, const struct temporal_activity_options *options)
{
    NEW(attributes, Pb__ScheduleActivityTaskCommandAttributes, pb__schedule_activity_task_command_attributes);
    attributes->activity_id = memory_copy_string(activity_id);
    NEW(activity_type, Pb__ActivityType, pb__activity_type);
    activity_type->name = memory_copy_string(type);
    attributes->activity_type = activity_type;
    NEW(queue, Pb__TaskQueue, pb__task_queue);
    queue->name = memory_copy_string(task_queue);
    queue->kind = PB__TASK_QUEUE_KIND__TASK_QUEUE_KIND_NORMAL;
    attributes->task_queue = queue;
    attributes->input = input;
    attributes->start_to_close_timeout = duration_new(options->start_to_close_ms);
    attributes->schedule_to_close_timeout = duration_new(options->schedule_to_close_ms);
    attributes->schedule_to_start_timeout = duration_new(options->schedule_to_start_ms);
    attributes->heartbeat_timeout = duration_new(options->heartbeat_ms);
    attributes->retry_policy = retry_policy_new(&options->retry);

    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
                                       PB__COMMAND__ATTRIBUTES_SCHEDULE_ACTIVITY_TASK_COMMAND_ATTRIBUTES);
    command->schedule_activity_task_command_attributes = attributes;
    return command;
}

Pb__Command *command_build_cancel_activity(int64_t scheduled_event_id)
{
    NEW(attributes, Pb__RequestCancelActivityTaskCommandAttributes,
        pb__request_cancel_activity_task_command_attributes);
    attributes->scheduled_event_id = scheduled_event_id;
    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
                                       PB__COMMAND__ATTRIBUTES_REQUEST_CANCEL_ACTIVITY_TASK_COMMAND_ATTRIBUTES);
    command->request_cancel_activity_task_command_attributes = attributes;
    return command;
}

Pb__Command *command_build_start_timer(const char *timer_id, int64_t milliseconds)
{
    NEW(attributes, Pb__StartTimerCommandAttributes, pb__start_timer_command_attributes);
    attributes->timer_id = memory_copy_string(timer_id);
    attributes->start_to_fire_timeout = duration_new(milliseconds);
    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_START_TIMER,
                                       PB__COMMAND__ATTRIBUTES_START_TIMER_COMMAND_ATTRIBUTES);
    command->start_timer_command_attributes = attributes;
    return command;
}

Pb__Command *command_build_cancel_timer(const char *timer_id)
{
    NEW(attributes, Pb__CancelTimerCommandAttributes, pb__cancel_timer_command_attributes);
    attributes->timer_id = memory_copy_string(timer_id);
    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_TIMER,
                                       PB__COMMAND__ATTRIBUTES_CANCEL_TIMER_COMMAND_ATTRIBUTES);
    command->cancel_timer_command_attributes = attributes;
    return command;
}

Pb__Command *command_build_complete(Pb__Payloads *result)
{
    NEW(attributes, Pb__CompleteWorkflowExecutionCommandAttributes,
        pb__complete_workflow_execution_command_attributes);
    attributes->result = result;
    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
                                       PB__COMMAND__ATTRIBUTES_COMPLETE_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES);
    command->complete_workflow_execution_command_attributes = attributes;
    return command;
}

Pb__Command *command_build_fail(Pb__Failure *failure)
{
    NEW(attributes, Pb__FailWorkflowExecutionCommandAttributes, pb__fail_workflow_execution_command_attributes);
    attributes->failure = failure;
    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
                                       PB__COMMAND__ATTRIBUTES_FAIL_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES);
    command->fail_workflow_execution_command_attributes = attributes;
    return command;
}

Pb__Command *command_build_cancel(void)
{
    NEW(attributes, Pb__CancelWorkflowExecutionCommandAttributes, pb__cancel_workflow_execution_command_attributes);
    Pb__Command *command = command_new(PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
                                       PB__COMMAND__ATTRIBUTES_CANCEL_WORKFLOW_EXECUTION_COMMAND_ATTRIBUTES);
    command->cancel_workflow_execution_command_attributes = attributes;
    return command;
}
