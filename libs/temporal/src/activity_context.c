/* What an activity's function is given, and how it says that it failed (temporal/activity.h). */
#include "activity_attempt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "payload.h"

#define ENCODING_SIZE 64

/* ---- input ---- */

void *temporal_activity_user(const struct temporal_activity *activity)
{
    return activity->registration->user;
}

const struct temporal_activity_info *temporal_activity_info(const struct temporal_activity *activity)
{
    return &activity->info;
}

const char *temporal_activity_traceparent(const struct temporal_activity *activity)
{
    return activity->tracing.has_context ? activity->tracing.traceparent : NULL;
}

size_t temporal_activity_input_count(const struct temporal_activity *activity)
{
    return activity->task->input ? activity->task->input->n_payloads : 0;
}

bool temporal_activity_input_payload(const struct temporal_activity *activity, size_t index,
                                     struct temporal_payload *out_payload)
{
    if (index >= temporal_activity_input_count(activity)) {
        return false;
    }
    const Pb__Payload *payload = activity->task->input->payloads[index];
    static _Thread_local char s_encoding[ENCODING_SIZE];
    payload_encoding(payload, s_encoding, sizeof s_encoding);
    *out_payload = (struct temporal_payload){
        .encoding = s_encoding, .data = payload->data.data, .length = payload->data.len};
    return true;
}

const json_t *temporal_activity_heartbeat_details(const struct temporal_activity *activity)
{
    struct temporal_activity *own = (struct temporal_activity *)(uintptr_t)activity; /* fills a cache */
    if (!own->earlier_details) {
        own->earlier_details = payloads_to_json(own->task->heartbeat_details, 0);
    }
    return own->earlier_details;
}

/* ---- failure ---- */

void attempt_clear_failure(struct attempt_outcome *outcome)
{
    free(outcome->failure_type);
    free(outcome->failure_message);
    json_decref(outcome->failure_details);
    outcome->has_failed = false;
    outcome->failure_type = NULL;
    outcome->failure_message = NULL;
    outcome->failure_details = NULL;
    outcome->is_non_retryable = false;
    outcome->next_retry_delay_ms = 0;
}

json_t *temporal_activity_fail_with(struct temporal_activity *activity, const struct temporal_fail_options *options)
{
    struct attempt_outcome *outcome = &activity->outcome;
    attempt_clear_failure(outcome);
    outcome->has_failed = true;
    outcome->failure_type = memory_copy_string(options->type ? options->type : "");
    outcome->failure_message = memory_copy_string(options->message ? options->message : "");
    outcome->is_non_retryable = options->is_non_retryable;
    outcome->failure_details = options->details;
    outcome->next_retry_delay_ms = options->next_retry_delay_ms;
    return NULL;
}

static char *format_message(const char *format, va_list arguments) PRINTF_LIKE(1, 0);

static char *format_message(const char *format, va_list arguments)
{
    char *message = NULL;
    int length = vasprintf(&message, format, arguments);
    CHECK(length >= 0);
    return message;
}

json_t *temporal_activity_fail(struct temporal_activity *activity, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_message(format, arguments);
    va_end(arguments);
    (void)temporal_activity_fail_with(activity, &(struct temporal_fail_options){.type = type, .message = message});
    free(message);
    return NULL;
}

json_t *temporal_activity_fail_for_good(struct temporal_activity *activity, const char *type, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_message(format, arguments);
    va_end(arguments);
    (void)temporal_activity_fail_with(
        activity, &(struct temporal_fail_options){.type = type, .message = message, .is_non_retryable = true});
    free(message);
    return NULL;
}

json_t *temporal_activity_accept_cancel(struct temporal_activity *activity, json_t *details)
{
    attempt_clear_failure(&activity->outcome);
    json_decref(activity->outcome.cancel_details);
    activity->outcome.cancel_details = details;
    return NULL;
}
