/* See workflow_request.h. */
#include "workflow_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "json_member.h"

#define ATTEMPTS_MAX 1000000.0
#define COEFFICIENT_MAX 1000.0
#define PRIORITY_KEY_MAX 1000.0 /* the server says how many there are */
#define FAIRNESS_WEIGHT_MAX 1000.0

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT(member) offsetof(struct workflow_request, member)

static enum status refuse_both(const struct json_member *member, struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s: one argument or a list of them, not both", member->name);
}

/* struct arguments */
static enum status read_one(const struct json_member *member, void *out, struct error *error)
{
    struct arguments *arguments = out;
    if (arguments->payloads != NULL) {
        return refuse_both(member, error);
    }
    arguments_set_one(arguments, member->value);
    return STATUS_OK;
}

/* struct arguments */
static enum status read_list(const struct json_member *member, void *out, struct error *error)
{
    struct arguments *arguments = out;
    return arguments->payloads != NULL ? refuse_both(member, error)
                                       : arguments_set_list(arguments, member->name, member->value, error);
}

/* struct workflow_request_entries; what it has read is freed with the request, also after a failure. */
static enum status read_entries(const struct json_member *member, void *out, struct error *error)
{
    struct workflow_request_entries *entries = out;
    struct json_slice name;
    struct json_slice value;
    size_t position = 0;
    if (member->value.data[0] != '{') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected an object", member->name);
    }
    entries->entries = memory_alloc_array(WORKFLOW_REQUEST_ENTRIES_MAX, sizeof *entries->entries);
    while (json_scan_next_member(member->value.data, member->value.length, &position, &name, &value)) {
        char *key = NULL;
        const struct json_member key_member = {.name = member->name, .value = name};
        if (entries->count == WORKFLOW_REQUEST_ENTRIES_MAX) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "%s: at most %zu members are possible", member->name,
                             WORKFLOW_REQUEST_ENTRIES_MAX);
        }
        enum status status = json_member_read_text(&key_member, &key, error);
        if (status != STATUS_OK) {
            return status;
        }
        entries->entries[entries->count++] = (struct temporal_memo_entry){
            .key = key, .value = {.data = value.data, .length = value.length}};
    }
    return STATUS_OK;
}

static enum status read_memo(const struct json_member *member, void *out, struct error *error)
{
    const struct workflow_request_entries *memo = out;
    enum status status = read_entries(member, out, error);
    for (size_t i = 0; status == STATUS_OK && i < memo->count; i++) {
        if (strncmp(memo->entries[i].key, WORKFLOW_REQUEST_RESERVED, strlen(WORKFLOW_REQUEST_RESERVED)) == 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: names that begin with %s are the gateway's own",
                               member->name, WORKFLOW_REQUEST_RESERVED);
        }
    }
    return status;
}

/* ---- retry policy ---- */

static enum status read_coefficient(const struct json_member *member, void *out, struct error *error)
{
    return json_member_read_number(member, 1, COEFFICIENT_MAX, out, error);
}

/* int, or int32_t */
static enum status read_int(const struct json_member *member, double maximum, int *out_number, struct error *error)
{
    int64_t number = 0;
    enum status status = json_member_read_whole(member, 0, maximum, &number, error);
    if (status == STATUS_OK) {
        *out_number = (int)number;
    }
    return status;
}

static enum status read_attempts(const struct json_member *member, void *out, struct error *error)
{
    return read_int(member, ATTEMPTS_MAX, out, error);
}

/* char **: a NULL-terminated list */
static enum status read_error_types(const struct json_member *member, void *out, struct error *error)
{
    char ***out_types = out;
    struct json_slice element;
    size_t position = 0;
    size_t count = 0;
    enum status status = STATUS_OK;
    if (member->value.data[0] != '[') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a list of texts", member->name);
    }
    *out_types = memory_alloc_array(WORKFLOW_REQUEST_ERROR_TYPES_MAX + 1, sizeof **out_types);
    while (status == STATUS_OK &&
           json_scan_element(member->value.data, member->value.length, &position, &element)) {
        const struct json_member type = {.name = member->name, .value = element};
        if (count == WORKFLOW_REQUEST_ERROR_TYPES_MAX) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "%s: at most %zu are possible", member->name, count);
        }
        status = json_member_read_text(&type, &(*out_types)[count++], error);
    }
    return status;
}

