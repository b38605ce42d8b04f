/* See worker_calls.h. */
#include "worker_calls.h"

static void start(void *context, const struct service_method *method, const ProtobufCMessage *request,
                  const struct service_call_options *options, service_call_done_fn *done, void *user,
                  struct service_call **out_call)
{
    service_call_start(context, method, request, options, done, user, out_call);
}

struct worker_calls worker_calls_of_connection(struct temporal_connection *connection)
{
    return (struct worker_calls){
        .start = start, .cancel = service_call_cancel, .release = service_call_release, .context = connection};
}

void worker_calls_send(const struct worker_calls *calls, const struct service_method *method,
                       const ProtobufCMessage *request, const struct service_call_options *options,
                       service_call_done_fn *done, void *user)
{
    calls->start(calls->context, method, request, options, done, user, NULL);
}
