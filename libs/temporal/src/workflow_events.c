/* What each history event does to the machines. Events that commands asked for meet the front of the command queue;
 * events about something begun earlier find it by the ID of the event that began it. Whatever does not fit is a
 * non-determinism fault that names the event. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "history_event.h"
#include "payload.h"
#include "worker_tracing.h"
#include "workflow_state.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name
#define NON_DETERMINISTIC PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR

#define EVENT_FORMAT "event %" PRId64 " (%s)"
#define EVENT_VALUES(event) (event)->event_id, history_event_type_name((event)->event_type)

#define DESCRIPTION_SIZE 256

/* "SCHEDULE_ACTIVITY_TASK 2 of type charge". */
static void describe_command(const struct command *command, char out[DESCRIPTION_SIZE])
{
    const char *name = command_type_name(command->type);
    const struct temporal_future *future = command->future;
    if (future != NULL && future->kind == FUTURE_ACTIVITY) {
        (void)snprintf(out, DESCRIPTION_SIZE, "%s \"%s\" of type \"%s\"", name, future->activity.activity_id,
                       future->activity.type);
    } else if (future != NULL && future->kind == FUTURE_TIMER) {
        (void)snprintf(out, DESCRIPTION_SIZE, "%s \"%s\"", name, future->timer.timer_id);
    } else {
        (void)snprintf(out, DESCRIPTION_SIZE, "%s", name);
    }
}

static void describe_event_details(const Pb__HistoryEvent *event, char out[DESCRIPTION_SIZE])
{
    out[0] = '\0';
    if (event->event_type == TYPE(ACTIVITY_TASK_SCHEDULED)) {
        const Pb__ActivityTaskScheduledEventAttributes *attributes = event->activity_task_scheduled_event_attributes;
        (void)snprintf(out, DESCRIPTION_SIZE, " \"%s\" of type \"%s\"", attributes->activity_id,
                       attributes->activity_type != NULL ? attributes->activity_type->name : "");
    } else if (event->event_type == TYPE(TIMER_STARTED)) {
        (void)snprintf(out, DESCRIPTION_SIZE, " \"%s\"", event->timer_started_event_attributes->timer_id);
    }
}

static void fault_mismatch(struct temporal_workflow *workflow, const Pb__HistoryEvent *event,
                           const struct command *command, const char *reason)
{
    char details[DESCRIPTION_SIZE];
    char description[DESCRIPTION_SIZE];
    describe_event_details(event, details);
    describe_command(command, description);
    workflow_state_fault(workflow, NON_DETERMINISTIC,
                         "history has " EVENT_FORMAT "%s where the workflow code issues %s: %s", EVENT_VALUES(event),
                         details, description, reason);
}

static void meet_command(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    const struct command *command = command_queue_first(&workflow->commands);
    if (command == NULL) {
        char details[DESCRIPTION_SIZE];
        describe_event_details(event, details);
        workflow_state_fault(workflow, NON_DETERMINISTIC,
                             "history has " EVENT_FORMAT "%s for which the workflow code issues no command",
                             EVENT_VALUES(event), details);
        return;
    }
    if (command_event_type(command->type) != event->event_type) {
        fault_mismatch(workflow, event, command, "the types differ");
        return;
    }
    const char *mismatch = NULL;
    struct temporal_future *future = command->future;
    switch (command->type) {
    case PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
        mismatch = activity_machine_on_scheduled(&future->activity, event);
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
        mismatch = activity_machine_on_cancel_requested(&future->activity, event);
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_START_TIMER:
        mismatch = timer_machine_on_started(&future->timer, event);
        break;
    case PB__COMMAND_TYPE__COMMAND_TYPE_CANCEL_TIMER:
        mismatch = timer_machine_on_canceled(&future->timer, event);
        break;
    default: /* terminal commands: the type is all there is to compare */
        break;
    }
    if (mismatch != NULL) {
        fault_mismatch(workflow, event, command, mismatch);
        return;
    }
    if (event->event_type == TYPE(ACTIVITY_TASK_SCHEDULED) || event->event_type == TYPE(TIMER_STARTED)) {
        workflow_future_add_route(workflow, event->event_id, future);
    } else if (event->event_type == TYPE(TIMER_CANCELED)) {
        workflow_future_remove_route(workflow, future->timer.started_event_id);
    }
    command_queue_remove_first(&workflow->commands);
    if (future != NULL) {
        workflow_future_collect(workflow, future);
    }
}

