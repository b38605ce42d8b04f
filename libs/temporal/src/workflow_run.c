/* Feeds a run with workflow tasks: cuts the history into sequences, applies each to the machines, and lets the code
 * run once for each, after all of its events. That order (all events in history order, then the workflow's
 * cancellation, then the code) is part of every history's contract and must not change. */
#include "workflow_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command_build.h"
#include "history_event.h"
#include "history_sequence.h"
#include "payload.h"
#include "workflow_state.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name
#define CAUSE(name) PB__WORKFLOW_TASK_FAILED_CAUSE__WORKFLOW_TASK_FAILED_CAUSE_##name

struct workflow_run {
    struct temporal_workflow workflow;
    int64_t last_event_id;
    int64_t last_started_event_id;
    bool has_spread_cancel; /* the workflow's cancellation was passed to what was pending then */
};

/* ---- making and destroying ---- */

struct workflow_run *workflow_run_new(const struct workflow_run_options *options)
{
    struct workflow_run *run = memory_alloc(sizeof *run);
    struct temporal_workflow *workflow = &run->workflow;
    workflow_state_init(workflow, options->definition, options->stacks, options->memory_bytes_max);
    workflow_state_set_text(&workflow->info.namespace_name, options->namespace_name);
    workflow_state_set_text(&workflow->info.workflow_id, options->workflow_id);
    workflow_state_set_text(&workflow->info.run_id, options->run_id);
    workflow_state_set_text(&workflow->info.task_queue, options->task_queue);
    workflow_state_set_text(&workflow->info.workflow_type, options->definition->name);
    return run;
}

void workflow_run_destroy(struct workflow_run *run)
{
    if (run != NULL) {
        workflow_state_deinit(&run->workflow);
        free(run);
    }
}

void workflow_completion_deinit(struct workflow_completion *completion)
{
    for (size_t i = 0; completion->commands != NULL && i < completion->command_count; i++) {
        pb__command__free_unpacked(completion->commands[i], NULL);
    }
    free(completion->commands);
    free(completion->language_flags);
    pb__failure__free_unpacked(completion->failure, NULL);
    *completion = (struct workflow_completion){0};
}

/* ---- the coroutine ---- */

/* Inside the coroutine: the function has returned; its outcome becomes the terminal command. */
static void close_run(struct temporal_workflow *workflow, const json_t *result)
{
    while (workflow->cleanup_depth > 0) {
        temporal_workflow_cleanup_end(workflow);
    }
    Pb__Command *command = NULL;
    if (result != NULL) {
        workflow_memory_leave();
        command = command_build_complete(payloads_from_json(result));
        workflow_memory_enter(&workflow->memory);
    } else if (workflow->kept == NULL) {
        workflow_state_abort(workflow, "workflow \"%s\" returned NULL without a failure kept",
                             workflow->definition->name);
    } else if (workflow->is_cancel_requested && workflow_failure_is_canceled(workflow->kept->message)) {
        command = command_build_cancel();
    } else {
        command = command_build_fail(workflow_failure_copy(workflow->kept->message));
    }
    command_queue_add(&workflow->commands, command, NULL);
    workflow->is_closed = true;
}

static void run_function(struct coroutine *coroutine, void *context)
{
    (void)coroutine;
    struct temporal_workflow *workflow = context;
    json_t *input = payloads_to_json(workflow->input, 0);
    json_t *result = workflow->definition->function(workflow, input);
    json_decref(input);
    close_run(workflow, result);
    json_decref(result);
}

/* false: no stack could be mapped. */
static bool drive(struct temporal_workflow *workflow)
{
    if (workflow->coroutine == NULL) {
        workflow->coroutine = coroutine_new(workflow->stacks, workflow->definition->stack_bytes,
                                            workflow->definition->name, run_function, workflow);
        if (workflow->coroutine == NULL) {
            return false;
        }
    }
    workflow_memory_enter(&workflow->memory);
    bool is_suspended = coroutine_resume(workflow->coroutine);
    workflow_memory_leave();
    if (workflow->memory.is_exceeded) {
        workflow_state_fault(workflow, CAUSE(WORKFLOW_WORKER_UNHANDLED_FAILURE),
                             "the workflow code holds more than %zu bytes", workflow->memory.maximum);
    }
    if (!is_suspended) {
        coroutine_destroy(workflow->coroutine);
        workflow->coroutine = NULL;
        workflow_memory_deinit(&workflow->memory);
    }
    return true;
}

