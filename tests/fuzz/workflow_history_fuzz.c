/* libFuzzer target: random event lists, cut into random tasks, never crash the workflow engine.
 *
 * The input is a script, three bytes for each event: its type, what it refers to, and flags. So most inputs are close
 * to histories, and the fuzzer soon finds its way into the machines. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "coroutine.h"
#include "payload.h"
#include "workflow_run.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

enum { EVENTS_MAX = 256, SCRIPT_STEP = 3 };

enum flags {
    FLAG_NO_ATTRIBUTES = 1,
    FLAG_MAY_IGNORE = 2,
    FLAG_GAP = 4,
    FLAG_END_OF_TASK = 8,
    FLAG_EVICT = 16,
    FLAG_OTHER_NAME = 32,
};

static const struct temporal_activity_options s_options = {.start_to_close_ms = 1000};

/* Something of everything, in one function. */
static json_t *exercise(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    struct temporal_future *futures[] = {
        temporal_workflow_start_activity(workflow, "a", json_null(), &s_options),
        temporal_workflow_start_timer(workflow, 1000),
        temporal_workflow_start_signal_receive(workflow, "s"),
        temporal_workflow_start_activity(workflow, "a", json_null(),
                                         &(struct temporal_activity_options){
                                             .start_to_close_ms = 1, .cancellation = TEMPORAL_CANCELLATION_WAIT}),
    };
    size_t first = temporal_workflow_wait_any(workflow, futures, 4);
    temporal_future_cancel(workflow, futures[(first + 1) % 4]);
    temporal_future_release(workflow, futures[(first + 2) % 4]);
    (void)temporal_future_wait(workflow, futures[(first + 3) % 4]);
    temporal_workflow_cleanup_begin(workflow);
    (void)temporal_workflow_execute_activity(workflow, "b", json_integer((json_int_t)first), &s_options);
    temporal_workflow_cleanup_end(workflow);
    return temporal_workflow_signal_receive(workflow, "s");
}

static const struct temporal_workflow_definition s_definition = {.name = "exercise", .function = exercise};

/* Sets the attributes member that belongs to the type. */
#define ATTRIBUTES(NAME, Message, name)                                                                    \
    Pb__##Message##EventAttributes *attributes = memory_alloc(sizeof *attributes);                         \
    pb__##name##_event_attributes__init(attributes);                                                       \
    event->attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_##NAME##_EVENT_ATTRIBUTES;                      \
    event->name##_event_attributes = attributes

static void set_attributes(Pb__HistoryEvent *event, int64_t reference, unsigned flags)
{
    const char *name = (flags & FLAG_OTHER_NAME) != 0 ? "b" : "a";
    char id[8];
    (void)snprintf(id, sizeof id, "%d", (int)(reference & 3));
    switch (event->event_type) {
    case TYPE(WORKFLOW_EXECUTION_STARTED): {
        ATTRIBUTES(WORKFLOW_EXECUTION_STARTED, WorkflowExecutionStarted, workflow_execution_started);
        break;
    }
    case TYPE(WORKFLOW_TASK_STARTED): {
        ATTRIBUTES(WORKFLOW_TASK_STARTED, WorkflowTaskStarted, workflow_task_started);
        break;
    }
    case TYPE(WORKFLOW_TASK_FAILED): {
        ATTRIBUTES(WORKFLOW_TASK_FAILED, WorkflowTaskFailed, workflow_task_failed);
        attributes->cause = (Pb__WorkflowTaskFailedCause)reference;
        break;
    }
    case TYPE(ACTIVITY_TASK_SCHEDULED): {
        ATTRIBUTES(ACTIVITY_TASK_SCHEDULED, ActivityTaskScheduled, activity_task_scheduled);
        attributes->activity_id = memory_copy_string(id);
        attributes->activity_type = memory_alloc(sizeof *attributes->activity_type);
        pb__activity_type__init(attributes->activity_type);
        attributes->activity_type->name = memory_copy_string(name);
        break;
    }
    case TYPE(ACTIVITY_TASK_STARTED): {
        ATTRIBUTES(ACTIVITY_TASK_STARTED, ActivityTaskStarted, activity_task_started);
        attributes->scheduled_event_id = reference;
        break;
    }
    case TYPE(ACTIVITY_TASK_COMPLETED): {
        ATTRIBUTES(ACTIVITY_TASK_COMPLETED, ActivityTaskCompleted, activity_task_completed);
        attributes->scheduled_event_id = reference;
        struct temporal_payload payload = {.data = "[1", .length = (flags & FLAG_OTHER_NAME) != 0 ? 2 : 0};
        attributes->result = payloads_from_view(&payload, 1);
        break;
    }
    case TYPE(ACTIVITY_TASK_FAILED): {
        ATTRIBUTES(ACTIVITY_TASK_FAILED, ActivityTaskFailed, activity_task_failed);
        attributes->scheduled_event_id = reference;
        break;
    }
    case TYPE(ACTIVITY_TASK_TIMED_OUT): {
        ATTRIBUTES(ACTIVITY_TASK_TIMED_OUT, ActivityTaskTimedOut, activity_task_timed_out);
        attributes->scheduled_event_id = reference;
        break;
    }
    case TYPE(ACTIVITY_TASK_CANCEL_REQUESTED): {
        ATTRIBUTES(ACTIVITY_TASK_CANCEL_REQUESTED, ActivityTaskCancelRequested, activity_task_cancel_requested);
        attributes->scheduled_event_id = reference;
        break;
    }
    case TYPE(ACTIVITY_TASK_CANCELED): {
        ATTRIBUTES(ACTIVITY_TASK_CANCELED, ActivityTaskCanceled, activity_task_canceled);
        attributes->scheduled_event_id = reference;
        break;
    }
    case TYPE(TIMER_STARTED): {
        ATTRIBUTES(TIMER_STARTED, TimerStarted, timer_started);
        attributes->timer_id = memory_copy_string(id);
        break;
    }
    case TYPE(TIMER_FIRED): {
        ATTRIBUTES(TIMER_FIRED, TimerFired, timer_fired);
        attributes->started_event_id = reference;
        break;
    }
    case TYPE(TIMER_CANCELED): {
        ATTRIBUTES(TIMER_CANCELED, TimerCanceled, timer_canceled);
        attributes->started_event_id = reference;
        break;
    }
    case TYPE(WORKFLOW_EXECUTION_SIGNALED): {
        ATTRIBUTES(WORKFLOW_EXECUTION_SIGNALED, WorkflowExecutionSignaled, workflow_execution_signaled);
        attributes->signal_name = memory_copy_string((flags & FLAG_OTHER_NAME) != 0 ? "t" : "s");
        break;
    }
    default:
        break;
    }
}

