/* Puts the gateway together, runs it, and takes it apart in stages. */
#include "gateway.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "aws/sqs_stack.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "openapi.h"
#include "recent_events.h"
#include "request_trace.h"
#include "run_gateway.h"
#include "run_wait.h"
#include "uplink/uplink.h"

#define WATCHES_MAX 20000
#define WATCH_LINGER_MS 15000
#define WATCH_GATHER_MS 4
#define WATCH_GATHER_RUNS 10
#define WATCH_LOOKS_PER_SECOND 100
#define WATCH_LOOK_AGAIN_MS 1000
#define WATCH_LOOK_AGAIN_CALLBACK_MS 300000
#define ADMIN_ROUTES 5
#define CONNECTION_GRACE_MS 500 /* left of the grace period for ending what did not end by itself */

/* What run_gateway waits for. */
struct stop_flag {
    pthread_mutex_t mutex; /* guards stopped */
    pthread_cond_t condition;
    bool stopped;
};

static void on_stop(void *user)
{
    struct stop_flag *flag = user;
    (void)pthread_mutex_lock(&flag->mutex);
    flag->stopped = true;
    (void)pthread_cond_signal(&flag->condition);
    (void)pthread_mutex_unlock(&flag->mutex);
}

static void wait_for_stop(struct stop_flag *flag)
{
    (void)pthread_mutex_lock(&flag->mutex);
    while (!flag->stopped) {
        (void)thread_condition_wait(&flag->condition, &flag->mutex, INT64_MAX); /* false never comes */
    }
    (void)pthread_mutex_unlock(&flag->mutex);
}

/* What can become of the route's events. */
static bool has_outcome(const struct settings_route *route, enum entry_outcome outcome)
{
    switch (outcome) {
    case ENTRY_STARTED:
    case ENTRY_ATTACHED:
    case ENTRY_CLOSED:
        return route->target != SETTINGS_TARGET_SQS;
    case ENTRY_QUEUED:
        return route->target == SETTINGS_TARGET_SQS;
    case ENTRY_REJECTED:
    case ENTRY_RETRY:
        break;
    }
    return true;
}

static bool sends_to_queues(const struct settings *settings)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        if (settings->routes[i].target == SETTINGS_TARGET_SQS) {
            return true;
        }
    }
    return false;
}

static enum status start_sqs(struct gateway *gateway, struct error *error)
{
    enum status status = STATUS_OK;
    if (sends_to_queues(gateway->settings)) {
        status = sqs_stack_new(NULL, &gateway->sqs, error);
        if (status == STATUS_OK) {
            status = sqs_stack_start_thread(gateway->sqs, error);
        }
    }
    return status;
}

static void make_metrics(struct gateway *gateway)
{
    struct metrics *metrics = service_metrics(gateway->service);
    const struct settings *settings = gateway->settings;
    gateway->start_seconds = metrics_histogram(metrics, "ferry_gateway_start_seconds",
                                               "From a request with events to its answer.", metrics_latency_bounds,
                                               metrics_latency_bound_count, NULL);
    gateway->history_stream_gauge = metrics_gauge(metrics, "ferry_gateway_history_streams",
                                                  "Histories that are followed by server-sent events.", NULL);
    gateway->routes = memory_alloc_array(settings->route_count, sizeof *gateway->routes);
    for (size_t i = 0; i < settings->route_count; i++) {
        for (int outcome = 0; outcome < GATEWAY_OUTCOMES; outcome++) {
            if (!has_outcome(&settings->routes[i], (enum entry_outcome)outcome)) {
                continue;
            }
            const char *name = entry_outcome_name((enum entry_outcome)outcome);
            gateway->routes[i].events[outcome] =
                metrics_counter(metrics, "ferry_gateway_events", "Events by what became of them.",
                                METRIC_LABELS({"route", settings->routes[i].name}, {"outcome", name}));
        }
    }
}

/* What callers must know or show, and what we show them. */
static enum status read_credentials(struct gateway *gateway, struct error *error)
{
    const struct settings_gateway *settings = &gateway->settings->gateway;
    enum status status = STATUS_OK;
    if (settings->tls_certificate != NULL) {
        const struct http_tls_files files = {.certificate = settings->tls_certificate,
                                             .key = settings->tls_key,
                                             .ca = settings->tls_client_ca};
        status = http_tls_new(&files, &gateway->tls, error);
    }
    if (status == STATUS_OK) {
        status = gateway_access_new(gateway->settings, service_metrics(gateway->service), &gateway->access, error);
    }
    if (status == STATUS_OK) {
        status = webhooks_new(gateway->settings, &gateway->webhooks, error);
    }
    return status;
}

