/* The life of a Ferry service: command line, settings, logs, supervision of --processes, admin port, signals, staged
 * shutdown. A service's main.c fills in a struct service_definition and returns service_main(). */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/metrics.h"
#include "settings/settings.h"

struct service; /* what a running service may ask of its surroundings */
struct http_exchange;
struct tracer; /* trace/tracer.h */

#define SERVICE_API_ROUTES_MAX 16
#define SERVICE_API_QUERIES_MAX 2

/* A route of the service's own on its admin port, below /v1/. The handler runs on the admin server's thread, must not
 * block, and gets what service_set_api said; before and after that the answer is 503. It answers in JSON, and looks at
 * the Authorization header itself.
 *
 * With --processes the parent asks every child and puts their answers together: of a GET the elements of the first
 * array in each object, with the process's number; of anything else the best one, where a child that does not know the
 * thing (404) counts least. */
struct service_api_route {
    const char *method;
    const char *path;
    const char *queries[SERVICE_API_QUERIES_MAX]; /* names of what may stand behind the "?"; NULL: none */
    bool must_reach_all; /* it is done when every process has done it */
    void (*handler)(struct http_exchange *exchange, void *user);
};

struct service_definition {
    const char *name;    /* "ferry-poller" */
    const char *summary; /* one line for --help */
    const char *(*admin_listen)(const struct settings *settings); /* NULL result: no admin port of its own */
    /* Where `healthcheck` asks, and whether with TLS; NULL: on the admin port. A NULL result: nowhere. */
    const char *(*health_listen)(const struct settings *settings, bool *out_is_tls);
    int64_t (*grace_ms)(const struct settings *settings); /* from a stop to the end */
    const struct service_api_route *api; /* SERVICE_API_ROUTES_MAX at the most; NULL: none */
    size_t api_count;
    /* Checks what only this service needs (a queue URL is set ...). */
    enum status (*check)(const struct settings *settings, struct error *error);
    /* Runs until service_is_stopping; returns when everything is settled. on_stop (see service_set_stop) is called
     * when SIGTERM or SIGINT comes. */
    enum status (*run)(struct service *service, const struct settings *settings, struct error *error);
};

/* Exit code: 0 done, 1 failed, 2 bad usage or configuration. `NAME healthcheck` is a program of its own: 0 the service
 * is ready, 1 it is not or does not answer, 2 bad usage or configuration. */
int service_main(const struct service_definition *definition, int argc, char **argv);

struct metrics *service_metrics(struct service *service);
/* NULL: tracing is off. It is there while the run function runs. */
const struct tracer *service_tracer(const struct service *service);
/* Ready: configuration loaded and peers answered. reason (copied) is shown by /readyz while not ready.
 * Any thread. */
void service_set_ready(struct service *service, bool ready, const char *reason);
/* stop(user) runs once, on the signal thread, when the service shall stop (or at once when that has come already). */
void service_set_stop(struct service *service, void (*stop)(void *user), void *user);
/* From here on the service's own admin routes are served; NULL: no more, and no handler runs any longer when it
 * returns. */
void service_set_api(struct service *service, void *user);
/* One of several processes on one machine: share ports. */
bool service_is_child(const struct service *service);

/* Serves /livez /readyz /healthz /metrics /version as routes for servers that have their own port as well. */
struct http_route;
size_t service_admin_routes(struct service *service, struct http_route *out_routes, size_t capacity);

#endif
