/* What workflow code asks about its run: identity, time, randomness, logs, memory, cancellation, kept failure. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author_log.h"
#include "base/log.h"
#include "base/memory.h"
#include "payload.h"
#include "workflow_state.h"

#define MESSAGE_SIZE 2048
#define LOG_FIELDS_MAX 24

const struct temporal_workflow_info *temporal_workflow_info(const struct temporal_workflow *workflow)
{
    return &workflow->info;
}

int64_t temporal_workflow_now_ms(const struct temporal_workflow *workflow)
{
    return workflow->now_ms;
}

uint64_t temporal_workflow_random(struct temporal_workflow *workflow)
{
    return workflow_random_next(&workflow->random);
}

uint64_t temporal_workflow_random_below(struct temporal_workflow *workflow, uint64_t limit)
{
    if (limit == 0) {
        workflow_state_abort(workflow, "temporal_workflow_random_below() was given the limit 0");
    }
    return workflow_random_below(&workflow->random, limit);
}

void temporal_workflow_uuid(struct temporal_workflow *workflow, char out[TEMPORAL_UUID_SIZE])
{
    uint64_t high = workflow_random_next(&workflow->random);
    uint64_t low = workflow_random_next(&workflow->random);
    (void)snprintf(out, TEMPORAL_UUID_SIZE, "%08x-%04x-4%03x-%04x-%04x%08x", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
                   (unsigned)(low >> 48 & 0x3fff) | 0x8000U, (unsigned)(low >> 32 & 0xffff),
                   (unsigned)(low & 0xffffffff));
}

bool temporal_workflow_is_replaying(const struct temporal_workflow *workflow)
{
    return workflow->is_replaying;
}

bool temporal_workflow_is_cancel_requested(const struct temporal_workflow *workflow)
{
    return workflow->is_cancel_requested;
}

/* ---- memory ---- */

void *temporal_workflow_alloc(struct temporal_workflow *workflow, size_t size)
{
    void *block = workflow_memory_alloc(&workflow->memory, size);
    if (block == NULL) {
        workflow_state_abort(workflow, "the workflow code asked for %zu bytes, which is more than a run may hold",
                             size);
    }
    return block;
}

void temporal_workflow_free(struct temporal_workflow *workflow, void *memory)
{
    workflow_memory_free(&workflow->memory, memory);
}

/* ---- log ---- */

static void write_log(struct temporal_workflow *workflow, enum log_level level, const char *message, json_t *fields)
{
    struct log_field list[LOG_FIELDS_MAX] = {
        LOG_STRING("workflow_type", workflow->info.workflow_type),
        LOG_STRING("workflow_id", workflow->info.workflow_id),
        LOG_STRING("run_id", workflow->info.run_id),
        LOG_INTEGER("attempt", workflow->info.attempt),
    };
    char *texts[LOG_FIELDS_MAX] = {NULL};
    size_t count = 4;
    const char *key;
    json_t *value;
    json_object_foreach (fields, key, value) {
        if (count < LOG_FIELDS_MAX) {
            list[count] = log_field_from_json(key, value, &texts[count]);
            count++;
        }
    }
    /* The logger's own blocks, if it makes any, are not the run's. */
    workflow_memory_leave();
    log_write(level, message, list, count);
    workflow_memory_enter(&workflow->memory);
    for (size_t i = 0; i < count; i++) {
        workflow_memory_free(&workflow->memory, texts[i]);
    }
}

void temporal_workflow_log(struct temporal_workflow *workflow, enum temporal_log_level level, const char *message,
                           json_t *fields)
{
    enum log_level line_level = log_level_of(level);
    if (!workflow->is_replaying && log_is_enabled(line_level)) {
        write_log(workflow, line_level, message, fields);
    }
    json_decref(fields);
}

/* ---- clean-up sections ---- */

void temporal_workflow_cleanup_begin(struct temporal_workflow *workflow)
{
    if (workflow->cleanup_depth == workflow->cleanup_capacity) {
        workflow->cleanup_capacity = workflow->cleanup_capacity == 0 ? 2 : workflow->cleanup_capacity * 2;
        workflow->cleanups =
            memory_resize_array(workflow->cleanups, workflow->cleanup_capacity, sizeof *workflow->cleanups);
    }
    struct cleanup_section *section = &workflow->cleanups[workflow->cleanup_depth++];
    section->failure = workflow->kept != NULL ? workflow_failure_acquire(workflow->kept) : NULL;
}

void temporal_workflow_cleanup_end(struct temporal_workflow *workflow)
{
    if (workflow->cleanup_depth == 0) {
        workflow_state_abort(workflow, "temporal_workflow_cleanup_end() was called without a section open");
    }
    struct workflow_failure *failure = workflow->cleanups[--workflow->cleanup_depth].failure;
    if (failure != NULL) {
        workflow_state_keep(workflow, failure);
    }
}

/* ---- making failures ---- */

static void keep_application(struct temporal_workflow *workflow, struct workflow_application_failure failure)
{
    failure.type = failure.type != NULL ? failure.type : "";
    failure.message = failure.message != NULL ? failure.message : "";
    workflow_state_keep(workflow, workflow_failure_new(workflow_failure_application(&failure)));
}

json_t *temporal_workflow_fail(struct temporal_workflow *workflow, const char *type, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    keep_application(workflow, (struct workflow_application_failure){.type = type, .message = message});
    return NULL;
}