static int64_t scheduled_event_id(const Pb__HistoryEvent *event)
{
    switch (event->event_type) {
    case TYPE(ACTIVITY_TASK_STARTED):
        return event->activity_task_started_event_attributes->scheduled_event_id;
    case TYPE(ACTIVITY_TASK_COMPLETED):
        return event->activity_task_completed_event_attributes->scheduled_event_id;
    case TYPE(ACTIVITY_TASK_FAILED):
        return event->activity_task_failed_event_attributes->scheduled_event_id;
    case TYPE(ACTIVITY_TASK_TIMED_OUT):
        return event->activity_task_timed_out_event_attributes->scheduled_event_id;
    case TYPE(ACTIVITY_TASK_CANCELED):
        return event->activity_task_canceled_event_attributes->scheduled_event_id;
    default:
        return 0;
    }
}

static void fault_unrouted(struct temporal_workflow *workflow, const Pb__HistoryEvent *event, const char *what)
{
    workflow_state_fault(workflow, NON_DETERMINISTIC, "history has " EVENT_FORMAT " %s", EVENT_VALUES(event), what);
}

static void resolve_activity(struct temporal_workflow *workflow, struct temporal_future *future,
                             const Pb__HistoryEvent *event)
{
    if (event->event_type == TYPE(ACTIVITY_TASK_COMPLETED)) {
        const Pb__Payloads *result = event->activity_task_completed_event_attributes->result;
        const Pb__Payload *first = result != NULL && result->n_payloads > 0 ? result->payloads[0] : NULL;
        workflow_future_resolve(workflow, future, payload_copy(first), NULL);
    } else {
        workflow_future_resolve(workflow, future, NULL,
                                workflow_failure_new(workflow_failure_of_activity(&future->activity, event)));
    }
}

static void apply_to_activity(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    struct temporal_future *future = workflow_future_find(workflow, scheduled_event_id(event));
    if (future == NULL || future->kind != FUTURE_ACTIVITY) {
        fault_unrouted(workflow, event, "for an activity that the workflow code does not run");
        return;
    }
    bool resolves = false;
    if (!activity_machine_on_event(&future->activity, event, &resolves)) {
        fault_unrouted(workflow, event, "which the activity's state does not allow");
        return;
    }
    if (resolves) {
        resolve_activity(workflow, future, event);
    }
    if (future->activity.state == ACTIVITY_CLOSED) {
        workflow_future_remove_route(workflow, future->activity.scheduled_event_id);
        workflow_future_collect(workflow, future);
    }
}

static void apply_timer_fired(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    int64_t started_event_id = event->timer_fired_event_attributes->started_event_id;
    struct temporal_future *future = workflow_future_find(workflow, started_event_id);
    if (future == NULL || future->kind != FUTURE_TIMER) {
        fault_unrouted(workflow, event, "for a timer that the workflow code did not start");
        return;
    }
    if (!timer_machine_on_fired(&future->timer)) {
        fault_unrouted(workflow, event, "which the timer's state does not allow");
        return;
    }
    workflow_future_remove_route(workflow, started_event_id);
    workflow_future_resolve(workflow, future, NULL, NULL);
    workflow_future_collect(workflow, future);
}

static void apply_execution_started(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    const Pb__WorkflowExecutionStartedEventAttributes *attributes =
        event->workflow_execution_started_event_attributes;
    if (workflow->has_started || event->event_id != 1) {
        fault_unrouted(workflow, event, "which is not the first");
        return;
    }
    workflow->has_started = true;
    struct temporal_workflow_info *info = &workflow->info;
    info->attempt = attributes->attempt > 0 ? attributes->attempt : 1;
    info->start_time_ms = history_event_time_ms(event);
    const char *first_run_id = attributes->first_execution_run_id;
    workflow_state_set_text(&info->first_run_id, first_run_id[0] != '\0' ? first_run_id : info->run_id);
    if (attributes->workflow_type != NULL) {
        workflow_state_set_text(&info->workflow_type, attributes->workflow_type->name);
    }
    if (attributes->task_queue != NULL && attributes->task_queue->name[0] != '\0') {
        workflow_state_set_text(&info->task_queue, attributes->task_queue->name);
    }
    workflow->now_ms = info->start_time_ms;
    workflow->input = payloads_copy(attributes->input);
    for (size_t i = 0; workflow->input != NULL && i < workflow->input->n_payloads; i++) {
        workflow->engine_bytes += workflow->input->payloads[i]->data.len;
    }
    workflow->memo = memo_copy(attributes->memo);
    for (size_t i = 0; workflow->memo != NULL && i < workflow->memo->n_fields; i++) {
        const Pb__Payload *value = workflow->memo->fields[i]->value;
        workflow->engine_bytes += value != NULL ? value->data.len : 0;
    }
    workflow->trace_header = payload_copy(tracing_header_find(attributes->header));
    workflow->engine_bytes += workflow->trace_header != NULL ? workflow->trace_header->data.len : 0;
    const char *seed = attributes->original_execution_run_id;
    workflow_random_seed(&workflow->random, seed[0] != '\0' ? seed : info->run_id);
}

