/* The gateway as a service. */
#ifndef GATEWAY_RUN_GATEWAY_H
#define GATEWAY_RUN_GATEWAY_H

#include "base/error.h"
#include "service/service.h"
#include "settings/settings.h"

/* Runs until the service shall stop and everything is answered. */
MUST_CHECK enum status run_gateway(struct service *service, const struct settings *settings, struct error *error);

#endif
