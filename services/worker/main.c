/* ferry-worker: runs the built-in workflow helloWorld and its activity. Wiring only. */
#include <malloc.h>

#include <temporal/connection.h>
#include <temporal/worker.h>

#include "activities/hello_world_activity.h"
#include "delete_target.h"
#include "delete_thread.h"
#include "service/service.h"
#include "workflows/hello_world.h"

#define MALLOC_ARENAS 2 /* else each of the many activity threads gets its own: memory for nothing */

static const char *admin_listen(const struct settings *settings)
{
    return settings->worker.admin_listen;
}

static enum status check(const struct settings *settings, struct error *error)
{
    struct delete_target target;
    return delete_target_find(settings, &target, error);
}

static void on_reachable(void *user, bool is_reachable, const char *reason)
{
    service_set_ready(user, is_reachable, reason);
}

static void on_stop(void *user)
{
    temporal_worker_stop(user);
}

static enum status connect_temporal(const struct settings *settings, struct metrics *metrics,
                                    struct temporal_connection **out_connection, struct error *error)
{
    const struct settings_temporal *temporal = &settings->temporal;
    const struct temporal_connection_options options = {
        .address = temporal->address,
        .namespace_name = temporal->namespace_,
        .api_key = temporal->api_key,
        .tls = temporal->tls,
        .tls_ca_file = temporal->tls_ca,
        .tls_certificate_file = temporal->tls_certificate,
        .tls_key_file = temporal->tls_key,
        .tls_server_name = temporal->tls_server_name,
        .metrics = metrics,
    };
    return temporal_connection_new(&options, out_connection, error);
}

static enum status make_worker(struct temporal_connection *connection, const struct settings *settings,
                               struct metrics *metrics, struct temporal_worker **out_worker, struct error *error)
{
    const struct settings_worker *worker = &settings->worker;
    const struct temporal_worker_options options = {
        .task_queue = worker->task_queue,
        .activities = worker->activities,
        .workflow_cache = worker->workflow_cache > 0 ? worker->workflow_cache : TEMPORAL_WORKER_CACHE_NONE,
        .grace_ms = worker->grace_ms > 0 ? worker->grace_ms : TEMPORAL_WORKER_GRACE_NONE,
        .metrics = metrics,
    };
    return temporal_worker_new(connection, &options, out_worker, error);
}

static enum status run(struct service *service, const struct settings *settings, struct error *error)
{
    struct metrics *metrics = service_metrics(service);
    struct temporal_connection *connection = NULL;
    struct temporal_worker *worker = NULL;
    struct delete_thread *deletes = NULL;
    struct delete_target target = {0};
    struct hello_world_activity activity = {.work_ms = settings->hello.work_ms};
    enum status status = delete_target_find(settings, &target, error);
    if (status != STATUS_OK) {
        goto done;
    }
    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    if (target.queue_url) {
        status = delete_thread_start(target.queue_url, metrics, &deletes, error);
        if (status != STATUS_OK) {
            goto done;
        }
        activity.deletes = delete_thread_queue(deletes);
    }
    activity.leaves_message = target.leaves_message;
    status = connect_temporal(settings, metrics, &connection, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = make_worker(connection, settings, metrics, &worker, error);
    if (status != STATUS_OK) {
        goto done;
    }
    hello_world_register(worker);
    hello_world_activity_register(worker, &activity);
    temporal_worker_on_reachable(worker, on_reachable, service);
    service_set_stop(service, on_stop, worker);
    status = temporal_worker_run(worker, error);
done:
    service_set_stop(service, NULL, NULL);
    temporal_worker_destroy(worker);
    temporal_connection_destroy(connection);
    delete_thread_stop(deletes);
    return status;
}

int main(int argc, char **argv)
{
    static const struct service_definition definition = {
        .name = "ferry-worker",
        .summary = "runs workflows and activities: the built-in helloWorld",
        .admin_listen = admin_listen,
        .check = check,
        .run = run,
    };
    return service_main(&definition, argc, argv);
}