static void spread_cancel(struct workflow_run *run)
{
    struct temporal_workflow *workflow = &run->workflow;
    if (!workflow->is_cancel_requested || run->has_spread_cancel) {
        return;
    }
    run->has_spread_cancel = true;
    for (struct list *node = workflow->futures.next; node != &workflow->futures; node = node->next) {
        struct temporal_future *future = LIST_ITEM(node, struct temporal_future, link);
        if (!future->is_shielded) {
            workflow_future_cancel(workflow, future);
        }
    }
}

/* ---- one sequence ---- */

static void fault_malformed(struct temporal_workflow *workflow, const char *what, const Pb__HistoryEvent *event)
{
    workflow_state_fault(workflow, CAUSE(NON_DETERMINISTIC_ERROR), "%s at event %" PRId64 " (%s)", what,
                         event->event_id, history_event_type_name(event->event_type));
}

/* The commands of the last activation were answered by this sequence's first event; by its end each has met its own. */
static void check_no_extra_command(struct temporal_workflow *workflow, const Pb__HistoryEvent *completed)
{
    const struct command *command = command_queue_first(&workflow->commands);
    if (command == NULL || workflow->fault.is_set) {
        return;
    }
    const struct temporal_future *future = command->future;
    const char *id = "";
    const char *type = "";
    if (future != NULL && future->kind == FUTURE_ACTIVITY) {
        id = future->activity.activity_id;
        type = future->activity.type;
    } else if (future != NULL && future->kind == FUTURE_TIMER) {
        id = future->timer.timer_id;
    }
    workflow_state_fault(workflow, CAUSE(NON_DETERMINISTIC_ERROR),
                         "the workflow code issues %s \"%s\" %s, for which history has no event after event %" PRId64
                         " (%s)",
                         command_type_name(command->type), id, type, completed->event_id,
                         history_event_type_name(completed->event_type));
}

static void apply_sequence(struct workflow_run *run, Pb__HistoryEvent *const *events,
                           const struct history_sequence *sequence)
{
    struct temporal_workflow *workflow = &run->workflow;
    const Pb__HistoryEvent *first = events[sequence->begin];
    bool is_beginning = first->event_type == TYPE(WORKFLOW_EXECUTION_STARTED);
    if (!is_beginning && first->event_type != TYPE(WORKFLOW_TASK_COMPLETED)) {
        fault_malformed(workflow, "history does not go on as it must", first);
        return;
    }
    for (size_t i = sequence->begin; i < sequence->end && !workflow->fault.is_set; i++) {
        workflow_events_apply(workflow, events[i]);
        run->last_event_id = events[i]->event_id;
    }
    if (!is_beginning) {
        check_no_extra_command(workflow, first);
    }
}

/* The code runs at the time of the task that ends the sequence, never earlier than before. */
static void take_task_values(struct workflow_run *run, const Pb__HistoryEvent *started)
{
    struct temporal_workflow *workflow = &run->workflow;
    int64_t time_ms = history_event_time_ms(started);
    workflow->now_ms = time_ms > workflow->now_ms ? time_ms : workflow->now_ms;
    workflow->info.history_length = started->event_id;
    workflow->info.is_continue_as_new_suggested =
        started->workflow_task_started_event_attributes->suggest_continue_as_new;
    run->last_started_event_id = started->event_id;
}

static void mark_machines_sent(struct temporal_workflow *workflow)
{
    struct list *commands = &workflow->commands.commands;
    for (struct list *node = commands->next; node != commands; node = node->next) {
        const struct command *command = LIST_ITEM(node, struct command, link);
        if (command->type == PB__COMMAND_TYPE__COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK) {
            activity_machine_sent(&command->future->activity);
        } else if (command->type == PB__COMMAND_TYPE__COMMAND_TYPE_START_TIMER) {
            timer_machine_sent(&command->future->timer);
        }
    }
}

/* ---- the task ---- */

static void take_failure(struct temporal_workflow *workflow, struct workflow_completion *completion)
{
    bool is_non_determinism = workflow->fault.cause == CAUSE(NON_DETERMINISTIC_ERROR);
    completion->is_failure = true;
    completion->failure_cause = workflow->fault.cause;
    completion->failure = workflow_failure_application(&(struct workflow_application_failure){
        .type = is_non_determinism ? "NonDeterministicError" : "WorkflowTaskError",
        .message = workflow->fault.text,
    });
}

