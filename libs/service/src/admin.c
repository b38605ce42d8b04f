/* The admin routes of one process. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "internal.h"

void service_reply_text(struct http_exchange *exchange, const char *text)
{
    http_exchange_reply(exchange, 200, "text/plain; charset=utf-8", NULL, 0, text, strlen(text));
}

void service_reply_not_ready(struct http_exchange *exchange, const char *reason)
{
    http_exchange_problem(exchange, 503, "not-ready", "The service is not ready", reason, 1);
}

void service_reply_version(struct http_exchange *exchange, const char *name)
{
    char text[256];
    int length = snprintf(text, sizeof text, "{\"name\":\"%s\",\"version\":\"%s\"}\n", name, FERRY_VERSION);
    CHECK(length > 0 && (size_t)length < sizeof text);
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, text, (size_t)length);
}

static void handle_live(struct http_exchange *exchange, void *user)
{
    (void)user;
    service_reply_text(exchange, "ok\n");
}

static void handle_ready(struct http_exchange *exchange, void *user)
{
    struct service *service = user;
    char reason[ERROR_TEXT_SIZE];
    (void)pthread_mutex_lock(&service->ready_mutex);
    bool ready = service->ready;
    memcpy(reason, service->reason, sizeof reason);
    (void)pthread_mutex_unlock(&service->ready_mutex);
    if (ready && !atomic_load(&service->stopping)) {
        service_reply_text(exchange, "ok\n");
    } else {
        service_reply_not_ready(exchange, atomic_load(&service->stopping) ? "stopping" : reason);
    }
}

static void handle_metrics(struct http_exchange *exchange, void *user)
{
    struct service *service = user;
    struct buffer text;
    buffer_init(&text, METRICS_TEXT_MAX);
    metrics_write(service->metrics, &text);
    http_exchange_reply(exchange, 200, METRICS_CONTENT_TYPE, NULL, 0, text.data, text.length);
    buffer_deinit(&text);
}

static void handle_version(struct http_exchange *exchange, void *user)
{
    struct service *service = user;
    service_reply_version(exchange, service->definition->name);
}

size_t service_admin_routes(struct service *service, struct http_route *out_routes, size_t capacity)
{
    const struct http_route routes[SERVICE_ADMIN_ROUTES] = {
        {.method = "GET", .path = "/livez", .handler = handle_live, .user = service},
        {.method = "GET", .path = "/readyz", .handler = handle_ready, .user = service},
        {.method = "GET", .path = "/healthz", .handler = handle_ready, .user = service},
        {.method = "GET", .path = "/metrics", .handler = handle_metrics, .user = service},
        {.method = "GET", .path = "/version", .handler = handle_version, .user = service},
    };
    CHECK(capacity >= SERVICE_ADMIN_ROUTES);
    memcpy(out_routes, routes, sizeof routes);
    return SERVICE_ADMIN_ROUTES;
}

/* --- the service's own -------------------------------------------------------------------------------------------- */

void service_set_api(struct service *service, void *user)
{
    (void)pthread_mutex_lock(&service->api_mutex);
    service->api_user = user;
    (void)pthread_mutex_unlock(&service->api_mutex);
}

static void handle_api(struct http_exchange *exchange, void *user)
{
    struct service_api_binding *binding = user;
    struct service *service = binding->service;
    (void)pthread_mutex_lock(&service->api_mutex);
    if (service->api_user != NULL) {
        binding->route->handler(exchange, service->api_user);
    } else {
        service_reply_not_ready(exchange, "it is starting or stopping");
    }
    (void)pthread_mutex_unlock(&service->api_mutex);
}

size_t service_api_routes(struct service *service, struct http_route *out_routes, size_t capacity)
{
    const struct service_definition *definition = service->definition;
    CHECK(definition->api_count <= SERVICE_API_ROUTES_MAX && definition->api_count <= capacity);
    for (size_t i = 0; i < definition->api_count; i++) {
        const struct service_api_route *route = &definition->api[i];
        service->api[i] = (struct service_api_binding){.service = service, .route = route};
        out_routes[i] = (struct http_route){
            .method = route->method, .path = route->path, .handler = handle_api, .user = &service->api[i]};
    }
    return definition->api_count;
}
