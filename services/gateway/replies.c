/* What handlers have in common: answers, and who is let in. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "gateway.h"

static const char s_prefix[] = "/v1/workflows/";

void gateway_reply_json(struct http_exchange *exchange, int status, const struct http_header *headers,
                        size_t header_count, const struct buffer *body)
{
    http_exchange_reply(exchange, status, "application/json", headers, header_count, body->data, body->length);
}

bool gateway_is_namespace_missing(const struct error *error)
{
    return error->status == STATUS_NOT_FOUND && error->retryable;
}

void gateway_reply_error(struct http_exchange *exchange, enum problem_subject subject, const struct error *error)
{
    struct problem problem = problem_of_error(subject, error, gateway_is_namespace_missing(error));
    http_exchange_problem(exchange, problem.status, problem.type, problem.title, error->text,
                          problem.retry_after_seconds);
}

void gateway_reply_invalid(struct http_exchange *exchange, const char *detail)
{
    http_exchange_problem(exchange, 400, "invalid-request", "The request is not valid", detail, 0);
}

char *gateway_workflow_path(const char *workflow_id)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t length = strlen(workflow_id);
    char *path = memory_alloc(sizeof s_prefix + 3 * length);
    char *out = path + sizeof s_prefix - 1;
    memcpy(path, s_prefix, sizeof s_prefix - 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)workflow_id[i];
        if (strchr(plain, workflow_id[i]) != NULL) {
            *out++ = workflow_id[i];
        } else {
            *out++ = '%';
            *out++ = digits[byte >> 4];
            *out++ = digits[byte & 15];
        }
    }
    return path;
}

int64_t gateway_start_deadline(struct gateway *gateway)
{
    bool ready = atomic_load(&gateway->ready);
    return clock_monotonic_ms() + (ready ? GATEWAY_START_DEADLINE_MS : GATEWAY_START_DEADLINE_NOT_READY_MS);
}

bool gateway_admit(struct http_exchange *exchange, void *user)
{
    static const char scheme[] = "Bearer ";
    static const char problem[] = "{\"type\":\"/problems/unauthenticated\",\"title\":\"A token is needed\","
                                  "\"status\":401,\"detail\":\"expected the header Authorization: Bearer with the "
                                  "gateway's token\"}\n";
    static const struct http_header challenge = {.name = "WWW-Authenticate", .value = "Bearer realm=\"ferry\""};
    struct gateway *gateway = user;
    const char *token = gateway->settings->gateway.token;
    const char *given = http_exchange_header(exchange, "authorization");
    if (token == NULL || gateway->settings->gateway.auth_none ||
        strncmp(http_exchange_path(exchange), "/v1/", 4) != 0) {
        return true;
    }
    if (given != NULL && strncasecmp(given, scheme, sizeof scheme - 1) == 0 &&
        crypto_equal_text(given + sizeof scheme - 1, token)) {
        return true;
    }
    http_exchange_reply(exchange, 401, "application/problem+json", &challenge, 1, problem, sizeof problem - 1);
    return false;
}
