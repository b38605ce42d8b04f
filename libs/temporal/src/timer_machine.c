/* Transitions of a timer. */
#include "timer_machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void timer_machine_init(struct timer_machine *machine, uint64_t number)
{
    *machine = (struct timer_machine){.state = TIMER_CREATED};
    (void)snprintf(machine->timer_id, sizeof machine->timer_id, "%" PRIu64, number);
}

enum timer_cancel_effect timer_machine_cancel(struct timer_machine *machine)
{
    switch (machine->state) {
    case TIMER_CREATED:
        machine->state = TIMER_CLOSED;
        return TIMER_CANCEL_DROPS_COMMAND;
    case TIMER_RUNNING:
        machine->state = TIMER_CANCELING;
        return TIMER_CANCEL_COMMANDS;
    case TIMER_SENT: /* code never runs between sending and the event */
    case TIMER_CANCELING:
    case TIMER_CLOSED:
        break;
    }
    return TIMER_CANCEL_NOTHING;
}

void timer_machine_sent(struct timer_machine *machine)
{
    if (machine->state == TIMER_CREATED) {
        machine->state = TIMER_SENT;
    }
}

const char *timer_machine_on_started(struct timer_machine *machine, const Pb__HistoryEvent *event)
{
    if (machine->state != TIMER_SENT) {
        return "the timer is not waiting to be started";
    }
    if (strcmp(event->timer_started_event_attributes->timer_id, machine->timer_id) != 0) {
        return "the timer IDs differ";
    }
    machine->started_event_id = event->event_id;
    machine->state = TIMER_RUNNING;
    return NULL;
}

const char *timer_machine_on_canceled(struct timer_machine *machine, const Pb__HistoryEvent *event)
{
    if (machine->state != TIMER_CANCELING) {
        return "the timer's cancellation was not asked for";
    }
    if (event->timer_canceled_event_attributes->started_event_id != machine->started_event_id) {
        return "another timer is cancelled";
    }
    machine->state = TIMER_CLOSED;
    return NULL;
}

bool timer_machine_on_fired(struct timer_machine *machine)
{
    if (machine->state != TIMER_RUNNING) {
        return false;
    }
    machine->state = TIMER_CLOSED;
    return true;
}
