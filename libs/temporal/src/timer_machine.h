/* The life of one timer:
 *
 *   CREATED ──sent──▶ SENT ──TimerStarted──▶ RUNNING ──TimerFired──▶ CLOSED
 *                                            RUNNING ──cancel──▶ CANCELING ──TimerCanceled──▶ CLOSED
 *   CREATED ──cancel──▶ CLOSED (the command vanishes)
 * Pure. */
#ifndef TEMPORAL_TIMER_MACHINE_H
#define TEMPORAL_TIMER_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <temporal/api/history/v1/message.pb-c.h>

enum timer_state { TIMER_CREATED, TIMER_SENT, TIMER_RUNNING, TIMER_CANCELING, TIMER_CLOSED };

#define TIMER_ID_SIZE 24

struct timer_machine {
    enum timer_state state;
    int64_t started_event_id; /* 0: not known yet */
    char timer_id[TIMER_ID_SIZE];
};

void timer_machine_init(struct timer_machine *machine, uint64_t number);

enum timer_cancel_effect {
    TIMER_CANCEL_NOTHING,       /* it is over already */
    TIMER_CANCEL_DROPS_COMMAND, /* take the unsent command out; the code is told: cancelled */
    TIMER_CANCEL_COMMANDS       /* issue CANCEL_TIMER; the code is told: cancelled */
};
enum timer_cancel_effect timer_machine_cancel(struct timer_machine *machine);

void timer_machine_sent(struct timer_machine *machine);

/* NULL: it fits; else what differs, as a constant text. */
const char *timer_machine_on_started(struct timer_machine *machine, const Pb__HistoryEvent *event);
const char *timer_machine_on_canceled(struct timer_machine *machine, const Pb__HistoryEvent *event);
/* false: impossible in this state. */
bool timer_machine_on_fired(struct timer_machine *machine);

#endif
