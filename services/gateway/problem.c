/* See problem.h. */
#include "problem.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/server.h"
#include "json_text.h"
#include "value_json.h"

/* The server refuses a payload over limit.blobSize.error as INVALID_ARGUMENT, with these words only. A value that is
 * too long for a search attribute is no payload: the route asks for what the server does not index (rule 5). */
static bool is_size_text(const char *text)
{
    if (strstr(text, "search attribute") != NULL) {
        return false;
    }
    return strstr(text, "size exceeds limit") != NULL || strstr(text, "exceeds size limit") != NULL;
}

bool problem_is_rejection(const struct error *error)
{
    return error->status == STATUS_TOO_LARGE ||
           (error->status == STATUS_INVALID_ARGUMENT && is_size_text(error->text));
}

static struct problem unavailable(void)
{
    return (struct problem){503, "temporal-unavailable", "Temporal cannot be reached or cannot serve now",
                            PROBLEM_RETRY_AFTER_SECONDS};
}

static struct problem misconfigured(void)
{
    return (struct problem){502, "temporal-refused", "Temporal refused the gateway's request", 0};
}

/* The server answers a signal, an update, a cancel or a terminate for a run that has closed with NOT_FOUND and these
 * words, as it does for one that never was. */
static bool is_closed_text(const char *text)
{
    return strstr(text, "already completed") != NULL;
}

/* The sender named a workflow: what is wrong with it is theirs to get right. */
static struct problem of_workflow_error(const struct error *error)
{
    switch (error->status) {
    case STATUS_NOT_FOUND:
        return is_closed_text(error->text)
                   ? (struct problem){409, "wrong-state", "The workflow is not in a state that allows this", 0}
                   : (struct problem){404, "workflow-not-found", "There is no such workflow", 0};
    case STATUS_ALREADY_EXISTS:
        return (struct problem){409, "workflow-exists", "A workflow with this ID exists", 0};
    case STATUS_INVALID_ARGUMENT:
    case STATUS_MALFORMED:
        return (struct problem){400, "invalid-request", "Temporal finds the request invalid", 0};
    case STATUS_FAILED_PRECONDITION:
        return (struct problem){409, "wrong-state", "The workflow is not in a state that allows this", 0};
    case STATUS_RESOURCE_EXHAUSTED:
        return (struct problem){429, "temporal-busy", "Temporal limits how fast it is asked",
                                PROBLEM_RETRY_AFTER_SECONDS};
    case STATUS_DEADLINE_EXCEEDED:
        return (struct problem){504, "temporal-timeout", "Temporal did not answer in time", 0};
    case STATUS_UNIMPLEMENTED:
        return (struct problem){501, "temporal-unsupported", "This Temporal server cannot do that", 0};
    case STATUS_UNAVAILABLE:
    case STATUS_CANCELED:
        return unavailable();
    case STATUS_OK:
    case STATUS_UNAUTHENTICATED:
    case STATUS_PERMISSION_DENIED:
    case STATUS_TOO_LARGE:
    case STATUS_INTERNAL:
        break;
    }
    return misconfigured();
}

struct problem problem_of_error(enum problem_subject subject, const struct error *error, bool namespace_missing)
{
    if (namespace_missing) {
        return subject == PROBLEM_SUBJECT_NAMESPACE
                   ? (struct problem){404, "unknown-namespace", "Temporal does not know this namespace", 0}
                   : (struct problem){503, "namespace-not-found", "Temporal does not know the gateway's namespace",
                                      PROBLEM_RETRY_AFTER_SECONDS};
    }
    if (problem_is_rejection(error)) {
        return (struct problem){413, "payload-too-large", "The message is larger than Temporal accepts", 0};
    }
    if (subject != PROBLEM_SUBJECT_EVENT) {
        return of_workflow_error(error);
    }
    return status_is_retryable(error->status) || error->status == STATUS_CANCELED ? unavailable() : misconfigured();
}

/* gRPC's own names of its codes. */
static const char *grpc_name(int code)
{
    static const char *const names[] = {NULL,
                                        "CANCELLED",
                                        "UNKNOWN",
                                        "INVALID_ARGUMENT",
                                        "DEADLINE_EXCEEDED",
                                        "NOT_FOUND",
                                        "ALREADY_EXISTS",
                                        "PERMISSION_DENIED",
                                        "RESOURCE_EXHAUSTED",
                                        "FAILED_PRECONDITION",
                                        "ABORTED",
                                        "OUT_OF_RANGE",
                                        "UNIMPLEMENTED",
                                        "INTERNAL",
                                        "UNAVAILABLE",
                                        "DATA_LOSS",
                                        "UNAUTHENTICATED"};
    size_t index = (size_t)code;
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

void problem_append(struct buffer *out, const struct problem *problem, const char *detail,
                    const struct problem_origin *origin)
{
    char *type = memory_format(HTTP_PROBLEM_TYPE_PREFIX "%s", problem->type);
    json_object_begin(out);
    json_member_text(out, "type", type);
    json_member_text(out, "title", problem->title);
    json_member_integer(out, "status", problem->status);
    json_member_text(out, "detail", detail != NULL && detail[0] != '\0' ? detail : problem->title);
    json_member_text(out, "grpcStatus", origin->error == NULL ? NULL : grpc_name(origin->error->peer_code));
    if (origin->grpc_details != NULL) {
        json_member_raw(out, "grpcDetails", origin->grpc_details, strlen(origin->grpc_details));
    }
    value_json_failure(out, "failure", origin->failure);
    json_object_end(out);
    free(type);
}
