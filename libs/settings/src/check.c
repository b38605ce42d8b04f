/* Contradictions between settings that are fine one by one. */
#include <inttypes.h>
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

static enum status check_signal(const struct settings_route *route, const struct config_node *node,
                                struct error *error)
{
    if (route->target != SETTINGS_TARGET_SIGNAL) {
        return route->signal == NULL ? STATUS_OK
                                     : fail(node, "signal", route->name, error,
                                            "expected target: signal beside a signal's name");
    }
    if (route->signal == NULL) {
        return fail(node, "target", route->name, error, "expected the key \"signal\": the signal's name");
    }
    if (route->ack != SETTINGS_ACK_START) {
        return fail(node, "ack", route->name, error,
                    "expected ack: start with target: signal: the workflow lives on after the message");
    }
    return STATUS_OK;
}

static enum status check_closing(const struct settings_route *route, const struct config_node *node,
                                 struct error *error)
{
    bool has_queue = route->dead_letter_queue != NULL;
    if (!has_queue && route->on_failed == SETTINGS_CLOSED_DEAD_LETTER) {
        return fail(node, "on_failed", route->name, error, "expected the key \"dead_letter_queue\" with dead_letter");
    }
    if (!has_queue && route->on_canceled == SETTINGS_CLOSED_DEAD_LETTER) {
        return fail(node, "on_canceled", route->name, error,
                    "expected the key \"dead_letter_queue\" with dead_letter");
    }
    if (route->backoff_max_ms < route->backoff_ms) {
        return fail(node, config_get(node, "backoff_max") != NULL ? "backoff_max" : "backoff", route->name, error,
                    "backoff (%" PRId64 " ms) is longer than backoff_max (%" PRId64 " ms): set backoff_max, too",
                    route->backoff_ms, route->backoff_max_ms);
    }
    return STATUS_OK;
}

/* A certificate and its key are given together, or neither is. */
static enum status check_pair(const struct settings_loader *loader, const char *certificate_name,
                              const char *certificate, const char *key_name, const char *key, struct error *error)
{
    bool has_certificate = certificate != NULL;
    if (has_certificate == (key != NULL)) {
        return STATUS_OK;
    }
    return fail(loader->gateway_node, has_certificate ? certificate_name : key_name, "gateway", error,
                "expected a certificate and its key together (%s and %s), found only the %s", certificate_name,
                key_name, has_certificate ? "certificate" : "key");
}

