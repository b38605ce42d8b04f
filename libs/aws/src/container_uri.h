/* Where a container's credentials are asked for. Pure. Private to libs/aws. */
#ifndef AWS_SRC_CONTAINER_URI_H
#define AWS_SRC_CONTAINER_URI_H

#include <stddef.h>

#include "base/error.h"

/* May a full URI be asked? https: any host; http: loopback, and the addresses of ECS and of EKS Pod Identity, so that
 * nobody who sets the variable sends an authorization token across a network in the clear. INVALID_ARGUMENT: no. */
MUST_CHECK enum status container_uri_check(const char *uri, struct error *error);

/* The value may stand in a header. INVALID_ARGUMENT: it holds a line break or another control character. */
MUST_CHECK enum status container_token_check(const char *token, size_t length, struct error *error);

#endif
