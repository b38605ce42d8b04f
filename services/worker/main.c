/* ferry-worker: runs the built-in workflow helloWorld, its activity, and what settles messages for other workers.
 * Wiring only. */
#include <malloc.h>

#include <temporal/connection.h>
#include <temporal/worker.h>

#include "activities/hello_world_activity.h"
#include "activities/sqs_activities.h"
#include "codec/aes_gcm.h"
#include "service/service.h"
#include "sqs_thread.h"
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

/* No codec where none is configured. */
static enum status make_codec(const struct settings_temporal *temporal, struct codec_aes_gcm **out_codec,
                              struct error *error)
{
    struct codec_key_file keys[SETTINGS_CODEC_KEYS_MAX];
    for (size_t i = 0; i < temporal->codec_key_count; i++) {
        keys[i] = (struct codec_key_file){.id = temporal->codec_keys[i].id, .path = temporal->codec_keys[i].file};
    }
    return temporal->codec_key_count == 0 ? STATUS_OK
                                          : codec_aes_gcm_new(keys, temporal->codec_key_count, out_codec, error);
}

static enum status connect_temporal(const struct settings *settings, struct metrics *metrics,
                                    const struct codec_aes_gcm *codec, struct temporal_connection **out_connection,
                                    struct error *error)
{
    const struct settings_temporal *temporal = &settings->temporal;
    const struct temporal_connection_options options = {
        .address = temporal->address,
        .namespace_name = temporal->namespace_,
        .api_key = temporal->api_key,
        .api_key_file = temporal->api_key_file,
        .tls = temporal->tls,
        .tls_ca_file = temporal->tls_ca,
        .tls_certificate_file = temporal->tls_certificate,
        .tls_key_file = temporal->tls_key,
        .tls_server_name = temporal->tls_server_name,
        .metrics = metrics,
        .codec = codec_aes_gcm_codec(codec),
    };
    return temporal_connection_new(&options, out_connection, error);
}

static enum status make_worker(struct temporal_connection *connection, const struct settings *settings,
                               struct metrics *metrics, const struct temporal_tracing *tracing,
                               struct temporal_worker **out_worker, struct error *error)
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
    return temporal_worker_new(connection, &options, out_worker, error);
}

static enum status run(struct service *service, const struct settings *settings, struct error *error)
{
    struct metrics *metrics = service_metrics(service);
    struct codec_aes_gcm *codec = NULL;
    struct temporal_connection *connection = NULL;
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
    status = make_codec(&settings->temporal, &codec, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = connect_temporal(settings, metrics, codec, &connection, error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = make_worker(connection, settings, metrics, tracer != NULL ? &tracing : NULL, &worker, error);
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
    temporal_connection_destroy(connection);
    codec_aes_gcm_destroy(codec);
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
