/* The bodies that start a workflow: POST /v1/workflows, signal-with-start, update-with-start. Pure. */
#ifndef GATEWAY_WORKFLOW_REQUEST_H
#define GATEWAY_WORKFLOW_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arguments.h"
#include "base/error.h"
#include "temporal/client.h"
#include "temporal/workflow.h"

/* What one body may hold. */
#define WORKFLOW_REQUEST_ENTRIES_MAX ((size_t)100) /* of memo and search attributes, each */
#define WORKFLOW_REQUEST_ERROR_TYPES_MAX ((size_t)100)

/* How the gateway's own names in a run's memo begin: no body may use them. */
#define WORKFLOW_REQUEST_RESERVED "Ferry"

enum workflow_request_kind {
    WORKFLOW_REQUEST_START,
    WORKFLOW_REQUEST_SIGNAL, /* start with a signal: has its arguments, too */
    WORKFLOW_REQUEST_UPDATE  /* start with an update: likewise */
};

struct workflow_request_entries {
    struct temporal_memo_entry *entries;
    size_t count;
};

/* Values are slices of the body; names and texts are the request's own. */
struct workflow_request {
    char *workflow_type;
    char *task_queue;
    char *workflow_id; /* NULL: the body names none */
    struct arguments input;
    struct arguments message_arguments; /* of the signal or the update */
    struct workflow_request_entries memo;
    struct workflow_request_entries search_attributes;
    int64_t execution_timeout_ms;
    int64_t run_timeout_ms;
    int64_t task_timeout_ms;
    int64_t start_delay_ms;
    bool has_retry;
    struct temporal_retry_options retry; /* without non_retryable_types */
    char **error_types; /* NULL-terminated; NULL: none */
    enum temporal_id_reuse id_reuse;
    enum temporal_id_conflict id_conflict;
    bool has_id_conflict;              /* the body names it */
    struct temporal_priority priority; /* without fairness_key */
    char *fairness_key;
};

/* MALFORMED: not JSON. INVALID_ARGUMENT: not an object; a member that is unknown, given twice, or of another type; one
 * that is missing; input beside arguments. The text begins with the member's name. */
MUST_CHECK enum status workflow_request_parse(enum workflow_request_kind kind, const char *body, size_t length,
                                              struct workflow_request *out_request, struct error *error);
/* The workflow ID that a request names: in its path, in the header Ferry-Workflow-Id, in its body; NULL each: it does
 * not. *out_id is one of them, or NULL. INVALID_ARGUMENT: two that differ. */
MUST_CHECK enum status workflow_request_choose_id(const char *path, const char *header, const char *body,
                                                  const char **out_id, struct error *error);
/* What the request says of a start; the rest of *options is untouched. fairness_key and the lists are the request's,
 * non_retryable_types, too: *retry is the caller's storage for the policy. */
void workflow_request_options(const struct workflow_request *request, struct temporal_retry_options *retry,
                              struct temporal_start_options *options);
void workflow_request_deinit(struct workflow_request *request);

#endif
