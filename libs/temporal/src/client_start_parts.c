/* See client_start_parts.h. */
#include "client_start_parts.h"

#include <stdlib.h>

#include "base/memory.h"
#include "client_common.h"
#include "payload.h"
#include "proto_time.h"
#include "temporal/workflow.h"

/* NULL for 0: the server's default. */
static Google__Protobuf__Duration *set_duration(Google__Protobuf__Duration *storage, int64_t ms)
{
    if (ms <= 0) {
        return NULL;
    }
    duration_init_ms(storage, ms);
    return storage;
}

static void set_retry(struct client_start_parts *parts, const struct temporal_retry_options *retry)
{
    if (retry == NULL) {
        return;
    }
    parts->retry = &parts->retry_storage;
    pb__retry_policy__init(parts->retry);
    parts->retry->initial_interval = set_duration(&parts->retry_initial, retry->initial_interval_ms);
    parts->retry->maximum_interval = set_duration(&parts->retry_maximum, retry->maximum_interval_ms);
    parts->retry->backoff_coefficient = retry->backoff_coefficient;
    parts->retry->maximum_attempts = retry->maximum_attempts;
    size_t count = 0;
    while (retry->non_retryable_types != NULL && retry->non_retryable_types[count] != NULL) {
        count++;
    }
    parts->retry->n_non_retryable_error_types = count;
    parts->retry->non_retryable_error_types = count > 0 ? memory_alloc_array(count, sizeof(char *)) : NULL;
    for (size_t i = 0; i < count; i++) {
        parts->retry->non_retryable_error_types[i] = retry->non_retryable_types[i];
    }
}

static Pb__Payload *value_of(const struct temporal_memo_entry *entry)
{
    const char *encoding = entry->value.encoding != NULL ? entry->value.encoding : TEMPORAL_ENCODING_JSON;
    return payload_new(encoding, entry->value.data, entry->value.length);
}

static void set_memo(struct client_start_parts *parts, const struct temporal_memo_entry *entries, size_t count)
{
    if (count == 0) {
        return;
    }
    parts->memo = &parts->memo_storage;
    pb__memo__init(parts->memo);
    parts->memo->n_fields = count;
    parts->memo->fields = memory_alloc_array(count, sizeof *parts->memo->fields);
    for (size_t i = 0; i < count; i++) {
        parts->memo->fields[i] = memory_alloc(sizeof *parts->memo->fields[i]);
        pb__memo__fields_entry__init(parts->memo->fields[i]);
        parts->memo->fields[i]->key = entries[i].key;
        parts->memo->fields[i]->value = value_of(&entries[i]);
    }
}

static void set_headers(struct client_start_parts *parts, const struct temporal_memo_entry *entries, size_t count)
{
    if (count == 0) {
        return;
    }
    parts->header = &parts->header_storage;
    pb__header__init(parts->header);
    parts->header->n_fields = count;
    parts->header->fields = memory_alloc_array(count, sizeof *parts->header->fields);
    for (size_t i = 0; i < count; i++) {
        parts->header->fields[i] = memory_alloc(sizeof *parts->header->fields[i]);
        pb__header__fields_entry__init(parts->header->fields[i]);
        parts->header->fields[i]->key = entries[i].key;
        parts->header->fields[i]->value = value_of(&entries[i]);
    }
}

static void set_search_attributes(struct client_start_parts *parts, const struct temporal_memo_entry *entries,
                                  size_t count)
{
    if (count == 0) {
        return;
    }
    Pb__SearchAttributes *attributes = &parts->search_attributes_storage;
    parts->search_attributes = attributes;
    pb__search_attributes__init(attributes);
    attributes->n_indexed_fields = count;
    attributes->indexed_fields = memory_alloc_array(count, sizeof *attributes->indexed_fields);
    for (size_t i = 0; i < count; i++) {
        attributes->indexed_fields[i] = memory_alloc(sizeof *attributes->indexed_fields[i]);
        pb__search_attributes__indexed_fields_entry__init(attributes->indexed_fields[i]);
        attributes->indexed_fields[i]->key = entries[i].key;
        attributes->indexed_fields[i]->value = value_of(&entries[i]);
    }
}

static void set_priority(struct client_start_parts *parts, const struct temporal_priority *priority)
{
    if (priority->key == 0 && priority->fairness_key == NULL && !(priority->fairness_weight > 0)) {
        return;
    }
    parts->priority = &parts->priority_storage;
    pb__priority__init(parts->priority);
    parts->priority->priority_key = priority->key;
    parts->priority->fairness_key = client_text(priority->fairness_key);
    parts->priority->fairness_weight = (float)priority->fairness_weight;
}

