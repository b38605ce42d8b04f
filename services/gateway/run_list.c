/* See run_list.h. */
#include "run_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/memory.h"

#define TEXT_MAX ((size_t)1000) /* Temporal's limit on IDs */

/* NULL: no text of 1 to TEXT_MAX bytes. */
static char *member_text(struct json_slice object, const char *name)
{
    size_t length = 0;
    char *text = json_scan_string(json_scan_member(object.data, object.length, name), &length);
    if (text != NULL && (length == 0 || length > TEXT_MAX || strlen(text) != length)) {
        free(text);
        return NULL;
    }
    return text;
}

static enum status read_wait(struct json_slice value, int64_t maximum_ms, int64_t *out_ms, struct error *error)
{
    int64_t number = 0;
    bool good = value.length <= 9;
    for (size_t i = 0; good && i < value.length; i++) {
        good = value.data[i] >= '0' && value.data[i] <= '9';
        number = number * 10 + (value.data[i] - '0');
    }
    if (!good || number > maximum_ms) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "waitMs: expected a whole number from 0 to %lld",
                         (long long)maximum_ms);
    }
    *out_ms = number;
    return STATUS_OK;
}

static enum status read_run(struct json_slice element, size_t index, struct watch_run *run, struct error *error)
{
    run->workflow_id = member_text(element, "workflowId");
    run->first_run_id = member_text(element, "firstRunId");
    if (run->workflow_id == NULL || run->first_run_id == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "runs[%zu]: expected {\"workflowId\", \"firstRunId\"}, both texts of 1 to %zu bytes", index,
                         TEXT_MAX);
    }
    return STATUS_OK;
}

static enum status count_runs(struct json_slice runs, size_t *out_count, struct error *error)
{
    struct json_slice element;
    size_t position = 0;
    size_t count = 0;
    if (runs.data == NULL || runs.data[0] != '[') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "runs: expected a list of runs");
    }
    while (json_scan_element(runs.data, runs.length, &position, &element)) {
        count++;
    }
    if (count > RUN_LIST_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "runs: expected at most %zu, found %zu", RUN_LIST_MAX, count);
    }
    *out_count = count;
    return STATUS_OK;
}

enum status run_list_parse(const char *body, size_t length, int64_t wait_max_ms, struct run_list *out_list,
                           struct error *error)
{
    struct json_slice text;
    struct json_slice element;
    struct run_list list = {0};
    size_t count = 0;
    size_t position = 0;
    if (!json_scan_value(body, length, &text)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    struct json_slice runs = json_scan_member(text.data, text.length, "runs");
    struct json_slice wait = json_scan_member(text.data, text.length, "waitMs");
    enum status status = count_runs(runs, &count, error);
    if (status == STATUS_OK && wait.data != NULL) {
        status = read_wait(wait, wait_max_ms, &list.wait_ms, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    list.runs = memory_alloc_array(count == 0 ? 1 : count, sizeof *list.runs);
    while (status == STATUS_OK && json_scan_element(runs.data, runs.length, &position, &element)) {
        status = read_run(element, list.count, &list.runs[list.count], error);
        list.count++;
    }
    if (status != STATUS_OK) {
        run_list_deinit(&list);
        return status;
    }
    *out_list = list;
    return STATUS_OK;
}

static void free_text(const char *text)
{
    union {
        const char *shown;
        char *owned;
    } both = {.shown = text};
    free(both.owned);
}

void run_list_deinit(struct run_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free_text(list->runs[i].workflow_id);
        free_text(list->runs[i].first_run_id);
    }
    free(list->runs);
    *list = (struct run_list){0};
}