static const struct json_member_reader s_retry_members[] = {
    {"initialInterval", json_member_read_duration, AT(retry.initial_interval_ms)},
    {"backoffCoefficient", read_coefficient, AT(retry.backoff_coefficient)},
    {"maximumInterval", json_member_read_duration, AT(retry.maximum_interval_ms)},
    {"maximumAttempts", read_attempts, AT(retry.maximum_attempts)},
    {"nonRetryableErrorTypes", read_error_types, AT(error_types)},
};

static enum status read_retry_policy(const struct json_member *member, void *out, struct error *error)
{
    struct workflow_request *request = out;
    request->has_retry = true;
    return json_member_read_object(member->value, member->name, s_retry_members, COUNT(s_retry_members), out, error);
}

/* ---- policies and priority ---- */

static enum status read_reuse(const struct json_member *member, void *out, struct error *error)
{
    static const char *const words[] = {"allow", "failedOnly", "reject", NULL};
    static const enum temporal_id_reuse meanings[] = {TEMPORAL_REUSE_ALLOW, TEMPORAL_REUSE_FAILED_ONLY,
                                                      TEMPORAL_REUSE_REJECT};
    enum temporal_id_reuse *out_reuse = out;
    size_t index = 0;
    enum status status = json_member_read_word(member, words, &index, error);
    if (status == STATUS_OK) {
        *out_reuse = meanings[index];
    }
    return status;
}

static enum status read_conflict(const struct json_member *member, void *out, struct error *error)
{
    static const char *const words[] = {"fail", "useExisting", "terminate", NULL};
    static const enum temporal_id_conflict meanings[] = {TEMPORAL_CONFLICT_FAIL, TEMPORAL_CONFLICT_USE_EXISTING,
                                                         TEMPORAL_CONFLICT_TERMINATE};
    struct workflow_request *request = out;
    size_t index = 0;
    enum status status = json_member_read_word(member, words, &index, error);
    if (status == STATUS_OK) {
        request->id_conflict = meanings[index];
        request->has_id_conflict = true;
    }
    return status;
}

static enum status read_priority_key(const struct json_member *member, void *out, struct error *error)
{
    return read_int(member, PRIORITY_KEY_MAX, out, error);
}

static enum status read_fairness_weight(const struct json_member *member, void *out, struct error *error)
{
    return json_member_read_number(member, 0, FAIRNESS_WEIGHT_MAX, out, error);
}

static const struct json_member_reader s_priority_members[] = {
    {"key", read_priority_key, AT(priority.key)},
    {"fairnessKey", json_member_read_text, AT(fairness_key)},
    {"fairnessWeight", read_fairness_weight, AT(priority.fairness_weight)},
};

static enum status read_priority(const struct json_member *member, void *out, struct error *error)
{
    return json_member_read_object(member->value, member->name, s_priority_members, COUNT(s_priority_members), out,
                                   error);
}

/* ---- the whole ---- */

/* Of a plain start; then those of a signal; those of an update. */
static const struct json_member_reader s_members[] = {
    {"workflowType", json_member_read_text, AT(workflow_type)},
    {"taskQueue", json_member_read_text, AT(task_queue)},
    {"workflowId", json_member_read_text, AT(workflow_id)},
    {"input", read_one, AT(input)},
    {"arguments", read_list, AT(input)},
    {"memo", read_memo, AT(memo)},
    {"searchAttributes", read_entries, AT(search_attributes)},
    {"executionTimeout", json_member_read_duration, AT(execution_timeout_ms)},
    {"runTimeout", json_member_read_duration, AT(run_timeout_ms)},
    {"taskTimeout", json_member_read_duration, AT(task_timeout_ms)},
    {"startDelay", json_member_read_duration, AT(start_delay_ms)},
    {"retryPolicy", read_retry_policy, 0},
    {"idReusePolicy", read_reuse, AT(id_reuse)},
    {"idConflictPolicy", read_conflict, 0},
    {"priority", read_priority, 0},
};

