/* Temporal's errors → what an HTTP client is told (RFC 9457). Pure. */
#ifndef GATEWAY_PROBLEM_H
#define GATEWAY_PROBLEM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "temporal/failure.h"

struct problem {
    int status;       /* HTTP */
    const char *type; /* stable: clients switch on it */
    const char *title;
    int retry_after_seconds; /* 0: none */
};

/* What the request was about decides what a Temporal error means to its sender. */
enum problem_subject {
    PROBLEM_SUBJECT_EVENT,   /* start of a route's workflow: the sender named neither type nor queue */
    PROBLEM_SUBJECT_WORKFLOW, /* the sender named a workflow, or gave the parameters itself */
    PROBLEM_SUBJECT_NAMESPACE /* the same, and named the namespace, too */
};

/* namespace_missing: Temporal says that the namespace does not exist: our fault, unless the sender named it. */
struct problem problem_of_error(enum problem_subject subject, const struct error *error, bool namespace_missing);

/* What stands beside a problem; each may be NULL. */
struct problem_origin {
    const struct error *error;              /* grpcStatus, where a server said it */
    const char *grpc_details;               /* JSON */
    const struct temporal_failure *failure; /* the workflow's own */
};
void problem_append(struct buffer *out, const struct problem *problem, const char *detail,
                    const struct problem_origin *origin);

/* A start error that the same message meets again for ever (rule 5 of the delivery contract); else the target
 * failed. */
bool problem_is_rejection(const struct error *error);

#define PROBLEM_RETRY_AFTER_SECONDS 2

#endif
