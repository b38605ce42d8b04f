/* What the last event of a closed run says. Pure. */
#ifndef TEMPORAL_CLIENT_CLOSE_H
#define TEMPORAL_CLIENT_CLOSE_H

#include <stdbool.h>

#include <temporal/api/history/v1/message.pb-c.h>

#include "temporal/client.h"

/* false: the event does not close a run. *out_next_run_id is borrowed from the event: the chain goes on with that run
 * and the result is empty; else "". out_result's run_id is not set. */
bool client_close_read(const Pb__HistoryEvent *event, struct temporal_close_result *out_result,
                       const char **out_next_run_id);

#endif
