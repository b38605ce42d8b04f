/* Waits for the end of a run on behalf of a request: no longer than its client is there and the gateway goes on. */
#ifndef GATEWAY_RUN_WAIT_H
#define GATEWAY_RUN_WAIT_H

#include <stdint.h>

#include "gateway.h"

/* rpc thread. As temporal_client_wait_async, with a deadline; also the client's hanging up and the gateway's stop end
 * it: CANCELED. done must reply to the exchange, or hand it on. */
void run_wait_begin(struct gateway *gateway, struct http_exchange *exchange, const struct temporal_run *run,
                    int64_t deadline_ms, temporal_wait_done_fn *done, void *user);

/* rpc thread: the gateway stops. Those that begin later end at once. */
void run_waits_end(struct gateway *gateway);

#endif
