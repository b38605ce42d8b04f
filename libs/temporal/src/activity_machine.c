/* Transitions of an activity. */
#include "activity_machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

#define TYPE(name) PB__EVENT_TYPE__EVENT_TYPE_##name

void activity_machine_init(struct activity_machine *machine, const char *activity_id, const char *type,
                           enum temporal_cancellation cancellation)
{
    *machine = (struct activity_machine){
        .cancellation = cancellation,
        .activity_id = memory_copy_string(activity_id),
        .type = memory_copy_string(type),
    };
}

void activity_machine_deinit(struct activity_machine *machine)
{
    free(machine->activity_id);
    free(machine->type);
    *machine = (struct activity_machine){.state = ACTIVITY_CLOSED};
}

struct activity_cancel_effect activity_machine_cancel(struct activity_machine *machine)
{
    struct activity_cancel_effect effect = {0};
    if (machine->is_resolved || machine->cancel_state != ACTIVITY_CANCEL_NONE) {
        return effect;
    }
    switch (machine->state) {
    case ACTIVITY_CREATED:
        effect.drops_command = true;
        effect.resolves = true;
        machine->state = ACTIVITY_CLOSED;
        break;
    case ACTIVITY_SCHEDULED:
    case ACTIVITY_STARTED:
        effect.requests_cancel = machine->cancellation != TEMPORAL_CANCELLATION_ABANDON;
        effect.resolves = machine->cancellation != TEMPORAL_CANCELLATION_WAIT;
        if (effect.requests_cancel) {
            machine->cancel_state = ACTIVITY_CANCEL_COMMANDED;
        }
        break;
    case ACTIVITY_SENT: /* code never runs between sending and the event */
    case ACTIVITY_CLOSED:
        break;
    }
    machine->is_resolved = machine->is_resolved || effect.resolves;
    return effect;
}

void activity_machine_sent(struct activity_machine *machine)
{
    if (machine->state == ACTIVITY_CREATED) {
        machine->state = ACTIVITY_SENT;
    }
}

const char *activity_machine_on_scheduled(struct activity_machine *machine, const Pb__HistoryEvent *event)
{
    const Pb__ActivityTaskScheduledEventAttributes *attributes = event->activity_task_scheduled_event_attributes;
    if (machine->state != ACTIVITY_SENT) {
        return "the activity is not waiting to be scheduled";
    }
    if (attributes->activity_type == NULL || strcmp(attributes->activity_type->name, machine->type) != 0) {
        return "the activity types differ";
    }
    if (strcmp(attributes->activity_id, machine->activity_id) != 0) {
        return "the activity IDs differ";
    }
    machine->scheduled_event_id = event->event_id;
    machine->state = ACTIVITY_SCHEDULED;
    return NULL;
}

const char *activity_machine_on_cancel_requested(struct activity_machine *machine, const Pb__HistoryEvent *event)
{
    if (event->activity_task_cancel_requested_event_attributes->scheduled_event_id != machine->scheduled_event_id) {
        return "another activity is cancelled";
    }
    if (machine->cancel_state != ACTIVITY_CANCEL_COMMANDED) {
        return "the activity's cancellation was not asked for";
    }
    machine->cancel_state = ACTIVITY_CANCEL_RECORDED;
    return NULL;
}

bool activity_machine_on_event(struct activity_machine *machine, const Pb__HistoryEvent *event, bool *out_resolves)
{
    *out_resolves = false;
    bool is_scheduled = machine->state == ACTIVITY_SCHEDULED;
    bool is_started = machine->state == ACTIVITY_STARTED;
    if (event->event_type == TYPE(ACTIVITY_TASK_STARTED)) {
        if (!is_scheduled) {
            return false;
        }
        machine->state = ACTIVITY_STARTED;
        machine->started_event_id = event->event_id;
        return true;
    }
    if (event->event_type == TYPE(ACTIVITY_TASK_CANCELED) && machine->cancel_state == ACTIVITY_CANCEL_NONE) {
        return false;
    }
    if (!is_scheduled && !is_started) {
        return false;
    }
    machine->state = ACTIVITY_CLOSED;
    *out_resolves = !machine->is_resolved;
    machine->is_resolved = true;
    return true;
}
