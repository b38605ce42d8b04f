/* The life of a Ferry service: command line, settings, logs, supervision of --processes, admin port, signals, staged
 * shutdown. A service's main.c fills in a struct service_definition and returns service_main(). */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "base/error.h"
#include "base/metrics.h"
#include "settings/settings.h"

struct service; /* what a running service may ask of its surroundings */

struct service_definition {
    const char *name;    /* "ferry-poller" */
    const char *summary; /* one line for --help */
    const char *(*admin_listen)(const struct settings *settings); /* NULL result: no admin port of its own */
    /* Checks what only this service needs (a queue URL is set ...). */
    enum status (*check)(const struct settings *settings, struct error *error);
    /* Runs until service_is_stopping; returns when everything is settled. on_stop (see service_set_stop) is called
     * when SIGTERM or SIGINT comes. */
    enum status (*run)(struct service *service, const struct settings *settings, struct error *error);
};

/* Exit code: 0 done, 1 failed, 2 bad usage or configuration. */
int service_main(const struct service_definition *definition, int argc, char **argv);

struct metrics *service_metrics(struct service *service);
/* Ready: configuration loaded and peers answered. reason (copied) is shown by /readyz while not ready.
 * Any thread. */
void service_set_ready(struct service *service, bool ready, const char *reason);
/* stop(user) runs once, on the signal thread, when the service shall stop (or at once when that has come already). */
void service_set_stop(struct service *service, void (*stop)(void *user), void *user);
/* One of several processes on one machine: share ports. */
bool service_is_child(const struct service *service);

/* Serves /livez /readyz /healthz /metrics /version as routes for servers that have their own port as well. */
struct http_route;
size_t service_admin_routes(struct service *service, struct http_route *out_routes, size_t capacity);

#endif