static Pb__WorkflowIdReusePolicy reuse_of(enum temporal_id_reuse reuse)
{
    switch (reuse) {
    case TEMPORAL_REUSE_FAILED_ONLY:
        return PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY;
    case TEMPORAL_REUSE_REJECT:
        return PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;
    case TEMPORAL_REUSE_ALLOW:
        break;
    }
    return PB__WORKFLOW_ID_REUSE_POLICY__WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE;
}

static Pb__WorkflowIdConflictPolicy conflict_of(enum temporal_id_conflict conflict)
{
    switch (conflict) {
    case TEMPORAL_CONFLICT_USE_EXISTING:
        return PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
    case TEMPORAL_CONFLICT_TERMINATE:
        return PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING;
    case TEMPORAL_CONFLICT_FAIL:
        break;
    }
    return PB__WORKFLOW_ID_CONFLICT_POLICY__WORKFLOW_ID_CONFLICT_POLICY_FAIL;
}

void client_start_parts_init(struct client_start_parts *parts, const struct temporal_start_options *options)
{
    *parts = (struct client_start_parts){0};
    pb__workflow_type__init(&parts->type);
    pb__task_queue__init(&parts->task_queue);
    parts->type.name = client_text(options->workflow_type);
    parts->task_queue.name = client_text(options->task_queue);
    parts->request_id = client_request_id(options->request_id, parts->request_id_storage);
    parts->execution_timeout = set_duration(&parts->execution_timeout_storage, options->execution_timeout_ms);
    parts->run_timeout = set_duration(&parts->run_timeout_storage, options->run_timeout_ms);
    parts->task_timeout = set_duration(&parts->task_timeout_storage, options->task_timeout_ms);
    parts->start_delay = set_duration(&parts->start_delay_storage, options->start_delay_ms);
    parts->input = client_payloads(options->arguments, options->argument_count);
    parts->reuse = reuse_of(options->id_reuse);
    parts->conflict = conflict_of(options->id_conflict);
    set_retry(parts, options->retry);
    set_memo(parts, options->memo, options->memo_count);
    set_headers(parts, options->headers, options->header_count);
    set_search_attributes(parts, options->search_attributes, options->search_attribute_count);
    set_priority(parts, &options->priority);
}

void client_start_parts_deinit(struct client_start_parts *parts)
{
    if (parts->input != NULL) {
        pb__payloads__free_unpacked(parts->input, NULL);
    }
    for (size_t i = 0; parts->memo != NULL && i < parts->memo->n_fields; i++) {
        pb__payload__free_unpacked(parts->memo->fields[i]->value, NULL);
        free(parts->memo->fields[i]);
    }
    free(parts->memo != NULL ? parts->memo->fields : NULL);
    for (size_t i = 0; parts->header != NULL && i < parts->header->n_fields; i++) {
        pb__payload__free_unpacked(parts->header->fields[i]->value, NULL);
        free(parts->header->fields[i]);
    }
    free(parts->header != NULL ? parts->header->fields : NULL);
    Pb__SearchAttributes *attributes = parts->search_attributes;
    for (size_t i = 0; attributes != NULL && i < attributes->n_indexed_fields; i++) {
        pb__payload__free_unpacked(attributes->indexed_fields[i]->value, NULL);
        free(attributes->indexed_fields[i]);
    }
    free(attributes != NULL ? attributes->indexed_fields : NULL);
    free(parts->retry != NULL ? parts->retry->non_retryable_error_types : NULL);
}

void client_start_request(struct temporal_connection *connection, const struct temporal_start_options *options,
                          struct client_start_parts *parts, Pb__StartWorkflowExecutionRequest *request)
{
    request->namespace_ = client_namespace(connection, options->namespace_name);
    request->identity = temporal_connection_identity(connection);
    request->workflow_id = client_text(options->workflow_id);
    request->workflow_type = &parts->type;
    request->task_queue = &parts->task_queue;
    request->request_id = parts->request_id;
    request->workflow_execution_timeout = parts->execution_timeout;
    request->workflow_run_timeout = parts->run_timeout;
    request->workflow_task_timeout = parts->task_timeout;
    request->workflow_start_delay = parts->start_delay;
    request->input = parts->input;
    request->workflow_id_reuse_policy = parts->reuse;
    request->workflow_id_conflict_policy = parts->conflict;
    request->retry_policy = parts->retry;
    request->memo = parts->memo;
    request->header = parts->header;
    request->search_attributes = parts->search_attributes;
    request->priority = parts->priority;
}
