/* One process of a service: made, run, stopped. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/signals.h"
#include "internal.h"

#define ADMIN_DRAIN_MS 1000
#define NOT_READY_LOG_MS 30000

static void collect_ready(void *user)
{
    struct service *service = user;
    (void)pthread_mutex_lock(&service->ready_mutex);
    bool ready = service->ready;
    (void)pthread_mutex_unlock(&service->ready_mutex);
    metric_gauge_set(service->ready_gauge, ready ? 1 : 0);
}

struct service *service_new(const struct service_definition *definition, const struct settings *settings, bool is_child)
{
    struct service *service = memory_alloc(sizeof *service);
    service->definition = definition;
    service->settings = settings;
    service->is_child = is_child;
    service->started_ms = clock_monotonic_ms();
    service->metrics = metrics_new();
    service->ready_gauge = metrics_gauge(service->metrics, "ferry_ready_processes", "Processes that are ready.",
                                         METRIC_LABELS({"service", definition->name}));
    metrics_on_collect(service->metrics, collect_ready, service);
    process_metrics_init(&service->process_metrics, service->metrics, definition->name);
    atomic_init(&service->stopping, false);
    atomic_init(&service->stopping_ms, 0);
    (void)pthread_mutex_init(&service->ready_mutex, NULL);
    (void)pthread_mutex_init(&service->stop_mutex, NULL);
    (void)pthread_mutex_init(&service->api_mutex, NULL);
    (void)memcpy(service->reason, "starting", sizeof "starting");
    return service;
}

void service_destroy(struct service *service)
{
    if (service == NULL) {
        return;
    }
    metrics_destroy(service->metrics);
    (void)pthread_mutex_destroy(&service->ready_mutex);
    (void)pthread_mutex_destroy(&service->stop_mutex);
    (void)pthread_mutex_destroy(&service->api_mutex);
    free(service);
}

struct metrics *service_metrics(struct service *service)
{
    return service->metrics;
}

bool service_is_child(const struct service *service)
{
    return service->is_child;
}

void service_set_ready(struct service *service, bool ready, const char *reason)
{
    (void)pthread_mutex_lock(&service->ready_mutex);
    bool changed = service->ready != ready;
    service->ready = ready;
    size_t length = reason == NULL ? 0 : strnlen(reason, sizeof service->reason - 1);
    if (length > 0) {
        memcpy(service->reason, reason, length);
    }
    service->reason[length] = '\0';
    int64_t suppressed = 0;
    bool logged = !ready && log_limiter_allows(&service->not_ready_log, NOT_READY_LOG_MS, &suppressed);
    (void)pthread_mutex_unlock(&service->ready_mutex);
    if (changed && ready) {
        log_event(LOG_LEVEL_INFO, "ready", LOG_INTEGER("after_ms", clock_monotonic_ms() - service->started_ms));
    } else if ((changed || logged) && !atomic_load(&service->stopping)) {
        log_event(LOG_LEVEL_WARN, "not ready", LOG_STRING("reason", reason), LOG_INTEGER("suppressed", suppressed));
    }
}

void service_set_stop(struct service *service, void (*stop)(void *user), void *user)
{
    (void)pthread_mutex_lock(&service->stop_mutex);
    service->stop = stop;
    service->stop_user = user;
    if (stop != NULL && atomic_load(&service->stopping)) {
        stop(user);
        service->stop = NULL;
    }
    (void)pthread_mutex_unlock(&service->stop_mutex);
}

void service_begin_stop(struct service *service)
{
    (void)pthread_mutex_lock(&service->stop_mutex);
    atomic_store(&service->stopping_ms, clock_monotonic_ms());
    atomic_store(&service->stopping, true);
    if (service->stop != NULL) {
        service->stop(service->stop_user);
        service->stop = NULL;
    }
    (void)pthread_mutex_unlock(&service->stop_mutex);
}

static void on_signal(void *user, int number)
{
    struct service *service = user;
    if (number == SIGHUP) {
        return; /* there is nothing to read anew: certificates and settings are read at the start */
    }
    if (atomic_load(&service->stopping)) {
        log_event(LOG_LEVEL_WARN, "second signal: exiting at once", LOG_INTEGER("signal", number));
        _exit(1);
    }
    log_event(LOG_LEVEL_INFO, "stopping", LOG_INTEGER("signal", number));
    service_begin_stop(service);
}

static enum status start_admin(struct service *service, struct http_server **out_server, struct error *error)
{
    struct http_route routes[SERVICE_ADMIN_ROUTES + SERVICE_API_ROUTES_MAX];
    const char *listen = service->definition->admin_listen(service->settings);
    const char *of_child = getenv(SERVICE_CHILD_ADMIN_VARIABLE);
    if (service->is_child) {
        listen = of_child;
    }
    if (listen == NULL) {
        return STATUS_OK;
    }
    size_t count = service_admin_routes(service, routes, SERVICE_ADMIN_ROUTES);
    count += service_api_routes(service, routes + count, SERVICE_API_ROUTES_MAX);
    struct http_server_options options = {
        .listen = listen,
        .routes = routes,
        .route_count = count,
        .limits = {.max_connections = 64},
    };
    enum status status = http_server_start(&options, out_server, error);
    if (status != STATUS_OK) {
        error_prefix(error, "admin port: ");
    }
    return status;
}

enum status service_run_single(const struct service_definition *definition, const struct settings *settings,
                               struct error *error)
{
    struct service *service = service_new(definition, settings, getenv(SERVICE_CHILD_VARIABLE) != NULL);
    struct signals *signals = NULL;
    struct http_server *admin = NULL;
    enum status status = signals_start(on_signal, service, &signals, error);
    if (status != STATUS_OK) {
        goto done;
    }
    log_event(LOG_LEVEL_INFO, "starting", LOG_STRING("version", FERRY_VERSION), LOG_STRING("config", settings->path),
              LOG_INTEGER("pid", getpid()), LOG_STRING("child", getenv(SERVICE_CHILD_VARIABLE)));
    status = start_admin(service, &admin, error);
    if (status != STATUS_OK) {
        goto done;
    }
    service_start_traces(service);
    status = definition->run(service, settings, error);
    service_stop_traces(service);
    service_set_api(service, NULL);
    service_set_stop(service, NULL, NULL);
    if (status == STATUS_OK) {
        log_event(LOG_LEVEL_INFO, "stopped", LOG_INTEGER("after_ms", clock_monotonic_ms() - service->started_ms));
    }
done:
    if (admin != NULL) {
        (void)http_server_drain(admin, clock_monotonic_ms() + ADMIN_DRAIN_MS); /* late scrapes are cut off */
        http_server_destroy(admin);
    }
    signals_stop(signals);
    service_destroy(service);
    return status;
}