static struct workflow_run *run_new(struct coroutine_pool *stacks)
{
    return workflow_run_new(&(struct workflow_run_options){
        .definition = &s_definition,
        .stacks = stacks,
        .namespace_name = "n",
        .workflow_id = "w",
        .run_id = "r",
        .task_queue = "q",
    });
}

static void hand_over(struct workflow_run **run, struct coroutine_pool *stacks, Pb__HistoryEvent *const *events,
                      size_t from, size_t to, unsigned flags)
{
    struct workflow_task task = {
        .events = events + from,
        .event_count = to - from,
        .started_event_id = to > from ? events[to - 1]->event_id : 0,
        .previous_started_event_id = (int64_t)(flags >> 6),
    };
    struct workflow_completion completion = {0};
    struct error error = {0};
    bool is_usable = workflow_run_handle_task(*run, &task, &completion, &error) == STATUS_OK && !completion.is_failure;
    (void)workflow_run_memory_bytes(*run);
    workflow_completion_deinit(&completion);
    if (!is_usable || (flags & FLAG_EVICT) != 0) {
        workflow_run_destroy(*run);
        *run = run_new(stacks);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct coroutine_pool *s_stacks;
    if (s_stacks == NULL) {
        s_stacks = coroutine_pool_new(2);
    }
    Pb__HistoryEvent *events[EVENTS_MAX];
    size_t count = 0;
    size_t handled = 0;
    int64_t next_id = 1;
    struct workflow_run *run = run_new(s_stacks);
    for (size_t i = 0; i + SCRIPT_STEP <= size && count < EVENTS_MAX; i += SCRIPT_STEP) {
        unsigned flags = data[i + 2];
        Pb__HistoryEvent *event = memory_alloc(sizeof *event);
        pb__history_event__init(event);
        next_id += (flags & FLAG_GAP) != 0 && (flags & FLAG_MAY_IGNORE) != 0 ? 1 : 0;
        event->event_id = next_id++;
        event->event_type = (Pb__EventType)(data[i] % 64);
        event->worker_may_ignore = (flags & FLAG_MAY_IGNORE) != 0;
        if ((flags & FLAG_NO_ATTRIBUTES) == 0) {
            set_attributes(event, data[i + 1], flags);
        }
        events[count++] = event;
        if ((flags & FLAG_END_OF_TASK) != 0) {
            hand_over(&run, s_stacks, events, handled, count, flags);
            handled = workflow_run_last_event_id(run) == 0 ? 0 : count;
        }
    }
    hand_over(&run, s_stacks, events, handled, count, 0);
    workflow_run_destroy(run);
    for (size_t i = 0; i < count; i++) {
        pb__history_event__free_unpacked(events[i], NULL);
    }
    return 0;
}
