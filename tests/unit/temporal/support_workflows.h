/* Workflows that several tests run against histories. */
#ifndef SUPPORT_WORKFLOWS_H
#define SUPPORT_WORKFLOWS_H

#include "temporal/workflow.h"

/* Behind a function: its definition, under the function's name. */
#define DEFINE_WORKFLOW(function_)                                                                         \
    static const struct temporal_workflow_definition function_##_definition = {.name = #function_,         \
                                                                               .function = function_}

/* Options of an activity. */
#define MINUTE (&(struct temporal_activity_options){.start_to_close_ms = 60000})

/* Sleeps for 5 s; its result is {"now": seconds since the history's first event}. */
extern const struct temporal_workflow_definition sleeps_definition;
/* The activity "charge" with {"cents":5}, a minute and 3 attempts. Its result is the workflow's, as is its failure;
 * of a timeout it is {"timeout": kind}. */
extern const struct temporal_workflow_definition charges_definition;

#endif
