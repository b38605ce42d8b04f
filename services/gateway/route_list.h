/* GET /v1/routes: the configured routes as JSON, without secrets. Pure. */
#ifndef GATEWAY_ROUTE_LIST_H
#define GATEWAY_ROUTE_LIST_H

#include "settings/settings.h"

/* {"routes": [{"name", "target", "workflow", …}]} in the settings' order; free() it. */
char *route_list_write(const struct settings *settings);

#endif
