/* What the engine asks of a single history event. Pure. */
#ifndef TEMPORAL_HISTORY_EVENT_H
#define TEMPORAL_HISTORY_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <temporal/api/history/v1/message.pb-c.h>

/* "ACTIVITY_TASK_SCHEDULED"; "UNKNOWN" for a type this build does not know. */
const char *history_event_type_name(Pb__EventType type);

/* Written by the server because a command asked for it: has to meet that command in replay. */
bool history_event_is_command(Pb__EventType type);

/* true: the attributes are those of the event's type (or the type is one that the engine does not read). */
bool history_event_has_attributes(const Pb__HistoryEvent *event);

int64_t history_event_time_ms(const Pb__HistoryEvent *event); /* since 1970; 0 if it has none */

#endif
