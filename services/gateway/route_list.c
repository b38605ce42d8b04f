/* See route_list.h. */
#include "route_list.h"

#include <jansson.h>
#include <string.h>

#include "base/check.h"
#include "settings/access.h"
#include "settings/names.h"

static bool feeds(const struct settings_queue *queue, const struct settings_route *route)
{
    for (size_t i = 0; i < queue->route_count; i++) {
        if (strcmp(queue->routes[i], route->name) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *queues_of(const struct settings *settings, const struct settings_route *route)
{
    json_t *names = json_array();
    for (size_t i = 0; i < settings->queue_count; i++) {
        if (feeds(&settings->queues[i], route)) {
            (void)json_array_append_new(names, json_string(settings->queues[i].name));
        }
    }
    return names;
}

static json_t *describe(const struct settings *settings, const struct settings_route *route)
{
    const char *namespace_name = route->namespace_ != NULL ? route->namespace_ : settings->temporal.namespace_;
    const char *webhook = route->webhook != NULL ? settings_webhook_kind_name(route->webhook->kind) : NULL;
    return json_pack("{s:s, s:s*, s:s, s:s*, s:s*, s:s*, s:s*, s:s, s:s*, s:s*, s:s, s:s, s:s, s:b, s:b, s:o}",
                     "name", route->name, "description", route->description,
                     "target", settings_target_name(route->target),
                     "workflow", route->workflow, "signal", route->signal, "queue", route->queue,
                     "taskQueue", route->task_queue, "namespace", namespace_name, "idPrefix", route->id_prefix,
                     "webhook", webhook, "input", settings_input_name(route->input),
                     "ack", settings_ack_name(route->ack), "order", settings_order_name(route->order),
                     "hasSchema", route->schema != NULL, "hasFilter", route->filter != NULL,
                     "queues", queues_of(settings, route));
}

char *route_list_write(const struct access_grant *grant)
{
    const struct settings *settings = grant->settings;
    json_t *routes = json_array();
    for (size_t i = 0; i < settings->route_count; i++) {
        if (access_scope_shows(grant, settings->routes[i].name)) {
            json_t *route = describe(settings, &settings->routes[i]);
            CHECK(route != NULL);
            (void)json_array_append_new(routes, route);
        }
    }
    json_t *list = json_pack("{s:o}", "routes", routes);
    char *text = json_dumps(list, JSON_COMPACT);
    CHECK(text != NULL);
    json_decref(list);
    return text;
}
