/* Failures as plain data. */
#include "failure.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "payload.h"
#include "proto_time.h"

static const char *const timeout_names[] = {"", "StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"};

static const char *timeout_name(Pb__TimeoutType type)
{
    return (size_t)type < sizeof timeout_names / sizeof timeout_names[0] ? timeout_names[type] : "";
}

static void read_details(const Pb__Payloads *payloads, struct temporal_failure *failure)
{
    if (payloads == NULL || payloads->n_payloads == 0) {
        return;
    }
    failure->detail_count = payloads->n_payloads;
    failure->details = memory_alloc_array(payloads->n_payloads, sizeof *failure->details);
    for (size_t i = 0; i < payloads->n_payloads; i++) {
        payload_to_value(payloads->payloads[i], &failure->details[i]);
    }
}

/* Fills kind, the details, and what belongs to the kind; returns the type's text, borrowed. */
static const char *read_info(const Pb__Failure *message, struct temporal_failure *failure)
{
    switch (message->failure_info_case) {
    case PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO:
        failure->kind = "application";
        failure->non_retryable = message->application_failure_info->non_retryable;
        failure->next_retry_delay_ms = duration_to_ms(message->application_failure_info->next_retry_delay);
        read_details(message->application_failure_info->details, failure);
        return message->application_failure_info->type;
    case PB__FAILURE__FAILURE_INFO_TIMEOUT_FAILURE_INFO:
        failure->kind = "timeout";
        read_details(message->timeout_failure_info->last_heartbeat_details, failure);
        return timeout_name(message->timeout_failure_info->timeout_type);
    case PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO:
        failure->kind = "canceled";
        read_details(message->canceled_failure_info->details, failure);
        return "";
    case PB__FAILURE__FAILURE_INFO_TERMINATED_FAILURE_INFO:
        failure->kind = "terminated";
        return "";
    case PB__FAILURE__FAILURE_INFO_SERVER_FAILURE_INFO:
        failure->kind = "server";
        failure->non_retryable = message->server_failure_info->non_retryable;
        return "";
    case PB__FAILURE__FAILURE_INFO_RESET_WORKFLOW_FAILURE_INFO:
        failure->kind = "reset";
        read_details(message->reset_workflow_failure_info->last_heartbeat_details, failure);
        return "";
    case PB__FAILURE__FAILURE_INFO_ACTIVITY_FAILURE_INFO:
        failure->kind = "activity";
        return message->activity_failure_info->activity_type != NULL
                   ? message->activity_failure_info->activity_type->name
                   : "";
    case PB__FAILURE__FAILURE_INFO_CHILD_WORKFLOW_EXECUTION_FAILURE_INFO:
        failure->kind = "child_workflow";
        return message->child_workflow_execution_failure_info->workflow_type != NULL
                   ? message->child_workflow_execution_failure_info->workflow_type->name
                   : "";
    case PB__FAILURE__FAILURE_INFO_NEXUS_OPERATION_EXECUTION_FAILURE_INFO:
        failure->kind = "nexus_operation";
        return "";
    case PB__FAILURE__FAILURE_INFO_NEXUS_HANDLER_FAILURE_INFO:
        failure->kind = "nexus_handler";
        return "";
    case PB__FAILURE__FAILURE_INFO__NOT_SET:
    case _PB__FAILURE__FAILURE_INFO__CASE_IS_INT_SIZE:
        break;
    }
    failure->kind = "unknown";
    return "";
}

static struct temporal_failure *read_one(const Pb__Failure *message)
{
    struct temporal_failure *failure = memory_alloc(sizeof *failure);
    failure->type = memory_copy_string(read_info(message, failure));
    failure->message = memory_copy_string(message->message);
    failure->source = memory_copy_string(message->source);
    failure->stack_trace = memory_copy_string(message->stack_trace);
    return failure;
}

struct temporal_failure *failure_from_message(const Pb__Failure *message)
{
    struct temporal_failure *first = NULL;
    struct temporal_failure **next = &first;
    for (; message != NULL; message = message->cause) {
        *next = read_one(message);
        next = &(*next)->cause;
    }
    return first;
}

static Pb__Payloads *write_details(const struct temporal_failure *failure)
{
    if (failure->detail_count == 0) {
        return NULL;
    }
    struct temporal_payload *views = memory_alloc_array(failure->detail_count, sizeof *views);
    for (size_t i = 0; i < failure->detail_count; i++) {
        views[i] = temporal_value_payload(&failure->details[i]);
    }
    Pb__Payloads *payloads = payloads_from_view(views, failure->detail_count);
    free(views);
    return payloads;
}

