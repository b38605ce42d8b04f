/* What the last event of a closed run says. */
#include "client_close.h"

#include <stdlib.h>

#include "base/memory.h"
#include "failure.h"
#include "payload.h"

void temporal_close_result_deinit(struct temporal_close_result *result)
{
    free(result->run_id);
    temporal_value_deinit(&result->result);
    temporal_failure_destroy(result->failure);
    free(result->reason);
    *result = (struct temporal_close_result){0};
}

static void read_result(const Pb__Payloads *payloads, struct temporal_value *out_value)
{
    if (payloads != NULL && payloads->n_payloads > 0) {
        payload_to_value(payloads->payloads[0], out_value);
    }
}

bool client_close_read(const Pb__HistoryEvent *event, struct temporal_close_result *out_result,
                       const char **out_next_run_id)
{
    struct temporal_close_result result = {0};
    const char *next_run_id = "";
    /* NOLINTNEXTLINE(clang-diagnostic-switch-enum): the other kinds do not close a run */
    switch ((int)event->attributes_case) {
    case PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_COMPLETED_EVENT_ATTRIBUTES:
        next_run_id = event->workflow_execution_completed_event_attributes->new_execution_run_id;
        result.status = TEMPORAL_RUN_COMPLETED;
        if (next_run_id[0] == '\0') {
            read_result(event->workflow_execution_completed_event_attributes->result, &result.result);
        }
        break;
    case PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_FAILED_EVENT_ATTRIBUTES:
        next_run_id = event->workflow_execution_failed_event_attributes->new_execution_run_id;
        result.status = TEMPORAL_RUN_FAILED;
        if (next_run_id[0] == '\0') {
            result.failure = failure_from_message(event->workflow_execution_failed_event_attributes->failure);
        }
        break;
    case PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_TIMED_OUT_EVENT_ATTRIBUTES:
        next_run_id = event->workflow_execution_timed_out_event_attributes->new_execution_run_id;
        result.status = TEMPORAL_RUN_TIMED_OUT;
        break;
    case PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CONTINUED_AS_NEW_EVENT_ATTRIBUTES:
        next_run_id = event->workflow_execution_continued_as_new_event_attributes->new_execution_run_id;
        result.status = TEMPORAL_RUN_CONTINUED_AS_NEW;
        break;
    case PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_CANCELED_EVENT_ATTRIBUTES:
        result.status = TEMPORAL_RUN_CANCELED;
        break;
    case PB__HISTORY_EVENT__ATTRIBUTES_WORKFLOW_EXECUTION_TERMINATED_EVENT_ATTRIBUTES:
        result.status = TEMPORAL_RUN_TERMINATED;
        result.reason = memory_copy_string(event->workflow_execution_terminated_event_attributes->reason);
        break;
    default:
        return false;
    }
    *out_result = result;
    *out_next_run_id = next_run_id;
    return true;
}
