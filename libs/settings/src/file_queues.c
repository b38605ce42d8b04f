/* The section "queues" of the configuration file. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loader.h"

/* A name that the routes of the list lead to already is a typo. */
static enum status add_route(struct settings_queue *queue, const struct config_node *item, struct error *error)
{
    const char *name = config_scalar(item);
    struct error why = {0};
    if (name == NULL) {
        return config_error(item, error, "expected the name of a route");
    }
    if (settings_check_route_name(name, &why) != STATUS_OK) {
        return config_error(item, error, "%s", why.text);
    }
    for (size_t i = 0; i < queue->route_count; i++) {
        if (strcmp(queue->routes[i], name) == 0) {
            return config_error(item, error, "expected each route once, found \"%s\" again", name);
        }
    }
    queue->routes[queue->route_count++] = memory_copy_string(name);
    return STATUS_OK;
}

static enum status read_queue_route(struct settings_queue *queue, const struct config_node *node,
                                    struct error *error)
{
    const struct config_node *value = config_get(node, "route");
    if (value == NULL) {
        return STATUS_OK;
    }
    if (config_is_list(value) && !config_is_mapping(value)) {
        size_t count = config_count(value);
        if (count == 0 || count > SETTINGS_QUEUE_ROUTES_MAX) {
            return config_error(value, error, "expected 1 to %d routes, found %zu", SETTINGS_QUEUE_ROUTES_MAX, count);
        }
        free(queue->routes[0]);
        free(queue->routes);
        queue->routes = memory_alloc_array(count, sizeof(char *));
        queue->route_count = 0;
        for (size_t i = 0; i < count; i++) {
            SETTINGS_TRY(add_route(queue, config_item(value, i), error));
        }
        return STATUS_OK;
    }
    char *name = NULL;
    enum status status = settings_read_text(node, "route", settings_check_route_name, &name, error);
    if (status == STATUS_OK) {
        settings_queue_set_route(queue, name);
    }
    free(name);
    return status;
}

static enum status read_envelope(struct settings_queue *queue, const struct config_node *node, struct error *error)
{
    static const char *const names[] = {"none", "sns", "eventbridge", NULL};
    static const enum settings_envelope values[] = {SETTINGS_ENVELOPE_NONE, SETTINGS_ENVELOPE_SNS,
                                                    SETTINGS_ENVELOPE_EVENTBRIDGE};
    int choice = 0;
    SETTINGS_TRY(config_read_choice(node, "envelope", names, &choice, error));
    queue->envelope = values[choice];
    return STATUS_OK;
}

static enum status read_routing(struct settings_queue *queue, const struct config_node *node, struct error *error)
{
    bool is_set = false;
    SETTINGS_TRY(read_queue_route(queue, node, error));
    SETTINGS_TRY(settings_read_closed_action(node, "unmatched", &queue->unmatched, &is_set, error));
    SETTINGS_TRY(
        settings_read_text(node, "dead_letter_queue", settings_check_queue_url, &queue->dead_letter_queue, error));
    return read_envelope(queue, node, error);
}

static enum status read_limits(struct settings_queue *queue, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(config_read_duration_ms(node, "visibility", SETTINGS_SECOND_MS, 12 * SETTINGS_HOUR_MS,
                                         &queue->visibility_ms, error));
    SETTINGS_TRY(config_read_duration_ms(node, "wait", 0, 20 * SETTINGS_SECOND_MS, &queue->wait_ms, error));
    SETTINGS_TRY(config_read_integer(node, "max_in_flight", 1, 100000, &queue->max_in_flight, error));
    SETTINGS_TRY(config_read_bytes(node, "max_in_flight_bytes", (int64_t)1 << 20, (int64_t)16 << 30,
                                   &queue->max_in_flight_bytes, error));
    return config_read_integer(node, "receives", 1, 64, &queue->receives, error);
}

static enum status read_queue(struct settings_queue *queue, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(settings_read_text(node, "url", settings_check_queue_url, &queue->url, error));
    SETTINGS_TRY(settings_read_text(node, "name", settings_check_queue_name, &queue->name, error));
    SETTINGS_TRY(read_routing(queue, node, error));
    SETTINGS_TRY(read_limits(queue, node, error));
    if (queue->url == NULL) {
        return config_error(node, error, "expected the key \"url\": the queue's URL");
    }
    return STATUS_OK;
}

enum status settings_read_queues(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings *settings = loader->settings;
    if (node != NULL && !config_is_list(node)) {
        return config_error(node, error, "expected a list of queues");
    }
    size_t count = node == NULL ? 0 : config_count(node);
    if (count > SETTINGS_QUEUES_MAX) {
        return config_error(node, error, "expected at most %d queues, found %zu", SETTINGS_QUEUES_MAX, count);
    }
    if (count == 0) {
        return STATUS_OK;
    }
    settings->queues = memory_alloc_array(count, sizeof *settings->queues);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *item = config_item(node, i);
        settings_queue_init(&settings->queues[i]);
        settings->queue_count = i + 1;
        loader->queue_nodes[i] = item;
        SETTINGS_TRY(read_queue(&settings->queues[i], item, error));
    }
    return STATUS_OK;
}
