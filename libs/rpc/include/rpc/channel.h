/* gRPC C core, asynchronous unary calls: bytes in, bytes out. Knows nothing of Temporal or protobuf.
 *
 * One runtime per process: it owns the completion queue and the thread that calls done functions ("rpc"). Channels
 * and calls may be used from any thread. fork before rpc_runtime_new, never after (docs/adr/0006). */
#ifndef RPC_CHANNEL_H
#define RPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/metrics.h"

struct loop;
struct rpc_runtime;
struct rpc_channel;
struct rpc_call;

#define RPC_RECEIVE_MAX ((size_t)128 << 20)

/* Calls crypto_keep_at_exit() (crypto/exit.h). NULL: the system refuses a thread (logged). */
struct rpc_runtime *rpc_runtime_new(void);
/* After all channels are destroyed. Waits for the calls' done functions, joins the thread, shuts gRPC down. */
void rpc_runtime_destroy(struct rpc_runtime *runtime);

/* The loop that the runtime's thread runs: users whose state changes with answers keep it on that thread, and save a
 * hand-over for each answer. Their tasks must not block: no answer is seen meanwhile. */
struct loop *rpc_runtime_loop(struct rpc_runtime *runtime);

struct rpc_tls_options {
    bool enabled;
    const char *ca_pem;          /* NULL: the system's roots */
    const char *certificate_pem; /* NULL: no client certificate */
    const char *key_pem;
    const char *server_name;     /* NULL: the target's */
};

struct rpc_metadata {
    const char *key; /* lower case */
    const char *value;
};

struct rpc_channel_options {
    const char *target; /* "localhost:7233" */
    struct rpc_tls_options tls;
    const char *api_key;                  /* NULL: none; sent as authorization: Bearer */
    const struct rpc_metadata *metadata;  /* on every call; copied */
    size_t metadata_count;
    struct metrics *metrics;              /* NULL: none */
};

MUST_CHECK enum status rpc_channel_new(struct rpc_runtime *runtime, const struct rpc_channel_options *options,
                                       struct rpc_channel **out_channel, struct error *error);
/* Cancels what is under way; done functions still run, with CANCELED. Returns after they have. NULL is fine. */
void rpc_channel_destroy(struct rpc_channel *channel);
/* Takes effect for calls that start later. */
void rpc_channel_set_api_key(struct rpc_channel *channel, const char *api_key);

enum rpc_code { /* gRPC's numbers */
    RPC_OK = 0, RPC_CANCELLED = 1, RPC_UNKNOWN = 2, RPC_INVALID_ARGUMENT = 3, RPC_DEADLINE_EXCEEDED = 4,
    RPC_NOT_FOUND = 5, RPC_ALREADY_EXISTS = 6, RPC_PERMISSION_DENIED = 7, RPC_RESOURCE_EXHAUSTED = 8,
    RPC_FAILED_PRECONDITION = 9, RPC_ABORTED = 10, RPC_OUT_OF_RANGE = 11, RPC_UNIMPLEMENTED = 12, RPC_INTERNAL = 13,
    RPC_UNAVAILABLE = 14, RPC_DATA_LOSS = 15, RPC_UNAUTHENTICATED = 16
};

enum rpc_retry {
    RPC_RETRY_NONE,     /* one attempt */
    RPC_RETRY_STANDARD, /* transient codes until the deadline: 100 ms x1.7 ±20 % up to 5 s; RESOURCE_EXHAUSTED 1 s x2
                           up to 10 s; "message larger than max" never. Each attempt's own deadline is at most
                           attempt_timeout_ms */
};

struct rpc_call_options {
    const char *method;         /* "/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo"; constant */
    int64_t deadline_ms;        /* clock_monotonic_ms; the whole call with its retries */
    int64_t attempt_timeout_ms; /* 0: 10,000 for STANDARD, the deadline for NONE */
    enum rpc_retry retry;
    bool wait_for_ready;        /* wait for a connection instead of failing with UNAVAILABLE at once */
    /* Sent instead of the channel's entry of that key; NULL: none. Copied; a value that is not one line of ASCII is not
     * sent, nor is the channel's. */
    const struct rpc_metadata *instead;
};

/* body and details (grpc-status-details-bin, a google.rpc.Status) are borrowed for the callback. */
struct rpc_reply {
    enum rpc_code code;
    /* "" when OK. With DEADLINE_EXCEEDED after failed attempts it ends in ", and before that CODE: message". */
    const char *message;
    const uint8_t *body;
    size_t body_length;
    const uint8_t *details;
    size_t details_length;
};

/* Exactly once for each call, on the runtime's thread, never inside rpc_call_start. Must not block. */
typedef void rpc_done_fn(void *user, const struct rpc_reply *reply);

/* Copies nothing of request: gives it to gRPC before it returns (kept for retries as gRPC's own copy).
 * The call handle is counted: the caller drops it with rpc_call_release; NULL out_call: not wanted. */
void rpc_call_start(struct rpc_channel *channel, const struct rpc_call_options *options, const uint8_t *request,
                    size_t request_length, rpc_done_fn *done, void *user, struct rpc_call **out_call);
/* A call that is not made: done gets this code and message (a constant), on the runtime's thread like any other. */
void rpc_call_refuse(struct rpc_channel *channel, enum rpc_code code, const char *message, rpc_done_fn *done,
                     void *user);
/* A pause instead of a call: done gets RPC_OK and no body at due_ms (clock_monotonic_ms), or RPC_CANCELLED before. */
void rpc_call_pause(struct rpc_channel *channel, int64_t due_ms, rpc_done_fn *done, void *user,
                    struct rpc_call **out_call);
/* Any thread; harmless after the end. done runs with RPC_CANCELLED unless it already has another result. */
void rpc_call_cancel(struct rpc_call *call);
void rpc_call_release(struct rpc_call *call); /* NULL is fine */

/* The status for the layers above; error's text gets "method: CODE: message". */
enum status rpc_reply_status(const struct rpc_reply *reply, const char *method, struct error *error);
const char *rpc_code_name(enum rpc_code code); /* "NOT_FOUND" */

#endif
