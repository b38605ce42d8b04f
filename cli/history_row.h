/* An event of a history as a row for people: its number, when, what, and the few words that tell it from others.
 * Pure. */
#ifndef CLI_HISTORY_ROW_H
#define CLI_HISTORY_ROW_H

#include <jansson.h>

#include "base/json_scan.h"

/* event: as GET /v1/workflows/{id}/history has it. {"event", "time", "type", "detail"}; the caller's. */
json_t *history_row(struct json_slice event);

/* "ActivityTaskFailed" for "EVENT_TYPE_ACTIVITY_TASK_FAILED"; free() it. */
char *history_row_type(const char *event_type);
/* The attributes of an event, whatever its type; .data NULL: none. */
struct json_slice history_row_attributes(struct json_slice event);
/* "Sold: no stock <- ..." of a failure in Temporal's JSON, its causes behind it; free() it. NULL: there is none. */
char *history_row_failure(struct json_slice failure);

#endif
