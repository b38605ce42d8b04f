/* See runs.h. */
#include "runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/memory.h"

enum status runs_request(struct buffer *out, const struct list *watches, int64_t wait_ms, struct error *error)
{
    enum status status = STATUS_OK;
    char *workflow_id = NULL;
    char *first_run_id = NULL;
    bool fits = buffer_append_string(out, "{\"runs\":[");
    for (const struct list *node = watches->next; fits && node != watches; node = node->next) {
        const struct run_watch *watch =
            (const struct run_watch *)(const void *)((const char *)node - offsetof(struct run_watch, link));
        workflow_id = json_quote(watch->workflow_id, strlen(watch->workflow_id));
        first_run_id = json_quote(watch->first_run_id, strlen(watch->first_run_id));
        if (workflow_id == NULL || first_run_id == NULL) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "a workflow ID is not UTF-8");
            goto done;
        }
        fits = buffer_append_format(out, "%s{\"workflowId\":%s,\"firstRunId\":%s",
                                    node == watches->next ? "" : ",", workflow_id, first_run_id);
        if (fits && watch->route != NULL) { /* a route's name needs no escapes */
            fits = buffer_append_format(out, ",\"route\":\"%s\"", watch->route);
        }
        fits = fits && buffer_append_string(out, "}");
        free(workflow_id);
        free(first_run_id);
        workflow_id = NULL;
        first_run_id = NULL;
    }
    if (!fits || !buffer_append_format(out, "],\"waitMs\":%" PRId64 "}", wait_ms)) {
        status = error_set(error, STATUS_TOO_LARGE, "the wait request is over its limit");
    }
done:
    free(workflow_id);
    free(first_run_id);
    return status;
}

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));
    return text != NULL ? text : "";
}

enum status closed_runs_parse(const char *body, size_t length, struct closed_runs *out_runs, struct error *error)
{
    json_t *root = json_loadb(body, length, 0, NULL);
    const json_t *entries = json_object_get(root, "runs");
    if (!json_is_array(entries) || json_array_size(entries) > RUNS_WAIT_MAX) {
        json_decref(root);
        return error_set(error, STATUS_MALFORMED, "the gateway's answer is not JSON with an array \"runs\"");
    }
    size_t count = json_array_size(entries);
    struct closed_run *runs = memory_alloc_array(count > 0 ? count : 1, sizeof *runs);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(entries, i);
        runs[i] = (struct closed_run){
            .workflow_id = text_of(entry, "workflowId"),
            .first_run_id = text_of(entry, "firstRunId"),
            .run_id = text_of(entry, "runId"),
            .failure_type = text_of(entry, "failureType"),
            .failure_message = text_of(entry, "failureMessage"),
            .is_non_retryable = json_is_true(json_object_get(entry, "nonRetryable")),
            .status = run_status_parse(json_string_value(json_object_get(entry, "status"))),
        };
    }
    *out_runs = (struct closed_runs){.root = root, .entries = runs, .count = count};
    return STATUS_OK;
}

void closed_runs_deinit(struct closed_runs *runs)
{
    json_decref(runs->root);
    free(runs->entries);
    *runs = (struct closed_runs){0};
}
