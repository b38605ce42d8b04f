/* Where a service is asked for its own health, from what it listens on. Pure. */
#ifndef SERVICE_HEALTH_TARGET_H
#define SERVICE_HEALTH_TARGET_H

#include <stdbool.h>

#include "base/error.h"

struct health_target {
    char *url;         /* owned */
    char *unix_socket; /* owned, as struct http_request takes it; NULL: TCP */
};

/* path: "/readyz". What listens on every address is asked on loopback. INVALID_ARGUMENT: the port is 0, so that only
 * the running process knows it. */
MUST_CHECK enum status health_target_init(struct health_target *target, const char *listen, bool is_tls,
                                          const char *path, struct error *error);
void health_target_deinit(struct health_target *target);
/* For people: "unix:/run/ferry.sock/readyz" where that is what is asked, else the URL. free() it. */
char *health_target_describe(const struct health_target *target, const char *path);

#endif
