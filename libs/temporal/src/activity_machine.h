/* The life of one activity as its events tell it:
 *
 *   CREATED ──sent──▶ SENT ──Scheduled──▶ SCHEDULED ──Started──▶ STARTED ──Completed/Failed/TimedOut/Canceled──▶ CLOSED
 *
 * Started may be missing (timed out or cancelled while waiting) or come just before the end. Cancelling adds
 *   CREATED: the command vanishes, CLOSED. SCHEDULED, STARTED: by the cancellation option, see activity_machine_cancel.
 * Pure: says what is to be done and does nothing else. */
#ifndef TEMPORAL_ACTIVITY_MACHINE_H
#define TEMPORAL_ACTIVITY_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <temporal/api/history/v1/message.pb-c.h>

#include "temporal/workflow.h"

enum activity_state {
    ACTIVITY_CREATED,   /* its command waits to be sent */
    ACTIVITY_SENT,      /* the server has the command, its event was not seen */
    ACTIVITY_SCHEDULED, /* ACTIVITY_TASK_SCHEDULED was seen */
    ACTIVITY_STARTED,   /* ACTIVITY_TASK_STARTED was seen */
    ACTIVITY_CLOSED     /* no further event can come */
};

enum activity_cancel_state {
    ACTIVITY_CANCEL_NONE,
    ACTIVITY_CANCEL_COMMANDED, /* REQUEST_CANCEL_ACTIVITY_TASK was issued */
    ACTIVITY_CANCEL_RECORDED   /* ACTIVITY_TASK_CANCEL_REQUESTED was seen */
};

struct activity_machine {
    enum activity_state state;
    enum activity_cancel_state cancel_state;
    enum temporal_cancellation cancellation;
    bool is_resolved; /* the code was told an outcome: what comes later is swallowed */
    int64_t scheduled_event_id; /* 0: not known yet */
    int64_t started_event_id;
    char *activity_id; /* owned */
    char *type;        /* owned */
};

void activity_machine_init(struct activity_machine *machine, const char *activity_id, const char *type,
                           enum temporal_cancellation cancellation);
void activity_machine_deinit(struct activity_machine *machine);

struct activity_cancel_effect {
    bool drops_command;    /* take the unsent command out of the queue */
    bool requests_cancel;  /* issue REQUEST_CANCEL_ACTIVITY_TASK */
    bool resolves;         /* tell the code: cancelled */
};
struct activity_cancel_effect activity_machine_cancel(struct activity_machine *machine);

void activity_machine_sent(struct activity_machine *machine);

/* The front command met this event. NULL: it fits; else what differs, as a constant text. */
const char *activity_machine_on_scheduled(struct activity_machine *machine, const Pb__HistoryEvent *event);
const char *activity_machine_on_cancel_requested(struct activity_machine *machine, const Pb__HistoryEvent *event);

/* STARTED, COMPLETED, FAILED, TIMED_OUT or CANCELED of this activity. false: impossible in this state.
 * *out_resolves: the event's outcome is to be told to the code. */
bool activity_machine_on_event(struct activity_machine *machine, const Pb__HistoryEvent *event, bool *out_resolves);

#endif
