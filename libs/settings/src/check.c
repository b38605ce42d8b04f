/* Contradictions between settings that are fine one by one. */
#include <stdarg.h>
#include <string.h>

#include "loader.h"
#include "settings/template.h"

/* Names the key where it stands in the file, or the thing and key where it comes from elsewhere. */
PRINTF_LIKE(5, 6)
static enum status fail(const struct config_node *mapping, const char *key, const char *where, struct error *error,
                        const char *format, ...)
{
    const struct config_node *node = config_get(mapping, key);
    struct error why = {0};
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(&why, STATUS_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    if (mapping != NULL) {
        return config_error(node == NULL ? mapping : node, error, "%s", why.text);
    }
    return error_set(error, STATUS_INVALID_ARGUMENT, "%s.%s: %s", where, key, why.text);
}

static enum status check_temporal(const struct settings_loader *loader, struct error *error)
{
    struct settings_temporal *temporal = &loader->settings->temporal;
    bool has_certificate = temporal->tls_certificate != NULL;
    bool wants_tls = temporal->api_key != NULL || has_certificate || temporal->tls_ca != NULL ||
                     temporal->tls_server_name != NULL;
    if (has_certificate != (temporal->tls_key != NULL)) {
        return fail(loader->temporal_node, has_certificate ? "tls_certificate" : "tls_key", "temporal", error,
                    "expected a client certificate and its key together, found only the %s",
                    has_certificate ? "certificate" : "key");
    }
    if (loader->tls_is_set && !temporal->tls && wants_tls) {
        return fail(loader->temporal_node, "tls", "temporal", error,
                    "expected TLS with an API key, a certificate, a CA or a server name, found tls: false");
    }
    temporal->tls = temporal->tls || wants_tls;
    return STATUS_OK;
}

static enum status check_route(const struct settings_route *route, const struct config_node *node,
                               struct error *error)
{
    if (!settings_template_has(route->id, SETTINGS_TEMPLATE_MESSAGE_ID) && !route->same_id_is_duplicate) {
        return fail(node, "id", route->name, error,
                    "expected {MessageId} in \"%s\", or same_id: is_duplicate to say that messages with one ID are one "
                    "message",
                    route->id);
    }
    if (route->order == SETTINGS_ORDER_GROUP && route->ack == SETTINGS_ACK_START) {
        return fail(node, "order", route->name, error,
                    "order: group contradicts ack: start: the next message of a group would not wait for the run "
                    "before it");
    }
    return STATUS_OK;
}

static enum status check_queue(const struct settings_loader *loader, size_t index, struct error *error)
{
    const struct settings *settings = loader->settings;
    const struct settings_queue *queue = &settings->queues[index];
    const struct config_node *node = loader->queue_nodes[index];
    const struct settings_route *route = settings_find_route(settings, queue->route);
    bool is_fifo = settings_queue_is_fifo(queue);
    if (route == NULL) {
        return fail(node, "route", "queue", error,
                    "expected the name of a route below \"routes\", not \"%s\"", queue->route);
    }
    if (route->order == SETTINGS_ORDER_GROUP && !is_fifo) {
        return fail(node, "route", "queue", error,
                    "route \"%s\" has order: group, which a standard queue cannot give", route->name);
    }
    if (is_fifo && route->order == SETTINGS_ORDER_AUTO && route->ack == SETTINGS_ACK_START) {
        return fail(node, "route", "queue", error,
                    "route \"%s\" has ack: start, which keeps no order on a FIFO queue: say order: none, or another "
                    "ack",
                    route->name);
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(settings->queues[i].url, queue->url) == 0) {
            return fail(node, "url", "queue", error, "expected each queue once, found \"%s\" again", queue->url);
        }
    }
    return STATUS_OK;
}

enum status settings_check(const struct settings_loader *loader, struct error *error)
{
    const struct settings *settings = loader->settings;
    enum status status = check_temporal(loader, error);
    for (size_t i = 0; status == STATUS_OK && i < settings->route_count; i++) {
        status = check_route(&settings->routes[i], loader->route_nodes[i], error);
    }
    for (size_t i = 0; status == STATUS_OK && i < settings->queue_count; i++) {
        status = check_queue(loader, i, error);
    }
    return status;
}
