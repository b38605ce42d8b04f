/* What the server tells of a run, in a description and in lists. */
#ifndef TEMPORAL_CLIENT_RUN_H
#define TEMPORAL_CLIENT_RUN_H

#include <temporal/api/workflow/v1/message.pb-c.h>

#include "temporal/client.h"

/* Fills an empty result. */
void client_read_run(const Pb__WorkflowExecutionInfo *info, struct temporal_describe_result *result);

#endif