static enum status check_gateway(const struct settings_loader *loader, struct error *error)
{
    const struct settings_gateway *gateway = &loader->settings->gateway;
    const char *client_key = gateway->client_tls_ca != NULL ? "client_tls_ca" : "client_tls_certificate";
    enum status status = check_pair(loader, "tls_certificate", gateway->tls_certificate, "tls_key", gateway->tls_key,
                                    error);
    if (status == STATUS_OK) {
        status = check_pair(loader, "client_tls_certificate", gateway->client_tls_certificate, "client_tls_key",
                            gateway->client_tls_key, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (gateway->tls_client_ca != NULL && gateway->tls_certificate == NULL) {
        return fail(loader->gateway_node, "tls_client_ca", "gateway", error,
                    "expected tls_certificate and tls_key beside it: without TLS no client shows a certificate");
    }
    if ((gateway->client_tls_ca != NULL || gateway->client_tls_certificate != NULL) &&
        strncmp(gateway->url, "https://", 8) != 0) {
        return fail(loader->gateway_node, client_key, "gateway", error,
                    "expected an https:// URL in gateway.url beside it, found \"%s\"", gateway->url);
    }
    return STATUS_OK;
}

static enum status check_route(const struct settings_route *route, const struct config_node *node,
                               struct error *error)
{
    bool is_signal = route->target == SETTINGS_TARGET_SIGNAL;
    if (route->target == SETTINGS_TARGET_SQS) {
        return STATUS_OK; /* whose keys were checked as they were read */
    }
    enum status status = check_signal(route, node, error);
    if (status == STATUS_OK) {
        status = check_closing(route, node, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!is_signal && !settings_template_has(route->id, SETTINGS_TEMPLATE_MESSAGE_ID) &&
        !route->same_id_is_duplicate) {
        return fail(node, "id", route->name, error,
                    "expected {MessageId} in \"%s\", or same_id: is_duplicate to say that messages with one ID are one "
                    "message",
                    route->id);
    }
    if (!is_signal && route->order == SETTINGS_ORDER_GROUP && route->ack == SETTINGS_ACK_START) {
        return fail(node, "order", route->name, error,
                    "order: group contradicts ack: start: the next message of a group would not wait for the run "
                    "before it");
    }
    return STATUS_OK;
}

/* Where the queue's route of this index stands in the file: an item of the list, else the queue. */
static const struct config_node *route_node(const struct config_node *queue, size_t index)
{
    const struct config_node *node = config_get(queue, "route");
    return config_is_list(node) ? config_item(node, index) : node;
}

PRINTF_LIKE(4, 5)
static enum status fail_route(const struct config_node *queue_node, size_t index, struct error *error,
                              const char *format, ...)
{
    const struct config_node *node = route_node(queue_node, index);
    struct error why = {0};
    va_list arguments;
    va_start(arguments, format);
    (void)error_set_v(&why, STATUS_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    if (node != NULL) {
        return config_error(node, error, "%s", why.text);
    }
    return fail(queue_node, "route", "queue", error, "%s", why.text);
}

static enum status check_queue_route(const struct settings *settings, const struct settings_queue *queue,
                                     const struct config_node *node, size_t index, struct error *error)
{
    const struct settings_route *route = settings_find_route(settings, queue->routes[index]);
    bool is_fifo = settings_queue_is_fifo(queue);
    if (route == NULL) {
        return fail_route(node, index, error, "expected the name of a route below \"routes\", not \"%s\"",
                          queue->routes[index]);
    }
    if (route->target == SETTINGS_TARGET_SQS) {
        return fail_route(node, index, error,
                          "route \"%s\" has target: sqs, which is for events from HTTP: a poller's messages are on a "
                          "queue already",
                          route->name);
    }
    if (route->order == SETTINGS_ORDER_GROUP && !is_fifo) {
        return fail_route(node, index, error,
                          "route \"%s\" has order: group, which a standard queue cannot give", route->name);
    }
    if (is_fifo && route->target != SETTINGS_TARGET_SIGNAL && route->order == SETTINGS_ORDER_AUTO &&
        route->ack == SETTINGS_ACK_START) {
        return fail_route(node, index, error,
                          "route \"%s\" has ack: start, which keeps no order on a FIFO queue: say order: none, or "
                          "another ack",
                          route->name);
    }
    if (index + 1 < queue->route_count && route->filter == NULL) {
        return fail_route(node, index, error,
                          "route \"%s\" has no filter and takes every message: expected it to be the last of the list",
                          route->name);
    }
    const struct settings_route *first = settings_find_route(settings, queue->routes[0]);
    if (first != NULL && settings_effective_order(queue, route) != settings_effective_order(queue, first)) {
        return fail_route(node, index, error,
                          "expected one order for all routes of a queue, but \"%s\" and \"%s\" differ", first->name,
                          route->name);
    }
    if (route->dead_letter_queue != NULL && strcmp(route->dead_letter_queue, queue->url) == 0) {
        return fail_route(node, index, error, "route \"%s\" has this queue itself as its dead_letter_queue",
                          route->name);
    }
    return STATUS_OK;
}

static enum status check_queue(const struct settings_loader *loader, size_t index, struct error *error)
{
    const struct settings *settings = loader->settings;
    const struct settings_queue *queue = &settings->queues[index];
    const struct config_node *node = loader->queue_nodes[index];
    for (size_t i = 0; i < queue->route_count; i++) {
        enum status status = check_queue_route(settings, queue, node, i, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (queue->unmatched == SETTINGS_CLOSED_DEAD_LETTER && queue->dead_letter_queue == NULL) {
        return fail(node, "unmatched", "queue", error, "expected the key \"dead_letter_queue\" with dead_letter");
    }
    if (queue->dead_letter_queue != NULL && strcmp(queue->dead_letter_queue, queue->url) == 0) {
        return fail(node, "dead_letter_queue", "queue", error, "expected another queue than this one");
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(settings->queues[i].url, queue->url) == 0) {
            return fail(node, "url", "queue", error, "expected each queue once, found \"%s\" again", queue->url);
        }
        if (strcmp(settings->queues[i].name, queue->name) == 0) {
            return fail(node, "name", "queue", error,
                        "expected a name for each queue of its own, found \"%s\" again: give one of them a \"name\"",
                        queue->name);
        }
    }
    return STATUS_OK;
}

enum status settings_check(const struct settings_loader *loader, struct error *error)
{
    const struct settings *settings = loader->settings;
    enum status status = check_temporal(loader, error);
    if (status == STATUS_OK) {
        status = check_gateway(loader, error);
    }
    for (size_t i = 0; status == STATUS_OK && i < settings->route_count; i++) {
        status = check_route(&settings->routes[i], loader->route_nodes[i], error);
    }
    for (size_t i = 0; status == STATUS_OK && i < settings->queue_count; i++) {
        status = check_queue(loader, i, error);
    }
    return status;
}