static enum status start_server(struct gateway *gateway, struct error *error)
{
    const struct settings_gateway *settings = &gateway->settings->gateway;
    struct http_route routes[API_ROUTES_MAX + ADMIN_ROUTES];
    size_t count = api_routes(gateway, routes);
    count += service_admin_routes(gateway->service, routes + count, ADMIN_ROUTES);
    gateway->openapi = openapi_write(routes, count, gateway->settings);
    const struct http_server_options options = {
        .listen = settings->listen,
        .routes = routes,
        .route_count = count,
        .max_body_bytes = (size_t)settings->max_body_bytes,
        .reuse_port = service_is_child(gateway->service),
        .admit = gateway_admit,
        .admit_user = gateway,
        .ended = request_trace_end,
        .ended_user = gateway,
        .metrics = service_metrics(gateway->service),
        .tls = gateway->tls,
        .limits = {.max_connections = (unsigned)settings->max_connections,
                   .max_connections_per_address = (unsigned)settings->max_connections_per_address,
                   .header_timeout_ms = settings->header_timeout_ms,
                   .transfer_timeout_ms = settings->transfer_timeout_ms,
                   .idle_timeout_ms = settings->idle_timeout_ms},
    };
    enum status status = http_server_start(&options, &gateway->server, error);
    if (status == STATUS_OK) {
        log_event(LOG_LEVEL_INFO, "listening", LOG_STRING("listen", settings->listen),
                  LOG_INTEGER("port", http_server_port(gateway->server)),
                  LOG_BOOLEAN("tls", gateway->tls != NULL),
                  LOG_BOOLEAN("client_certificates", settings->tls_client_ca != NULL),
                  LOG_BOOLEAN("token", gateway_access_has_tokens(gateway->access)));
    }
    return status;
}

/* Loop's thread, first stage: no more waiting. */
static void begin_stop(void *argument)
{
    struct gateway *gateway = argument;
    gateway_stop_readiness(gateway);
    watch_table_answer_all(gateway->watches);
    run_waits_end(gateway);
}

/* Loop's thread, last stage: what is still followed is given up. */
static void end_stop(void *argument)
{
    struct gateway *gateway = argument;
    watch_table_destroy(gateway->watches);
    gateway->watches = NULL;
}

static void drain(struct gateway *gateway)
{
    int64_t grace_ms = gateway->settings->gateway.grace_ms;
    int64_t wait_ms = grace_ms > CONNECTION_GRACE_MS ? grace_ms - CONNECTION_GRACE_MS : 0;
    loop_post(gateway->loop, begin_stop, gateway);
    if (!http_server_drain(gateway->server, clock_monotonic_ms() + wait_ms)) {
        log_plain(LOG_LEVEL_WARN, "the grace period ended before all requests were answered");
    }
}

enum status run_gateway(struct service *service, const struct settings *settings, struct error *error)
{
    struct gateway gateway = {.service = service, .settings = settings, .tracer = service_tracer(service)};
    struct stop_flag flag = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    thread_condition_init(&flag.condition);
    atomic_init(&gateway.ready, false);
    atomic_init(&gateway.history_streams, 0);
    list_init(&gateway.run_waits);
    make_metrics(&gateway);
    gateway.recent = memory_alloc(sizeof *gateway.recent);
    gateway.recent_events = recent_events_new();
    gateway.callbacks = callbacks_new(settings);
    enum status status = read_credentials(&gateway, error);
    if (status == STATUS_OK) {
        status = start_sqs(&gateway, error);
    }
    if (status == STATUS_OK) {
        status = uplink_new(&settings->temporal, service_metrics(service), &gateway.uplink, error);
    }
    if (status != STATUS_OK) {
        goto done;
    }
    gateway.connection = uplink_connection(gateway.uplink);
    gateway.loop = temporal_connection_loop(gateway.connection);
    gateway.watches = watch_table_new(&(struct watch_table_options){
        .loop = gateway.loop,
        .source = gateway_watch_source(&gateway),
        .maximum = WATCHES_MAX,
        .long_polls = (size_t)settings->gateway.long_polls,
        .looks_per_second = WATCH_LOOKS_PER_SECOND,
        .look_again_ms = WATCH_LOOK_AGAIN_MS,
        .look_again_callback_ms = WATCH_LOOK_AGAIN_CALLBACK_MS,
        .linger_ms = WATCH_LINGER_MS,
        .gather_ms = WATCH_GATHER_MS,
        .gather_runs = WATCH_GATHER_RUNS,
        .metrics = service_metrics(service),
    });
    status = start_server(&gateway, error);
    if (status == STATUS_OK) {
        loop_post(gateway.loop, gateway_start_readiness, &gateway); /* ready is who listens */
        service_set_stop(service, on_stop, &flag);
        wait_for_stop(&flag);
        drain(&gateway);
        service_set_stop(service, NULL, NULL);
    } else {
        loop_post(gateway.loop, begin_stop, &gateway);
    }
    loop_post_and_wait(gateway.loop, end_stop, &gateway);
done:
    /* Calls that are still under way end here and answer their requests: the server goes after them. */
    uplink_destroy(gateway.uplink);
    sqs_stack_destroy(gateway.sqs);
    http_server_destroy(gateway.server);
    http_tls_destroy(gateway.tls);
    gateway_access_destroy(gateway.access);
    webhooks_destroy(gateway.webhooks);
    free(gateway.routes);
    free(gateway.recent);
    recent_events_destroy(gateway.recent_events);
    callbacks_destroy(gateway.callbacks);
    free(gateway.openapi);
    (void)pthread_cond_destroy(&flag.condition);
    return status;
}
