/* What a webhook tells of itself: which event it is, so that the same again is the same event, and its kind. Pure. */
#ifndef GATEWAY_WEBHOOK_EVENT_H
#define GATEWAY_WEBHOOK_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "settings/access.h"

struct webhook_event {
    char *id;   /* {MessageId} */
    char *type; /* {event.type} */
};

void webhook_event_deinit(struct webhook_event *event);

/* GitHub: X-GitHub-Delivery, which a redelivery has again, and X-GitHub-Event ("push"); NULL: not there.
 * INVALID_ARGUMENT: one is missing or longer than 255 bytes. */
MUST_CHECK enum status webhook_event_of_github(const char *delivery, const char *kind, struct webhook_event *out_event,
                                               struct error *error);
/* Stripe: the body's id ("evt_…") and type ("invoice.paid"). INVALID_ARGUMENT: it has none. */
MUST_CHECK enum status webhook_event_of_stripe(const char *body, size_t length, struct webhook_event *out_event,
                                               struct error *error);
/* Strava: {object_type}-{object_id}-{aspect_type}-{event_time}, and {object_type}.{aspect_type} ("activity.create").
 * INVALID_ARGUMENT: one is missing. UNAUTHENTICATED: another subscription_id than this (0: any). */
MUST_CHECK enum status webhook_event_of_strava(const char *body, size_t length, int64_t subscription_id,
                                               struct webhook_event *out_event, struct error *error);

/* Whether the route takes events of this kind. */
bool webhook_wants(const struct settings_webhook *webhook, const char *type);

#endif
