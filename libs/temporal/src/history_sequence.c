/* Where a sequence of history ends. */
#include "history_sequence.h"

#include "history_event.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

/* The type of the event at index, or UNSPECIFIED behind the end. */
static Pb__EventType type_at(Pb__HistoryEvent *const *events, size_t count, size_t index)
{
    return index < count ? events[index]->event_type : TYPE(UNSPECIFIED);
}

/* What, directly behind a WORKFLOW_TASK_STARTED, says that the task never had an effect. */
static bool revokes_task(Pb__EventType type)
{
    return type == TYPE(WORKFLOW_TASK_FAILED) || type == TYPE(WORKFLOW_TASK_TIMED_OUT) ||
           type == TYPE(WORKFLOW_EXECUTION_TIMED_OUT) || type == TYPE(WORKFLOW_EXECUTION_TERMINATED) ||
           type == TYPE(WORKFLOW_EXECUTION_CANCELED);
}

struct history_sequence history_sequence_next(Pb__HistoryEvent *const *events, size_t count, size_t begin)
{
    bool has_command = false;
    for (size_t i = begin; i < count; i++) {
        Pb__EventType type = events[i]->event_type;
        has_command = has_command || history_event_is_command(type);
        if (type != TYPE(WORKFLOW_TASK_STARTED)) {
            continue;
        }
        Pb__EventType next = type_at(events, count, i + 1);
        bool is_heartbeat = !has_command && next == TYPE(WORKFLOW_TASK_COMPLETED) &&
                            type_at(events, count, i + 2) == TYPE(WORKFLOW_TASK_SCHEDULED);
        if (!revokes_task(next) && !is_heartbeat) {
            return (struct history_sequence){.begin = begin, .end = i + 1, .is_task = true};
        }
    }
    return (struct history_sequence){.begin = begin, .end = count, .is_task = false};
}

size_t history_sequence_find_gap(Pb__HistoryEvent *const *events, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (events[i - 1]->event_id == INT64_MAX || events[i]->event_id != events[i - 1]->event_id + 1) {
            return i;
        }
    }
    return count;
}
