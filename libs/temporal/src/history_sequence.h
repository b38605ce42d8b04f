/* Cuts a history into the units of replay. One sequence is what led to one run of the workflow's code:
 *   [WORKFLOW_TASK_COMPLETED, its command events, other events, WORKFLOW_TASK_SCHEDULED, WORKFLOW_TASK_STARTED].
 * A started task that failed, timed out, or was cut off by the run's end never ran and ends none. A task that
 * completed without any command, followed at once by the next one's SCHEDULED, was a heartbeat and is merged with its
 * successor. Pure. */
#ifndef TEMPORAL_HISTORY_SEQUENCE_H
#define TEMPORAL_HISTORY_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/history/v1/message.pb-c.h>

struct history_sequence {
    size_t begin;
    size_t end;             /* exclusive; > begin */
    bool is_task;           /* ends with the WORKFLOW_TASK_STARTED for which code is to run; false: a rest at the end */
};

/* The next sequence from index `begin` < count on. events is all there is: nothing follows the last. */
struct history_sequence history_sequence_next(Pb__HistoryEvent *const *events, size_t count, size_t begin);

/* The first index whose event's ID is not one more than that of the event before it; count if there is none. */
size_t history_sequence_find_gap(Pb__HistoryEvent *const *events, size_t count);

#endif
