/* Pb__Failure messages of the engine. */
#include "workflow_failure.h"

#include <jansson.h>
#include <stdlib.h>

#include "activity_machine.h"
#include "base/check.h"
#include "base/memory.h"
#include "payload.h"
#include "proto_time.h"

#define SOURCE "temporal-c"

struct workflow_failure *workflow_failure_new(Pb__Failure *message)
{
    struct workflow_failure *failure = memory_alloc(sizeof *failure);
    failure->references = 1;
    failure->message = message;
    return failure;
}

struct workflow_failure *workflow_failure_acquire(struct workflow_failure *failure)
{
    failure->references++;
    return failure;
}

void workflow_failure_release(struct workflow_failure *failure)
{
    if (failure == NULL) {
        return;
    }
    CHECK(failure->references > 0);
    failure->references--;
    if (failure->references == 0) {
        pb__failure__free_unpacked(failure->message, NULL);
        free(failure);
    }
}

Pb__Failure *workflow_failure_copy(const Pb__Failure *message)
{
    if (message == NULL) {
        return NULL;
    }
    size_t size = pb__failure__get_packed_size(message);
    uint8_t *bytes = memory_alloc(size + 1);
    (void)pb__failure__pack(message, bytes);
    Pb__Failure *copy = pb__failure__unpack(NULL, size, bytes);
    free(bytes);
    CHECK(copy != NULL);
    return copy;
}

/* A copy of the chain, cut so that it fits below one more link. */
static Pb__Failure *copy_cause(const Pb__Failure *cause)
{
    Pb__Failure *copy = workflow_failure_copy(cause);
    Pb__Failure *link = copy;
    for (size_t depth = 2; link != NULL; depth++) {
        if (depth >= WORKFLOW_FAILURE_DEPTH_MAX && link->cause != NULL) {
            pb__failure__free_unpacked(link->cause, NULL);
            link->cause = NULL;
        }
        link = link->cause;
    }
    return copy;
}

/* A copy that is UTF-8, since protobuf takes nothing else: a text that is none loses everything beyond ASCII. */
static char *copy_text(const char *text)
{
    char *copy = memory_copy_string(text);
    json_t *probe = json_string(copy);
    for (char *position = copy; probe == NULL && *position != '\0'; position++) {
        if ((unsigned char)*position >= 0x80) {
            *position = '?';
        }
    }
    json_decref(probe);
    return copy;
}

static Pb__Failure *failure_new(const char *message)
{
    Pb__Failure *failure = memory_alloc(sizeof *failure);
    pb__failure__init(failure);
    failure->message = copy_text(message);
    failure->source = memory_copy_string(SOURCE);
    return failure;
}

Pb__Failure *workflow_failure_application(const struct workflow_application_failure *application)
{
    Pb__Failure *failure = failure_new(application->message);
    Pb__ApplicationFailureInfo *info = memory_alloc(sizeof *info);
    pb__application_failure_info__init(info);
    info->type = copy_text(application->type);
    info->non_retryable = application->is_non_retryable;
    info->details = application->details;
    if (application->next_retry_delay_ms > 0) {
        info->next_retry_delay = memory_alloc(sizeof *info->next_retry_delay);
        duration_init_ms(info->next_retry_delay, application->next_retry_delay_ms);
    }
    failure->failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    failure->application_failure_info = info;
    failure->cause = copy_cause(application->cause);
    return failure;
}

Pb__Failure *workflow_failure_canceled(const char *message, const Pb__Payloads *details)
{
    Pb__Failure *failure = failure_new(message);
    Pb__CanceledFailureInfo *info = memory_alloc(sizeof *info);
    pb__canceled_failure_info__init(info);
    info->details = payloads_copy(details);
    failure->failure_info_case = PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO;
    failure->canceled_failure_info = info;
    return failure;
}

/* Takes cause. */
static Pb__Failure *envelope(const struct activity_machine *machine, const char *message, Pb__RetryState retry_state,
                             const char *identity, Pb__Failure *cause)
{
    Pb__Failure *failure = failure_new(message);
    Pb__ActivityFailureInfo *info = memory_alloc(sizeof *info);
    pb__activity_failure_info__init(info);
    info->scheduled_event_id = machine->scheduled_event_id;
    info->started_event_id = machine->started_event_id;
    info->identity = memory_copy_string(identity);
    info->activity_id = memory_copy_string(machine->activity_id);
    info->activity_type = memory_alloc(sizeof *info->activity_type);
    pb__activity_type__init(info->activity_type);
    info->activity_type->name = memory_copy_string(machine->type);
    info->retry_state = retry_state;
    failure->failure_info_case = PB__FAILURE__FAILURE_INFO_ACTIVITY_FAILURE_INFO;
    failure->activity_failure_info = info;
    failure->cause = cause;
    return failure;
}

Pb__Failure *workflow_failure_of_activity(const struct activity_machine *machine, const Pb__HistoryEvent *event)
{
    if (event->event_type == PB__EVENT_TYPE__EVENT_TYPE_ACTIVITY_TASK_FAILED) {
        const Pb__ActivityTaskFailedEventAttributes *attributes = event->activity_task_failed_event_attributes;
        return envelope(machine, "activity failed", attributes->retry_state, attributes->identity,
                        copy_cause(attributes->failure));
    }
    if (event->event_type == PB__EVENT_TYPE__EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT) {
        const Pb__ActivityTaskTimedOutEventAttributes *attributes = event->activity_task_timed_out_event_attributes;
        return envelope(machine, "activity timed out", attributes->retry_state, "",
                        copy_cause(attributes->failure));
    }
    const Pb__ActivityTaskCanceledEventAttributes *attributes = event->activity_task_canceled_event_attributes;
    return envelope(machine, "activity canceled", PB__RETRY_STATE__RETRY_STATE_CANCEL_REQUESTED,
                    attributes->identity, workflow_failure_canceled("activity canceled", attributes->details));
}

Pb__Failure *workflow_failure_of_canceled_activity(const struct activity_machine *machine)
{
    return envelope(machine, "activity canceled", PB__RETRY_STATE__RETRY_STATE_CANCEL_REQUESTED, "",
                    workflow_failure_canceled("activity canceled", NULL));
}

const Pb__Failure *workflow_failure_core(const Pb__Failure *message)
{
    while (message->cause != NULL &&
           (message->failure_info_case == PB__FAILURE__FAILURE_INFO_ACTIVITY_FAILURE_INFO ||
            message->failure_info_case == PB__FAILURE__FAILURE_INFO_CHILD_WORKFLOW_EXECUTION_FAILURE_INFO)) {
        message = message->cause;
    }
    return message;
}

bool workflow_failure_is_canceled(const Pb__Failure *message)
{
    return workflow_failure_core(message)->failure_info_case == PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO;
}
