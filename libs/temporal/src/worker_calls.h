/* The seam between the worker and the wire. The real one is service_call.h over a connection; tests put a fake behind
 * it. */
#ifndef TEMPORAL_WORKER_CALLS_H
#define TEMPORAL_WORKER_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "service_call.h"

/* Each member as in service_call.h: done runs exactly once, later or on another thread, never inside start. */
struct worker_calls {
    void (*start)(void *context, const struct service_method *method, const ProtobufCMessage *request,
                  const struct service_call_options *options, service_call_done_fn *done, void *user,
                  struct service_call **out_call);
    void (*cancel)(struct service_call *call);
    void (*release)(struct service_call *call);
    void *context;
};

/* The real one; connection is borrowed. */
struct worker_calls worker_calls_of_connection(struct temporal_connection *connection);

/* The same for callers that never cancel: no handle. */
void worker_calls_send(const struct worker_calls *calls, const struct service_method *method,
                       const ProtobufCMessage *request, const struct service_call_options *options,
                       service_call_done_fn *done, void *user);

#define WORKER_POLL_TIMEOUT_MS 70000 /* the server answers a long poll after 60 s at the latest */

#endif
