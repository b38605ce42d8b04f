/* The connection to Temporal that `temporal:` of the configuration describes, with the codec of its keys. The one
 * library that knows both the settings and the SDK (docs/adr/0038). Make it after the last fork(), never before. */
#ifndef UPLINK_UPLINK_H
#define UPLINK_UPLINK_H

#include "base/error.h"
#include "base/metrics.h"
#include "settings/settings.h"

struct temporal_connection;
struct uplink;

/* The settings are copied. metrics: NULL, or borrowed, and outlives it. Connects in the background: an unreachable
 * server is no error here. INVALID_ARGUMENT: a key, a certificate or a CA cannot be read or is none
 * (temporal/connection.h, codec/aes_gcm.h). INTERNAL: the system refuses the thread. */
MUST_CHECK enum status uplink_new(const struct settings_temporal *settings, struct metrics *metrics,
                                  struct uplink **out_uplink, struct error *error);
/* As temporal_connection_destroy, and wipes the codec's keys. NULL is fine. */
void uplink_destroy(struct uplink *uplink);

struct temporal_connection *uplink_connection(const struct uplink *uplink); /* borrowed, lives as long */

#endif
