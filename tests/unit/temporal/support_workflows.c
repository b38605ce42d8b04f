/* See support_workflows.h. */
#include "support_workflows.h"

#include "support_history_builder.h"

static json_t *sleeps(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    if (!temporal_workflow_sleep(workflow, 5000)) {
        return NULL;
    }
    return json_pack("{s:I}", "now", (json_int_t)(temporal_workflow_now_ms(workflow) / 1000 - HISTORY_START_SECONDS));
}

const struct temporal_workflow_definition sleeps_definition = {.name = "sleeps", .function = sleeps};

static json_t *charges(struct temporal_workflow *workflow, const json_t *input)
{
    (void)input;
    json_t *result = temporal_workflow_execute_activity(
        workflow, "charge", json_pack("{s:i}", "cents", 5),
        &(struct temporal_activity_options){.start_to_close_ms = 60000, .retry = {.maximum_attempts = 3}});
    if (result == NULL && temporal_workflow_failure_kind(workflow) == TEMPORAL_FAILURE_TIMEOUT) {
        return json_pack("{s:i}", "timeout", (int)temporal_workflow_failure_timeout(workflow));
    }
    return result;
}

const struct temporal_workflow_definition charges_definition = {.name = "charges", .function = charges};