json_t *temporal_workflow_fail_with(struct temporal_workflow *workflow, const struct temporal_fail_options *options)
{
    Pb__Payloads *details = NULL;
    if (options->details != NULL) {
        workflow_memory_leave();
        details = payloads_from_json(options->details);
        workflow_memory_enter(&workflow->memory);
        json_decref(options->details);
    }
    keep_application(workflow, (struct workflow_application_failure){
                                   .type = options->type,
                                   .message = options->message,
                                   .is_non_retryable = options->is_non_retryable,
                                   .details = details,
                                   .next_retry_delay_ms = options->next_retry_delay_ms,
                                   .cause = options->has_cause && workflow->kept != NULL ? workflow->kept->message
                                                                                         : NULL,
                               });
    return NULL;
}

/* ---- looking at the kept failure ---- */

static const Pb__Failure *kept_core(const struct temporal_workflow *workflow)
{
    return workflow->kept != NULL ? workflow_failure_core(workflow->kept->message) : NULL;
}

enum temporal_failure_kind temporal_workflow_failure_kind(const struct temporal_workflow *workflow)
{
    const Pb__Failure *failure = kept_core(workflow);
    if (failure == NULL) {
        return TEMPORAL_FAILURE_NONE;
    }
    switch (failure->failure_info_case) {
    case PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO:
        return TEMPORAL_FAILURE_APPLICATION;
    case PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO:
        return TEMPORAL_FAILURE_CANCELED;
    case PB__FAILURE__FAILURE_INFO_TIMEOUT_FAILURE_INFO:
        return TEMPORAL_FAILURE_TIMEOUT;
    case PB__FAILURE__FAILURE_INFO_TERMINATED_FAILURE_INFO:
        return TEMPORAL_FAILURE_TERMINATED;
    case PB__FAILURE__FAILURE_INFO_SERVER_FAILURE_INFO:
        return TEMPORAL_FAILURE_SERVER;
    default:
        return TEMPORAL_FAILURE_OTHER;
    }
}

static const Pb__ApplicationFailureInfo *kept_application(const struct temporal_workflow *workflow)
{
    const Pb__Failure *failure = kept_core(workflow);
    bool is_application =
        failure != NULL && failure->failure_info_case == PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO;
    return is_application ? failure->application_failure_info : NULL;
}

const char *temporal_workflow_failure_type(const struct temporal_workflow *workflow)
{
    const Pb__ApplicationFailureInfo *info = kept_application(workflow);
    return info != NULL ? info->type : "";
}

const char *temporal_workflow_failure_message(const struct temporal_workflow *workflow)
{
    const Pb__Failure *failure = kept_core(workflow);
    return failure != NULL ? failure->message : "";
}

enum temporal_timeout_kind temporal_workflow_failure_timeout(const struct temporal_workflow *workflow)
{
    const Pb__Failure *failure = kept_core(workflow);
    if (failure == NULL || failure->failure_info_case != PB__FAILURE__FAILURE_INFO_TIMEOUT_FAILURE_INFO) {
        return TEMPORAL_TIMEOUT_NONE;
    }
    switch (failure->timeout_failure_info->timeout_type) {
    case PB__TIMEOUT_TYPE__TIMEOUT_TYPE_START_TO_CLOSE:
        return TEMPORAL_TIMEOUT_START_TO_CLOSE;
    case PB__TIMEOUT_TYPE__TIMEOUT_TYPE_SCHEDULE_TO_START:
        return TEMPORAL_TIMEOUT_SCHEDULE_TO_START;
    case PB__TIMEOUT_TYPE__TIMEOUT_TYPE_SCHEDULE_TO_CLOSE:
        return TEMPORAL_TIMEOUT_SCHEDULE_TO_CLOSE;
    case PB__TIMEOUT_TYPE__TIMEOUT_TYPE_HEARTBEAT:
        return TEMPORAL_TIMEOUT_HEARTBEAT;
    default:
        return TEMPORAL_TIMEOUT_NONE;
    }
}

bool temporal_workflow_failure_is_non_retryable(const struct temporal_workflow *workflow)
{
    const Pb__ApplicationFailureInfo *info = kept_application(workflow);
    return info != NULL && info->non_retryable;
}

json_t *temporal_workflow_failure_detail(const struct temporal_workflow *workflow, size_t index)
{
    const Pb__Failure *failure = kept_core(workflow);
    if (failure == NULL) {
        return NULL;
    }
    switch (failure->failure_info_case) {
    case PB__FAILURE__FAILURE_INFO_APPLICATION_FAILURE_INFO:
        return payloads_to_json(failure->application_failure_info->details, index);
    case PB__FAILURE__FAILURE_INFO_CANCELED_FAILURE_INFO:
        return payloads_to_json(failure->canceled_failure_info->details, index);
    case PB__FAILURE__FAILURE_INFO_TIMEOUT_FAILURE_INFO:
        return payloads_to_json(failure->timeout_failure_info->last_heartbeat_details, index);
    default:
        return NULL;
    }
}

struct temporal_kept_failure *temporal_workflow_failure_take(struct temporal_workflow *workflow)
{
    if (workflow->kept == NULL) {
        return NULL;
    }
    struct temporal_kept_failure *aside = memory_alloc(sizeof *aside);
    aside->failure = workflow->kept;
    workflow->kept = NULL;
    list_append(&workflow->aside, &aside->link);
    return aside;
}

json_t *temporal_workflow_failure_restore(struct temporal_workflow *workflow, struct temporal_kept_failure *failure)
{
    if (failure != NULL) {
        workflow_state_keep(workflow, failure->failure);
        list_remove(&failure->link);
        free(failure);
    }
    return NULL;
}

void temporal_workflow_failure_clear(struct temporal_workflow *workflow)
{
    workflow_state_keep(workflow, NULL);
}
