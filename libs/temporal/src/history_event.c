/* Classes of history events. */
#include "history_event.h"

#include <limits.h>
#include <string.h>

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name
#define ATTRIBUTES(name) PB__HISTORY_EVENT__ATTRIBUTES_##name##_EVENT_ATTRIBUTES

const char *history_event_type_name(Pb__EventType type)
{
    static const char prefix[] = "EVENT_TYPE_";
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&pb__event_type__descriptor, (int)type);
    if (value == NULL || strncmp(value->name, prefix, sizeof prefix - 1) != 0) {
        return "UNKNOWN";
    }
    return value->name + sizeof prefix - 1;
}

bool history_event_is_command(Pb__EventType type)
{
    static const Pb__EventType commands[] = {
        TYPE(ACTIVITY_TASK_SCHEDULED),
        TYPE(ACTIVITY_TASK_CANCEL_REQUESTED),
        TYPE(TIMER_STARTED),
        TYPE(TIMER_CANCELED),
        TYPE(MARKER_RECORDED),
        TYPE(REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED),
        TYPE(SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED),
        TYPE(START_CHILD_WORKFLOW_EXECUTION_INITIATED),
        TYPE(UPSERT_WORKFLOW_SEARCH_ATTRIBUTES),
        TYPE(WORKFLOW_PROPERTIES_MODIFIED),
        TYPE(NEXUS_OPERATION_SCHEDULED),
        TYPE(NEXUS_OPERATION_CANCEL_REQUESTED),
        TYPE(WORKFLOW_EXECUTION_UPDATE_ACCEPTED),
        TYPE(WORKFLOW_EXECUTION_UPDATE_COMPLETED),
        TYPE(WORKFLOW_EXECUTION_UPDATE_REJECTED),
        TYPE(WORKFLOW_EXECUTION_COMPLETED),
        TYPE(WORKFLOW_EXECUTION_FAILED),
        TYPE(WORKFLOW_EXECUTION_CANCELED),
        TYPE(WORKFLOW_EXECUTION_CONTINUED_AS_NEW),
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i] == type) {
            return true;
        }
    }
    return false;
}

bool history_event_has_attributes(const Pb__HistoryEvent *event)
{
    static const struct {
        Pb__EventType type;
        Pb__HistoryEvent__AttributesCase attributes;
    } expected[] = {
        {TYPE(WORKFLOW_EXECUTION_STARTED), ATTRIBUTES(WORKFLOW_EXECUTION_STARTED)},
        {TYPE(WORKFLOW_TASK_STARTED), ATTRIBUTES(WORKFLOW_TASK_STARTED)},
        {TYPE(WORKFLOW_TASK_FAILED), ATTRIBUTES(WORKFLOW_TASK_FAILED)},
        {TYPE(ACTIVITY_TASK_SCHEDULED), ATTRIBUTES(ACTIVITY_TASK_SCHEDULED)},
        {TYPE(ACTIVITY_TASK_STARTED), ATTRIBUTES(ACTIVITY_TASK_STARTED)},
        {TYPE(ACTIVITY_TASK_COMPLETED), ATTRIBUTES(ACTIVITY_TASK_COMPLETED)},
        {TYPE(ACTIVITY_TASK_FAILED), ATTRIBUTES(ACTIVITY_TASK_FAILED)},
        {TYPE(ACTIVITY_TASK_TIMED_OUT), ATTRIBUTES(ACTIVITY_TASK_TIMED_OUT)},
        {TYPE(ACTIVITY_TASK_CANCEL_REQUESTED), ATTRIBUTES(ACTIVITY_TASK_CANCEL_REQUESTED)},
        {TYPE(ACTIVITY_TASK_CANCELED), ATTRIBUTES(ACTIVITY_TASK_CANCELED)},
        {TYPE(TIMER_STARTED), ATTRIBUTES(TIMER_STARTED)},
        {TYPE(TIMER_FIRED), ATTRIBUTES(TIMER_FIRED)},
        {TYPE(TIMER_CANCELED), ATTRIBUTES(TIMER_CANCELED)},
        {TYPE(WORKFLOW_EXECUTION_SIGNALED), ATTRIBUTES(WORKFLOW_EXECUTION_SIGNALED)},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        if (expected[i].type == event->event_type) {
            /* All members of the union are pointers: any one tells whether it is there. */
            return event->attributes_case == expected[i].attributes &&
                   event->workflow_execution_started_event_attributes != NULL;
        }
    }
    return true;
}

int64_t history_event_time_ms(const Pb__HistoryEvent *event)
{
    if (event->event_time == NULL) {
        return 0;
    }
    int64_t seconds = event->event_time->seconds;
    if (seconds < 0 || seconds > INT64_MAX / 1000 - 1) {
        return 0;
    }
    return seconds * 1000 + event->event_time->nanos / 1000000;
}
