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

enum { WORKFLOW_ID, FIRST_RUN_ID, RUN_ID, FAILURE_TYPE, FAILURE_MESSAGE, NON_RETRYABLE, STATUS, MEMBER_COUNT };

static const char *const s_members[MEMBER_COUNT] = {
    [WORKFLOW_ID] = "workflowId",
    [FIRST_RUN_ID] = "firstRunId",
    [RUN_ID] = "runId",
    [FAILURE_TYPE] = "failureType",
    [FAILURE_MESSAGE] = "failureMessage",
    [NON_RETRYABLE] = "nonRetryable",
    [STATUS] = "status",
};

static void parse_run(struct json_slice text, struct answer_texts *texts, struct closed_run *out)
{
    struct json_slice members[MEMBER_COUNT];
    json_scan_members(text.data, text.length, s_members, members, MEMBER_COUNT);
    *out = (struct closed_run){
        .workflow_id = answer_text(texts, members[WORKFLOW_ID]),
        .first_run_id = answer_text(texts, members[FIRST_RUN_ID]),
        .run_id = answer_text(texts, members[RUN_ID]),
        .failure_type = answer_text(texts, members[FAILURE_TYPE]),
        .failure_message = answer_text(texts, members[FAILURE_MESSAGE]),
        .is_non_retryable = answer_is_true(members[NON_RETRYABLE]),
        .status = run_status_parse(answer_text(texts, members[STATUS])),
    };
}

static size_t count_elements(struct json_slice array)
{
    struct json_slice element;
    size_t position = 0;
    size_t count = 0;
    while (json_scan_element(array.data, array.length, &position, &element)) {
        count++;
    }
    return count;
}

enum status closed_runs_parse(const char *body, size_t length, struct closed_runs *out_runs, struct error *error)
{
    struct json_slice array = answer_array(body, length, "runs");
    size_t count = array.data != NULL ? count_elements(array) : 0;
    if (array.data == NULL || count > RUNS_WAIT_MAX) {
        return error_set(error, STATUS_MALFORMED, "the gateway's answer is not JSON with an array \"runs\"");
    }
    struct closed_runs runs = {.entries = memory_alloc_array(count > 0 ? count : 1, sizeof *runs.entries)};
    struct json_slice element;
    size_t position = 0;
    answer_texts_init(&runs.texts, length);
    while (runs.count < count && json_scan_element(array.data, array.length, &position, &element)) {
        parse_run(element, &runs.texts, &runs.entries[runs.count++]);
    }
    *out_runs = runs;
    return STATUS_OK;
}

void closed_runs_deinit(struct closed_runs *runs)
{
    answer_texts_deinit(&runs->texts);
    free(runs->entries);
    *runs = (struct closed_runs){0};
}
