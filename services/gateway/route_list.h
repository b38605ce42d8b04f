/* GET /v1/routes: the configured routes as JSON, without secrets. Pure. */
#ifndef GATEWAY_ROUTE_LIST_H
#define GATEWAY_ROUTE_LIST_H

#include "access_scope.h"

/* {"routes": [{"name", "target", "workflow", …}]} in the settings' order, those that the grant shows; free() it. */
char *route_list_write(const struct access_grant *grant);

#endif
