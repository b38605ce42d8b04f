/* gRPC's status codes: their names, which of them may pass, and what they are in our own terms. */
#include <string.h>

#include "internal.h"

static const char *const names[] = {
    [RPC_OK] = "OK",
    [RPC_CANCELLED] = "CANCELLED",
    [RPC_UNKNOWN] = "UNKNOWN",
    [RPC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [RPC_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [RPC_NOT_FOUND] = "NOT_FOUND",
    [RPC_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [RPC_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [RPC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [RPC_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [RPC_ABORTED] = "ABORTED",
    [RPC_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [RPC_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [RPC_INTERNAL] = "INTERNAL",
    [RPC_UNAVAILABLE] = "UNAVAILABLE",
    [RPC_DATA_LOSS] = "DATA_LOSS",
    [RPC_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *rpc_code_name(enum rpc_code code)
{
    return (size_t)code < sizeof names / sizeof names[0] ? names[code] : "UNKNOWN";
}

/* Servers of both kinds (Go, C core) say "... message larger than max (n vs. m)". */
bool rpc_message_is_about_size(const char *message)
{
    return strcasestr(message, "message larger than max") != NULL;
}

bool rpc_code_is_transient(enum rpc_code code, const char *message)
{
    switch (code) {
    case RPC_CANCELLED: /* by the server or on the way: our own cancelling never comes here */
    case RPC_UNKNOWN:
    case RPC_DEADLINE_EXCEEDED: /* of the attempt */
    case RPC_ABORTED:
    case RPC_OUT_OF_RANGE:
    case RPC_INTERNAL:
    case RPC_UNAVAILABLE:
    case RPC_DATA_LOSS:
        return true;
    case RPC_RESOURCE_EXHAUSTED:
        return !rpc_message_is_about_size(message);
    case RPC_OK:
    case RPC_INVALID_ARGUMENT:
    case RPC_NOT_FOUND:
    case RPC_ALREADY_EXISTS:
    case RPC_PERMISSION_DENIED:
    case RPC_FAILED_PRECONDITION:
    case RPC_UNIMPLEMENTED:
    case RPC_UNAUTHENTICATED:
        return false;
    }
    return false;
}

static enum status to_status(enum rpc_code code)
{
    switch (code) {
    case RPC_OK:
        return STATUS_OK;
    case RPC_CANCELLED:
        return STATUS_CANCELED;
    case RPC_INVALID_ARGUMENT:
    case RPC_OUT_OF_RANGE:
        return STATUS_INVALID_ARGUMENT;
    case RPC_DEADLINE_EXCEEDED:
        return STATUS_DEADLINE_EXCEEDED;
    case RPC_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case RPC_ALREADY_EXISTS:
        return STATUS_ALREADY_EXISTS;
    case RPC_PERMISSION_DENIED:
        return STATUS_PERMISSION_DENIED;
    case RPC_RESOURCE_EXHAUSTED:
        return STATUS_RESOURCE_EXHAUSTED;
    case RPC_FAILED_PRECONDITION:
        return STATUS_FAILED_PRECONDITION;
    case RPC_UNIMPLEMENTED:
        return STATUS_UNIMPLEMENTED;
    case RPC_ABORTED:
    case RPC_UNAVAILABLE:
        return STATUS_UNAVAILABLE;
    case RPC_UNAUTHENTICATED:
        return STATUS_UNAUTHENTICATED;
    case RPC_UNKNOWN:
    case RPC_INTERNAL:
    case RPC_DATA_LOSS:
        return STATUS_INTERNAL;
    }
    return STATUS_INTERNAL;
}

enum status rpc_reply_status(const struct rpc_reply *reply, const char *method, struct error *error)
{
    enum status status = to_status(reply->code);
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (status == STATUS_RESOURCE_EXHAUSTED && rpc_message_is_about_size(reply->message)) {
        status = STATUS_TOO_LARGE;
    }
    (void)error_set(error, status, "%s: %s: %s", method, rpc_code_name(reply->code), reply->message);
    if (error != NULL && reply->code != RPC_CANCELLED) {
        error->retryable = rpc_code_is_transient(reply->code, reply->message);
    }
    return status;
}
