/* What handlers have in common: answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "gateway.h"

void gateway_reply_json(struct http_exchange *exchange, int status, const struct http_header *headers,
                        size_t header_count, const struct buffer *body)
{
    http_exchange_reply(exchange, status, "application/json", headers, header_count, body->data, body->length);
}

bool gateway_is_namespace_missing(const struct error *error)
{
    return error->status == STATUS_NOT_FOUND && error->retryable;
}

void gateway_reply_problem(struct http_exchange *exchange, const struct problem *problem, const char *detail,
                           const struct problem_origin *origin)
{
    char seconds[16] = "";
    struct buffer body;
    const struct http_header retry = {.name = "Retry-After", .value = seconds};
    if (problem->retry_after_seconds > 0) {
        (void)snprintf(seconds, sizeof seconds, "%d", problem->retry_after_seconds);
    }
    buffer_init(&body, GATEWAY_REPLY_MAX);
    problem_append(&body, problem, detail, origin);
    http_exchange_reply(exchange, problem->status, "application/problem+json", &retry, seconds[0] == '\0' ? 0 : 1,
                        body.data, body.length);
    buffer_deinit(&body);
}

void gateway_reply_error(struct http_exchange *exchange, enum problem_subject subject, const struct error *error)
{
    struct problem problem = problem_of_error(subject, error, gateway_is_namespace_missing(error));
    gateway_reply_problem(exchange, &problem, error->text, &(struct problem_origin){.error = error});
}

void gateway_reply_invalid(struct http_exchange *exchange, const char *detail)
{
    http_exchange_problem(exchange, 400, "invalid-request", "The request is not valid", detail, 0);
}

char *gateway_workflow_path(const char *workflow_id)
{
    char *id = percent_encode(workflow_id);
    char *path = memory_format("/v1/workflows/%s", id);
    free(id);
    return path;
}

int64_t gateway_start_deadline(struct gateway *gateway)
{
    bool ready = atomic_load(&gateway->ready);
    return clock_monotonic_ms() + (ready ? GATEWAY_START_DEADLINE_MS : GATEWAY_START_DEADLINE_NOT_READY_MS);
}
