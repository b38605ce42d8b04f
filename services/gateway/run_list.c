/* See run_list.h. */
#include "run_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/memory.h"

#define TEXT_MAX ((size_t)1000) /* Temporal's limit on IDs */

/* Puts the member's text behind *texts, terminated, and moves *texts on. NULL: no text of 1 to TEXT_MAX bytes. */
static const char *take_text(struct json_slice object, const char *name, char **texts)
{
    struct json_slice member = json_scan_member(object.data, object.length, name);
    bool is_plain = member.length >= 2 && member.data[0] == '"' && memchr(member.data, '\\', member.length) == NULL;
    /* Nearly every ID stands in JSON as it is; lists of hundreds come many times a second. */
    size_t length = is_plain ? member.length - 2 : 0;
    char *unescaped = is_plain ? NULL : json_scan_string(member, &length);
    const char *source = is_plain ? member.data + 1 : unescaped;
    char *text = NULL;
    if (source != NULL && length > 0 && length <= TEXT_MAX && memchr(source, '\0', length) == NULL) {
        text = *texts;
        memcpy(text, source, length);
        text[length] = '\0';
        *texts = text + length + 1;
    }
    free(unescaped);
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

/* The longest prefix that the ID begins with decides; the first route without a prefix takes what has none. */
static const char *namespace_by_prefix(const struct settings *settings, const char *workflow_id)
{
    const struct settings_route *found = NULL;
    size_t found_length = 0;
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct settings_route *route = &settings->routes[i];
        size_t length = strlen(route->id_prefix);
        bool fits = length == 0 || (strncmp(workflow_id, route->id_prefix, length) == 0 && workflow_id[length] == '-');
        if (fits && (found == NULL || length > found_length)) {
            found = route;
            found_length = length;
        }
    }
    return found != NULL ? found->namespace_ : NULL;
}

static bool has_namespaces(const struct settings *settings)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        if (settings->routes[i].namespace_ != NULL) {
            return true;
        }
    }
    return false;
}

static const char *namespace_of(const struct settings *settings, struct json_slice element, const char *workflow_id)
{
    struct json_slice member = json_scan_member(element.data, element.length, "route");
    size_t length = 0;
    char *name = member.data == NULL ? NULL : json_scan_string(member, &length);
    const struct settings_route *route = name == NULL ? NULL : settings_find_route(settings, name);
    free(name);
    return route != NULL ? route->namespace_ : namespace_by_prefix(settings, workflow_id);
}

static enum status read_run(struct json_slice element, size_t index, char **texts, struct watch_run *run,
                            struct error *error)
{
    run->workflow_id = take_text(element, "workflowId", texts);
    run->first_run_id = take_text(element, "firstRunId", texts);
    if (run->workflow_id == NULL || run->first_run_id == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "runs[%zu]: expected {\"workflowId\", \"firstRunId\"}, both texts of 1 to %zu bytes", index,
                         TEXT_MAX);
    }
    return STATUS_OK;
}

/* Takes in each run; on failure, too, list owns what was taken in so far. */
static enum status read_runs(struct json_slice runs, const struct settings *settings, struct run_list *list,
                             struct error *error)
{
    struct json_slice element;
    size_t position = 0;
    size_t capacity = 0;
    enum status status = STATUS_OK;
    bool several = has_namespaces(settings);
    /* Each text stands in the body with its quotes: what they take holds the terminators. */
    list->texts = memory_alloc(runs.length);
    char *texts = list->texts;
    while (status == STATUS_OK && json_scan_element(runs.data, runs.length, &position, &element)) {
        if (list->count == RUN_LIST_MAX) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "runs: expected at most %zu", RUN_LIST_MAX);
        }
        if (list->count == capacity) {
            capacity = capacity == 0 ? 64 : 2 * capacity;
            list->runs = memory_resize_array(list->runs, capacity, sizeof *list->runs);
        }
        struct watch_run *run = &list->runs[list->count];
        *run = (struct watch_run){0};
        status = read_run(element, list->count, &texts, run, error);
        if (several && status == STATUS_OK) {
            run->namespace_name = namespace_of(settings, element, run->workflow_id);
        }
        list->count++;
    }
    return status;
}

enum status run_list_parse(const char *body, size_t length, const struct settings *settings, int64_t wait_max_ms,
                           struct run_list *out_list, struct error *error)
{
    struct run_list list = {0};
    struct json_slice runs = json_scan_member(body, length, "runs");
    struct json_slice wait = json_scan_member(body, length, "waitMs");
    enum status status = STATUS_OK;
    if (runs.data == NULL && !json_scan_value(body, length, NULL)) {
        return error_set(error, STATUS_MALFORMED, "the body is not valid JSON in UTF-8");
    }
    if (runs.data == NULL || runs.data[0] != '[') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "runs: expected a list of runs");
    }
    if (wait.data != NULL) {
        status = read_wait(wait, wait_max_ms, &list.wait_ms, error);
    }
    if (status == STATUS_OK) {
        status = read_runs(runs, settings, &list, error);
    }
    if (status != STATUS_OK) {
        run_list_deinit(&list);
        return status;
    }
    *out_list = list;
    return STATUS_OK;
}

void run_list_deinit(struct run_list *list)
{
    free(list->runs);
    free(list->texts);
    *list = (struct run_list){0};
}
