/* See delete_target.h. */
#include "delete_target.h"

#include <string.h>

static bool runs_hello(const struct settings *settings, const struct settings_route *route)
{
    return route->target == SETTINGS_TARGET_WORKFLOW && strcmp(route->workflow, "helloWorld") == 0 &&
           strcmp(route->task_queue, settings->worker.task_queue) == 0 &&
           (!route->namespace_ || strcmp(route->namespace_, settings->temporal.namespace_) == 0);
}

static void add_queue(const struct settings *settings, const struct settings_queue *queue, const char *route_name,
                      struct delete_target *target)
{
    bool deletes = false;
    for (size_t i = 0; i < queue->route_count; i++) {
        const struct settings_route *route = settings_find_route(settings, queue->routes[i]);
        if (!route || (route_name && strcmp(route->name, route_name) != 0) || !runs_hello(settings, route)) {
            continue;
        }
        if (route->ack == SETTINGS_ACK_WORKER) {
            deletes = true;
        } else {
            target->leaves_message = true;
        }
    }
    if (deletes) {
        target->queue_urls[target->count++] = queue->url;
    }
}

/* false: nothing fits. */
static bool find(const struct settings *settings, const char *route_name, const char *queue_url,
                 struct delete_target *out_target)
{
    struct delete_target target = {0};
    for (size_t i = 0; i < settings->queue_count; i++) {
        const struct settings_queue *queue = &settings->queues[i];
        if (!queue_url || strcmp(queue->url, queue_url) == 0) {
            add_queue(settings, queue, route_name, &target);
        }
    }
    bool is_found = target.count > 0 || target.leaves_message;
    target.leaves_message = target.count == 0 && target.leaves_message;
    *out_target = target;
    return is_found;
}

void delete_target_find(const struct settings *settings, const char *route_name, const char *queue_url,
                        struct delete_target *out_target)
{
    if (!find(settings, route_name, queue_url, out_target) && !find(settings, NULL, queue_url, out_target) &&
        !find(settings, route_name, NULL, out_target)) {
        (void)find(settings, NULL, NULL, out_target);
    }
}
