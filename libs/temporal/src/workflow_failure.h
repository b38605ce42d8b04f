/* Failures inside the engine: immutable, counted, made from events or by workflow code. One owner: the run. */
#ifndef TEMPORAL_WORKFLOW_FAILURE_H
#define TEMPORAL_WORKFLOW_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <temporal/api/failure/v1/message.pb-c.h>
#include <temporal/api/history/v1/message.pb-c.h>

struct activity_machine;

/* Longer chains of causes lose their far end when they are wrapped once more. */
#define WORKFLOW_FAILURE_DEPTH_MAX 20

struct workflow_failure {
    size_t references;
    Pb__Failure *message; /* owned */
};

struct workflow_failure *workflow_failure_new(Pb__Failure *message); /* takes message; one reference */
struct workflow_failure *workflow_failure_acquire(struct workflow_failure *failure);
void workflow_failure_release(struct workflow_failure *failure); /* NULL is fine */

Pb__Failure *workflow_failure_copy(const Pb__Failure *message); /* deep; NULL gives NULL */

struct workflow_application_failure {
    const char *type;
    const char *message;
    bool is_non_retryable;
    Pb__Payloads *details; /* taken; may be NULL */
    int64_t next_retry_delay_ms;
    const Pb__Failure *cause; /* copied; may be NULL */
};
Pb__Failure *workflow_failure_application(const struct workflow_application_failure *application);
Pb__Failure *workflow_failure_canceled(const char *message, const Pb__Payloads *details);

/* What an activity's end means for the workflow: an envelope around the cause that the event brings.
 * event: ACTIVITY_TASK_FAILED, _TIMED_OUT or _CANCELED, with its attributes. */
Pb__Failure *workflow_failure_of_activity(const struct activity_machine *machine, const Pb__HistoryEvent *event);
/* The same for an activity whose cancellation is not waited for. */
Pb__Failure *workflow_failure_of_canceled_activity(const struct activity_machine *machine);

/* The first link of the chain that is not an envelope. */
const Pb__Failure *workflow_failure_core(const Pb__Failure *message);
bool workflow_failure_is_canceled(const Pb__Failure *message);

#endif
