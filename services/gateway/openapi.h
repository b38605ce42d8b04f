/* The gateway's OpenAPI 3.1 document: the hand-written parts below openapi/, joined; what the route table knows (who
 * needs which right); and what the settings say (how callers prove who they are, the configured routes). Pure. */
#ifndef GATEWAY_OPENAPI_H
#define GATEWAY_OPENAPI_H

#include <stddef.h>

#include "access_scope.h"
#include "http/server.h"
#include "settings/settings.h"

/* JSON text; free() it. routes: the table that the server gets, with verbs as tags; what the parts say of others is
 * left out. */
char *openapi_write(const struct http_route *routes, size_t route_count, const struct settings *settings);
/* The text without the configured routes that the grant does not show; free() it. NULL: it shows all of them. */
char *openapi_narrow(const char *text, const struct access_grant *grant);

#endif
