/* ferry-worker: runs the built-in workflow helloWorld, its activity, and what settles messages for other workers.
 * Wiring only. */
#include <malloc.h>

#include <temporal/worker.h>

#include "activities/hello_world_activity.h"
#include "activities/sqs_activities.h"
#include "service/service.h"
#include "sqs_thread.h"
#include "uplink/uplink.h"
#include "worker_trace.h"
#include "workflows/hello_world.h"

#define MALLOC_ARENAS 2 /* else each of the many activity threads gets its own: memory for nothing */

static int64_t grace_ms(const struct settings *settings)
{
    return settings->worker.grace_ms;
}

static const char *admin_listen(const struct settings *settings)
{
    return settings->worker.admin_listen;
}

static void on_reachable(void *user, bool is_reachable, const char *reason)
{
    service_set_ready(user, is_reachable, reason);
}

static void on_stop(void *user)
{
    temporal_worker_stop(user);
}

static enum status make_worker(const struct uplink *uplink, const struct settings *settings, struct metrics *metrics,
                               const struct temporal_tracing *tracing, struct temporal_worker **out_worker,
                               struct error *error)
{
    const struct settings_worker *worker = &settings->worker;
    const struct temporal_worker_options options = {
        .task_queue = worker->task_queue,
        .activities = worker->activities,
        .workflow_cache = worker->workflow_cache > 0 ? worker->workflow_cache : TEMPORAL_WORKER_CACHE_NONE,
        .grace_ms = worker->grace_ms > 0 ? worker->grace_ms : TEMPORAL_WORKER_GRACE_NONE,
        .metrics = metrics,
        .tracing = tracing,
    };
    return temporal_worker_new(uplink_connection(uplink), &options, out_worker, error);
}

static enum status run(struct service *service, const struct settings *settings, struct error *error)
{
    struct metrics *metrics = service_metrics(service);
    struct uplink *uplink = NULL;
    struct temporal_worker *worker = NULL;
    struct sqs_thread *sqs = NULL;
    struct hello_world_activity hello = {.work_ms = settings->hello.work_ms, .settings = settings};
    struct sqs_activities activities = {.settings = settings};
    const struct tracer *tracer = service_tracer(service);
    const struct temporal_tracing tracing = {.record = worker_trace_record, .user = tracer};
    enum status status = STATUS_OK;
    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    if (settings->queue_count > 0) {
        status = sqs_thread_start(settings, metrics, &sqs, error);
        if (status != STATUS_OK) {
            goto done;
        }
        hello.sqs = sqs;
        activities.sqs = sqs;
    }
    status = uplink_new(&settings->temporal, metrics, &uplink, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = make_worker(uplink, settings, metrics, tracer != NULL ? &tracing : NULL, &worker, error);
    if (status != STATUS_OK) {
        goto done;
    }
    hello_world_register(worker);
    hello_world_activity_register(worker, &hello);
    sqs_activities_register(worker, &activities);
    temporal_worker_on_reachable(worker, on_reachable, service);
    service_set_stop(service, on_stop, worker);
    status = temporal_worker_run(worker, error);
done:
    service_set_stop(service, NULL, NULL);
    temporal_worker_destroy(worker);
    uplink_destroy(uplink);
    sqs_thread_stop(sqs);
    return status;
}

int main(int argc, char **argv)
{
    static const struct service_definition definition = {
        .name = "ferry-worker",
        .summary = "runs workflows and activities: the built-in helloWorld, and what settles messages for others",
        .admin_listen = admin_listen,
        .grace_ms = grace_ms,
        .run = run,
    };
    return service_main(&definition, argc, argv);
}