static Google__Protobuf__Duration *write_delay(int64_t ms)
{
    if (ms <= 0) {
        return NULL;
    }
    Google__Protobuf__Duration *duration = memory_alloc(sizeof *duration);
    duration_init_ms(duration, ms);
    return duration;
}

static Pb__Failure *write_one(const struct temporal_failure *failure)
{
    Pb__Failure *message = memory_alloc(sizeof *message);
    pb__failure__init(message);
    message->message = memory_copy_string(failure->message);
    message->source = memory_copy_string(failure->source);
    message->stack_trace = memory_copy_string(failure->stack_trace);
    if (strcmp(failure->kind, "canceled") == 0) {
        Pb__CanceledFailureInfo *info = memory_alloc(sizeof *info);
        pb__canceled_failure_info__init(info);
        info->details = write_details(failure);
        message->failure_info_case = PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO;
        message->canceled_failure_info = info;
        return message;
    }
    Pb__ApplicationFailureInfo *info = memory_alloc(sizeof *info);
    pb__application_failure_info__init(info);
    info->type = memory_copy_string(failure->type);
    info->non_retryable = failure->non_retryable;
    info->next_retry_delay = write_delay(failure->next_retry_delay_ms);
    info->details = write_details(failure);
    message->failure_info_case = PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    message->application_failure_info = info;
    return message;
}

Pb__Failure *failure_to_message(const struct temporal_failure *failure)
{
    Pb__Failure *first = NULL;
    Pb__Failure **next = &first;
    for (; failure != NULL; failure = failure->cause) {
        *next = write_one(failure);
        next = &(*next)->cause;
    }
    return first;
}

void temporal_failure_destroy(struct temporal_failure *failure)
{
    while (failure != NULL) {
        struct temporal_failure *cause = failure->cause;
        for (size_t i = 0; i < failure->detail_count; i++) {
            temporal_value_deinit(&failure->details[i]);
        }
        free(failure->details);
        free(failure->message);
        free(failure->source);
        free(failure->stack_trace);
        free(failure->type);
        free(failure);
        failure = cause;
    }
}

const struct temporal_failure *temporal_failure_application(const struct temporal_failure *failure)
{
    while (failure != NULL && strcmp(failure->kind, "application") != 0) {
        failure = failure->cause;
    }
    return failure;
}

const struct temporal_failure *temporal_failure_root(const struct temporal_failure *failure)
{
    while (failure != NULL && failure->cause != NULL) {
        failure = failure->cause;
    }
    return failure;
}

/* ---- JSON ---- */

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0') {
        /* Texts of the server are UTF-8; should one not be, it is left out. */
        (void)json_object_set_new(object, key, json_string(text));
    }
}

static json_t *detail_json(const struct temporal_value *value)
{
    json_t *json = temporal_value_json(value);
    if (json == NULL) {
        json = json_pack("{s:s?, s:I}", "encoding", value->encoding, "length", (json_int_t)value->length);
    }
    return json;
}

static json_t *one_json(const struct temporal_failure *failure)
{
    json_t *object = json_object();
    set_text(object, "kind", failure->kind);
    set_text(object, "type", failure->type);
    set_text(object, "message", failure->message);
    set_text(object, "source", failure->source);
    set_text(object, "stackTrace", failure->stack_trace);
    if (failure->non_retryable) {
        json_object_set_new(object, "nonRetryable", json_true());
    }
    if (failure->next_retry_delay_ms > 0) {
        json_object_set_new(object, "nextRetryDelayMs", json_integer(failure->next_retry_delay_ms));
    }
    if (failure->detail_count > 0) {
        json_t *details = json_array();
        for (size_t i = 0; i < failure->detail_count; i++) {
            json_array_append_new(details, detail_json(&failure->details[i]));
        }
        json_object_set_new(object, "details", details);
    }
    return object;
}

json_t *temporal_failure_json(const struct temporal_failure *failure)
{
    json_t *first = one_json(failure);
    json_t *last = first;
    for (failure = failure->cause; failure != NULL; failure = failure->cause) {
        json_t *cause = one_json(failure);
        json_object_set_new(last, "cause", cause);
        last = cause;
    }
    return first;
}