/* A reset copies history and lets the copy begin with a task that failed for that reason. */
static void apply_task_failed(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    const Pb__WorkflowTaskFailedEventAttributes *attributes = event->workflow_task_failed_event_attributes;
    if (attributes->cause == PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW) {
        workflow_random_seed(&workflow->random, attributes->new_run_id);
    }
}

static void apply_unsupported(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    if (!event->worker_may_ignore) {
        workflow_state_fault(workflow, NON_DETERMINISTIC,
                             "history has " EVENT_FORMAT ", type %d, which this worker does not support",
                             EVENT_VALUES(event), (int)event->event_type);
    }
}

void workflow_events_apply(struct temporal_workflow *workflow, const Pb__HistoryEvent *event)
{
    if (!history_event_has_attributes(event)) {
        fault_unrouted(workflow, event, "without the attributes of its type");
        return;
    }
    switch (event->event_type) {
    case TYPE(WORKFLOW_EXECUTION_STARTED):
        apply_execution_started(workflow, event);
        break;
    case TYPE(WORKFLOW_TASK_FAILED):
        apply_task_failed(workflow, event);
        break;
    case TYPE(WORKFLOW_TASK_SCHEDULED):
    case TYPE(WORKFLOW_TASK_STARTED):
    case TYPE(WORKFLOW_TASK_COMPLETED):
    case TYPE(WORKFLOW_TASK_TIMED_OUT):
    case TYPE(WORKFLOW_EXECUTION_OPTIONS_UPDATED):
    case TYPE(WORKFLOW_EXECUTION_PAUSED):
    case TYPE(WORKFLOW_EXECUTION_UNPAUSED):
    case TYPE(WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED):
        break; /* nothing that workflow code could notice */
    case TYPE(WORKFLOW_EXECUTION_SIGNALED):
        workflow_future_deliver_signal(workflow, event->workflow_execution_signaled_event_attributes->signal_name,
                                       event->workflow_execution_signaled_event_attributes->input);
        break;
    case TYPE(WORKFLOW_EXECUTION_CANCEL_REQUESTED):
        workflow->is_cancel_requested = true;
        break;
    case TYPE(WORKFLOW_EXECUTION_TIMED_OUT):
    case TYPE(WORKFLOW_EXECUTION_TERMINATED):
        workflow->is_closed = true;
        break;
    case TYPE(ACTIVITY_TASK_SCHEDULED):
    case TYPE(ACTIVITY_TASK_CANCEL_REQUESTED):
    case TYPE(TIMER_STARTED):
    case TYPE(TIMER_CANCELED):
    case TYPE(WORKFLOW_EXECUTION_COMPLETED):
    case TYPE(WORKFLOW_EXECUTION_FAILED):
    case TYPE(WORKFLOW_EXECUTION_CANCELED):
    case TYPE(WORKFLOW_EXECUTION_CONTINUED_AS_NEW):
        meet_command(workflow, event);
        break;
    case TYPE(ACTIVITY_TASK_STARTED):
    case TYPE(ACTIVITY_TASK_COMPLETED):
    case TYPE(ACTIVITY_TASK_FAILED):
    case TYPE(ACTIVITY_TASK_TIMED_OUT):
    case TYPE(ACTIVITY_TASK_CANCELED):
        apply_to_activity(workflow, event);
        break;
    case TYPE(TIMER_FIRED):
        apply_timer_fired(workflow, event);
        break;
    default:
        apply_unsupported(workflow, event);
        break;
    }
}
