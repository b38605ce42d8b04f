/* What the rest of the library may ask of a connection beyond its public header. */
#ifndef TEMPORAL_SRC_CONNECTION_H
#define TEMPORAL_SRC_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include <google/rpc/status.pb-c.h>

#include "base/metrics.h"
#include "rpc/channel.h"
#include "temporal/connection.h"

#define TEMPORAL_CLIENT_NAME "temporal-c"

struct rpc_channel *connection_channel(struct temporal_connection *connection);

/* rpc thread: what temporal_connection_error_details tells; borrowed. NULL: nothing. */
void connection_set_error_details(struct temporal_connection *connection, const Pb__Status *details);

const struct temporal_codec *connection_codec(const struct temporal_connection *connection); /* NULL: none */

/* The reply of that method as the codec decodes it, in place. What it cannot decode stays as it came, which is logged
 * (limited). rpc thread. */
void connection_decode(struct temporal_connection *connection, const char *method_name, ProtobufCMessage *reply);

/* temporal_request, temporal_request_failure, temporal_request_latency_seconds of one call that ended. method_index:
 * struct service_method's. rpc thread. */
void connection_count_call(struct temporal_connection *connection, size_t method_index, const char *method_name,
                           enum rpc_code code, int64_t duration_us);

#endif