/* Every event from events[0] on is new to the run, and they are contiguous. */
static enum status handle_events(struct workflow_run *run, Pb__HistoryEvent *const *events, size_t count,
                                 const struct workflow_task *task, struct workflow_completion *completion,
                                 struct error *error)
{
    struct temporal_workflow *workflow = &run->workflow;
    struct history_sequence sequence = {0};
    while (sequence.end < count && !workflow->fault.is_set) {
        sequence = history_sequence_next(events, count, sequence.end);
        apply_sequence(run, events, &sequence);
        if (workflow->fault.is_set || !sequence.is_task) {
            break;
        }
        const Pb__HistoryEvent *started = events[sequence.end - 1];
        take_task_values(run, started);
        if (workflow->is_closed) {
            fault_malformed(workflow, "history goes on after the workflow's end", started);
            break;
        }
        bool is_last = sequence.end == count;
        workflow->is_replaying = !is_last || started->event_id <= task->previous_started_event_id;
        spread_cancel(run);
        if (!drive(workflow)) {
            return error_set(error, STATUS_RESOURCE_EXHAUSTED, "no memory mapping left for a workflow's stack");
        }
        if (!workflow->fault.is_set) {
            mark_machines_sent(workflow);
            command_queue_send(&workflow->commands, is_last ? &completion->commands : NULL,
                               &completion->command_count);
        }
    }
    return STATUS_OK;
}

enum status workflow_run_handle_task(struct workflow_run *run, const struct workflow_task *task,
                                     struct workflow_completion *out_completion, struct error *error)
{
    struct temporal_workflow *workflow = &run->workflow;
    size_t known = 0;
    while (known < task->event_count && task->events[known]->event_id <= run->last_event_id) {
        known++;
    }
    Pb__HistoryEvent *const *events = task->events + known;
    size_t count = task->event_count - known;
    if (count == 0 || events[0]->event_id != run->last_event_id + 1) {
        return error_set(error, STATUS_FAILED_PRECONDITION,
                         "the history begins at event %" PRId64 ", the run needs event %" PRId64,
                         count > 0 ? events[0]->event_id : 0, run->last_event_id + 1);
    }
    if (run->last_event_id > 0 && events[0]->event_type != TYPE(WORKFLOW_TASK_COMPLETED)) {
        return error_set(error, STATUS_FAILED_PRECONDITION,
                         "the workflow task that the run has handled last took no effect");
    }
    struct workflow_completion completion = {0};
    size_t gap = history_sequence_find_gap(events, count);
    if (workflow->fault.is_set) {
        /* stays */
    } else if (gap < count) {
        fault_malformed(workflow, "history is out of order", events[gap]);
    } else if (events[count - 1]->event_id < task->started_event_id) {
        fault_malformed(workflow, "history ends before the task that is to be done", events[count - 1]);
    } else {
        enum status status = handle_events(run, events, count, task, &completion, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (workflow->fault.is_set) {
        workflow_completion_deinit(&completion);
        take_failure(workflow, &completion);
    } else {
        completion.has_closed = workflow->is_closed;
    }
    *out_completion = completion;
    return STATUS_OK;
}

/* ---- what the cache asks ---- */

int64_t workflow_run_last_started_event_id(const struct workflow_run *run)
{
    return run->last_started_event_id;
}

int64_t workflow_run_last_event_id(const struct workflow_run *run)
{
    return run->last_event_id;
}

const Pb__Payload *workflow_run_trace_header(const struct workflow_run *run)
{
    return run->workflow.trace_header;
}

size_t workflow_run_stack_bytes(const struct workflow_run *run)
{
    return run->workflow.coroutine != NULL ? coroutine_stack_used(run->workflow.coroutine) : 0;
}

size_t workflow_run_memory_bytes(const struct workflow_run *run)
{
    size_t coroutine_bytes = run->workflow.coroutine != NULL ? coroutine_overhead() : 0;
    return sizeof *run + run->workflow.memory.bytes + run->workflow.engine_bytes + coroutine_bytes +
           workflow_run_stack_bytes(run);
}
