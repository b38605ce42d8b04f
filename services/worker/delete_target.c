/* See delete_target.h. */
#include "delete_target.h"

#include <string.h>

static const struct settings_route *hello_route(const struct settings *settings, const struct settings_queue *queue)
{
    const struct settings_route *route = settings_find_route(settings, queue->routes[0]);
    if (!route || strcmp(route->workflow, "helloWorld") != 0 ||
        strcmp(route->task_queue, settings->worker.task_queue) != 0) {
        return NULL;
    }
    return route;
}

enum status delete_target_find(const struct settings *settings, struct delete_target *out_target,
                               struct error *error)
{
    struct delete_target target = {0};
    bool has_other = false;
    for (size_t i = 0; i < settings->queue_count; i++) {
        const struct settings_queue *queue = &settings->queues[i];
        const struct settings_route *route = hello_route(settings, queue);
        if (!route) {
            continue;
        }
        if (route->ack != SETTINGS_ACK_WORKER) {
            has_other = true;
        } else if (target.queue_url && strcmp(target.queue_url, queue->url) != 0) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "two queues run helloWorld on task queue \"%s\" with ack: worker, and helloWorldActivity "
                             "can delete from one only: %s and %s",
                             settings->worker.task_queue, target.queue_url, queue->url);
        } else {
            target.queue_url = queue->url;
        }
    }
    target.leaves_message = has_other && !target.queue_url;
    *out_target = target;
    return STATUS_OK;
}
