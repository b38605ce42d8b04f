/* What the files of libs/service share: the running service, and the two ways to run it. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "http/server.h"
#include "otlp/exporter.h"
#include "process_metrics.h"
#include "service/service.h"

#define SERVICE_ADMIN_ROUTES 5
#define SERVICE_CHILD_VARIABLE "FERRY_CHILD"             /* 1, 2 ...: the child's number */
#define SERVICE_CHILD_ADMIN_VARIABLE "FERRY_CHILD_ADMIN" /* where the child serves its admin routes */

struct service_api_binding {
    struct service *service;
    const struct service_api_route *route;
};

/* One running process. Made and destroyed by the main thread; the admin server's and the signal thread look in. */
struct service {
    const struct service_definition *definition;
    const struct settings *settings;
    struct metrics *metrics;
    struct metric_gauge *ready_gauge;
    struct process_metrics process_metrics;
    bool is_child;
    int64_t started_ms;
    atomic_bool stopping;
    atomic_int_least64_t stopping_ms; /* clock_monotonic_ms; 0: not yet */
    struct otlp_settings traces;
    struct otlp_exporter *exporter; /* NULL: tracing is off */

    pthread_mutex_t ready_mutex; /* guards the next three */
    struct log_limiter not_ready_log;
    bool ready;
    char reason[ERROR_TEXT_SIZE];

    pthread_mutex_t api_mutex; /* guards api_user; held while a handler of the service's own runs */
    void *api_user;            /* NULL: not served */
    struct service_api_binding api[SERVICE_API_ROUTES_MAX];

    pthread_mutex_t stop_mutex; /* guards stop, stop_user; held while stop runs, so that it can be taken back */
    void (*stop)(void *user);
    void *stop_user;
};

struct service *service_new(const struct service_definition *definition, const struct settings *settings,
                            bool is_child);
void service_destroy(struct service *service);
/* Tells the service to stop: not ready from here on; runs the stop function, once. */
void service_begin_stop(struct service *service);

/* One process: signals, admin port, the service's run function. */
MUST_CHECK enum status service_run_single(const struct service_definition *definition,
                                          const struct settings *settings, struct error *error);
/* The parent of `processes` children: this program again, with the same arguments. */
MUST_CHECK enum status service_run_parent(const struct service_definition *definition,
                                          const struct settings *settings, int processes, int argc, char *const *argv,
                                          struct error *error);

/* `NAME healthcheck …`: argv[0] is the subcommand. The exit code. */
int service_healthcheck(const struct service_definition *definition, int argc, char *const *argv);

/* Before and after the service's run function. */
void service_start_traces(struct service *service);
void service_stop_traces(struct service *service);

/* The service's own routes of one process. */
size_t service_api_routes(struct service *service, struct http_route *out_routes, size_t capacity);

/* Replies that parent and child give alike. */
void service_reply_text(struct http_exchange *exchange, const char *text);
void service_reply_not_ready(struct http_exchange *exchange, const char *reason);
void service_reply_version(struct http_exchange *exchange, const char *name);

#endif
