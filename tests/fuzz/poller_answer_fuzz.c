/* Fuzzes what the poller hears from the gateway: the answers to events and to waits, and the request that it makes of
 * what it has heard. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "event_results.h"
#include "runs.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool has_run(enum event_outcome outcome)
{
    return outcome == EVENT_STARTED || outcome == EVENT_ATTACHED || outcome == EVENT_CLOSED;
}

static void check_wait(const char *workflow_id, const char *first_run_id)
{
    struct list watches;
    struct run_watch watch = {.workflow_id = memory_copy_string(workflow_id),
                              .first_run_id = memory_copy_string(first_run_id)};
    struct buffer request;
    list_init(&watches);
    list_append(&watches, &watch.link);
    buffer_init(&request, RUNS_REQUEST_MAX);
    if (runs_request(&request, &watches, 1000, NULL) == STATUS_OK) {
        CHECK(json_scan_value(request.data, request.length, NULL));
    }
    buffer_deinit(&request);
    free(watch.workflow_id);
    free(watch.first_run_id);
}

static void read_events(const char *body, size_t size, size_t count)
{
    const struct settings_route route = {
        .ack = SETTINGS_ACK_COMPLETION, .max_attempts = 3, .backoff_ms = 1000, .backoff_max_ms = 60000};
    struct event_results results = {0};
    struct error error = {0};
    enum status status = event_results_parse(body, size, count, &results, &error);
    CHECK(status == error.status);
    if (status != STATUS_OK) {
        CHECK(status == STATUS_MALFORMED && results.texts.memory == NULL && results.entries == NULL);
        return;
    }
    CHECK(results.count == count);
    for (size_t i = 0; i < count; i++) {
        const struct event_result *entry = &results.entries[i];
        CHECK(!has_run(entry->outcome) || (entry->workflow_id[0] != '\0' && entry->first_run_id[0] != '\0'));
        CHECK(entry->failure_type != NULL && entry->reason != NULL);
        const struct run_end end = {.status = entry->status, .attempt = entry->attempt,
                                    .is_non_retryable = entry->is_non_retryable};
        CHECK(verdict_of_event(entry->outcome, entry->is_signaled, &end, &route).reason != NULL);
        CHECK(verdict_attempt_delay_ms(entry->attempt, &route) <= route.backoff_max_ms);
        check_wait(entry->workflow_id, entry->first_run_id);
    }
    event_results_deinit(&results);
}

static void read_runs(const char *body, size_t size)
{
    const struct settings_route route = {
        .ack = SETTINGS_ACK_COMPLETION, .max_attempts = 3, .backoff_ms = 1000, .backoff_max_ms = 60000};
    struct closed_runs runs = {0};
    struct error error = {0};
    enum status status = closed_runs_parse(body, size, &runs, &error);
    CHECK(status == error.status);
    if (status != STATUS_OK) {
        CHECK(status == STATUS_MALFORMED && runs.texts.memory == NULL && runs.entries == NULL);
        return;
    }
    CHECK(runs.count <= RUNS_WAIT_MAX);
    for (size_t i = 0; i < runs.count; i++) {
        const struct closed_run *run = &runs.entries[i];
        CHECK(run->run_id != NULL && run->failure_message != NULL);
        const struct run_end end = {.status = run->status, .attempt = 1, .is_non_retryable = run->is_non_retryable};
        CHECK(verdict_of_run(&end, &route).reason != NULL);
        check_wait(run->workflow_id, run->first_run_id);
    }
    closed_runs_deinit(&runs);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *body = memory_copy(data, size); /* terminated, as HTTP bodies are */
    for (size_t count = 1; count <= 3; count++) {
        read_events(body, size, count);
    }
    read_runs(body, size);
    free(body);
    return 0;
}