static const struct {
    struct json_member_reader members[2];
} s_message_members[] = {
    [WORKFLOW_REQUEST_SIGNAL] = {{{"signal", read_one, AT(message_arguments)},
                                  {"signalArguments", read_list, AT(message_arguments)}}},
    [WORKFLOW_REQUEST_UPDATE] = {{{"update", read_one, AT(message_arguments)},
                                  {"updateArguments", read_list, AT(message_arguments)}}},
};

enum status workflow_request_parse(enum workflow_request_kind kind, const char *body, size_t length,
                                   struct workflow_request *out_request, struct error *error)
{
    struct workflow_request request = {.id_conflict = TEMPORAL_CONFLICT_FAIL};
    struct json_member_reader members[COUNT(s_members) + 2];
    size_t count = COUNT(s_members);
    memcpy(members, s_members, sizeof s_members);
    if (kind != WORKFLOW_REQUEST_START) {
        memcpy(members + count, s_message_members[kind].members, sizeof s_message_members[kind].members);
        count += 2;
    }
    enum status status = json_member_read_body(body, length, members, count, &request, error);
    const char *missing = request.workflow_type == NULL ? "workflowType"
                          : request.task_queue == NULL  ? "taskQueue"
                                                        : NULL;
    if (status == STATUS_OK && missing != NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected a text, found none", missing);
    }
    if (status != STATUS_OK) {
        workflow_request_deinit(&request);
        return status;
    }
    *out_request = request;
    return STATUS_OK;
}

enum status workflow_request_choose_id(const char *path, const char *header, const char *body, const char **out_id,
                                       struct error *error)
{
    const char *const ids[] = {path, header, body};
    const char *chosen = NULL;
    for (size_t i = 0; i < COUNT(ids); i++) {
        if (ids[i] == NULL) {
            continue;
        }
        if (chosen != NULL && strcmp(chosen, ids[i]) != 0) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "workflowId: the path, Ferry-Workflow-Id and the body name different ones");
        }
        chosen = ids[i];
    }
    if (chosen != NULL && *chosen == '\0') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "workflowId: expected a text, found an empty one");
    }
    *out_id = chosen;
    return STATUS_OK;
}

void workflow_request_options(const struct workflow_request *request, struct temporal_retry_options *retry,
                              struct temporal_start_options *options)
{
    *retry = request->retry;
    retry->non_retryable_types = (const char *const *)request->error_types;
    options->workflow_type = request->workflow_type;
    options->task_queue = request->task_queue;
    options->arguments = request->input.payloads;
    options->argument_count = request->input.count;
    options->id_reuse = request->id_reuse;
    options->id_conflict = request->id_conflict;
    options->execution_timeout_ms = request->execution_timeout_ms;
    options->run_timeout_ms = request->run_timeout_ms;
    options->task_timeout_ms = request->task_timeout_ms;
    options->start_delay_ms = request->start_delay_ms;
    options->retry = request->has_retry ? retry : NULL;
    options->memo = request->memo.entries;
    options->memo_count = request->memo.count;
    options->search_attributes = request->search_attributes.entries;
    options->search_attribute_count = request->search_attributes.count;
    options->priority = request->priority;
    options->priority.fairness_key = request->fairness_key;
}

static void free_entries(struct workflow_request_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        free((void *)(uintptr_t)entries->entries[i].key);
    }
    free(entries->entries);
}

void workflow_request_deinit(struct workflow_request *request)
{
    free(request->workflow_type);
    free(request->task_queue);
    free(request->workflow_id);
    arguments_deinit(&request->input);
    arguments_deinit(&request->message_arguments);
    free_entries(&request->memo);
    free_entries(&request->search_attributes);
    for (size_t i = 0; request->error_types != NULL && request->error_types[i] != NULL; i++) {
        free(request->error_types[i]);
    }
    free(request->error_types);
    free(request->fairness_key);
    *request = (struct workflow_request){0};
}
