/* See event_results.h. */
#include "event_results.h"

#include <stdlib.h>

#include "base/json_scan.h"
#include "base/memory.h"

enum {
    OUTCOME,
    WORKFLOW_ID,
    RUN_ID,
    FIRST_RUN_ID,
    ATTEMPT,
    STATUS,
    FAILURE_TYPE,
    FAILURE_MESSAGE,
    NON_RETRYABLE,
    SIGNALED,
    RETRY_AFTER,
    REASON,
    CLASS,
    MEMBER_COUNT
};

static const char *const s_members[MEMBER_COUNT] = {
    [OUTCOME] = "outcome",
    [WORKFLOW_ID] = "workflowId",
    [RUN_ID] = "runId",
    [FIRST_RUN_ID] = "firstRunId",
    [ATTEMPT] = "attempt",
    [STATUS] = "status",
    [FAILURE_TYPE] = "failureType",
    [FAILURE_MESSAGE] = "failureMessage",
    [NON_RETRYABLE] = "nonRetryable",
    [SIGNALED] = "signaled",
    [RETRY_AFTER] = "retryAfterMs",
    [REASON] = "reason",
    [CLASS] = "class",
};

static enum status parse_entry(struct json_slice text, struct answer_texts *texts, struct event_result *out,
                               struct error *error)
{
    struct json_slice members[MEMBER_COUNT];
    json_scan_members(text.data, text.length, s_members, members, MEMBER_COUNT);
    const char *word = answer_text(texts, members[OUTCOME]);
    if (word[0] == '\0') {
        return error_set(error, STATUS_MALFORMED, "an entry of the gateway's answer has no outcome");
    }
    *out = (struct event_result){
        .outcome = event_outcome_parse(word),
        .status = run_status_parse(answer_text(texts, members[STATUS])),
        .workflow_id = answer_text(texts, members[WORKFLOW_ID]),
        .run_id = answer_text(texts, members[RUN_ID]),
        .first_run_id = answer_text(texts, members[FIRST_RUN_ID]),
        .failure_type = answer_text(texts, members[FAILURE_TYPE]),
        .failure_message = answer_text(texts, members[FAILURE_MESSAGE]),
        .reason = answer_text(texts, members[REASON]),
        .reject_class = answer_text(texts, members[CLASS]),
        .is_non_retryable = answer_is_true(members[NON_RETRYABLE]),
        .is_signaled = answer_is_true(members[SIGNALED]),
        .attempt = answer_integer(members[ATTEMPT]),
        .retry_after_ms = answer_integer(members[RETRY_AFTER]),
    };
    if (out->first_run_id[0] == '\0') {
        out->first_run_id = out->run_id;
    }
    bool has_run = out->outcome == EVENT_STARTED || out->outcome == EVENT_ATTACHED || out->outcome == EVENT_CLOSED;
    if (has_run && (out->workflow_id[0] == '\0' || out->run_id[0] == '\0')) {
        return error_set(error, STATUS_MALFORMED, "a %s entry of the gateway's answer has no workflowId or runId",
                         word);
    }
    return STATUS_OK;
}

enum status event_results_parse(const char *body, size_t length, size_t count, struct event_results *out_results,
                                struct error *error)
{
    enum status status = STATUS_OK;
    struct event_results results = {.entries = memory_alloc_array(count > 0 ? count : 1, sizeof *results.entries)};
    struct json_slice array = answer_array(body, length, "results");
    struct json_slice element;
    size_t position = 0;
    size_t found = 0;
    answer_texts_init(&results.texts, length);
    if (array.data == NULL) {
        status = error_set(error, STATUS_MALFORMED, "the gateway's answer is not JSON with an array \"results\"");
        goto done;
    }
    while (json_scan_element(array.data, array.length, &position, &element)) {
        if (found++ < count && status == STATUS_OK) {
            status = parse_entry(element, &results.texts, &results.entries[results.count++], error);
        }
    }
    if (found != count) {
        status = error_set(error, STATUS_MALFORMED, "the gateway's answer has %zu results for %zu events", found,
                           count);
    }
    if (status == STATUS_OK) {
        *out_results = results;
        results = (struct event_results){0};
    }
done:
    event_results_deinit(&results);
    return status;
}

void event_results_deinit(struct event_results *results)
{
    answer_texts_deinit(&results->texts);
    free(results->entries);
    *results = (struct event_results){0};
}
