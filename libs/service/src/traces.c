/* A service's traces: on where the environment names an endpoint for them, sent until the service has stopped. */
#include "base/clock.h"
#include "base/log.h"
#include "internal.h"
#include "otlp/exporter.h"

#define FLUSH_MAX_MS 5000 /* at the end; a collector that does not answer holds nobody up for longer */
#define FLUSH_MIN_MS 500  /* even where the grace period is over */

void service_start_traces(struct service *service)
{
    struct error error = {0};
    struct otlp_settings *settings = &service->traces;
    otlp_settings_read(NULL, service->definition->name, settings);
    for (size_t i = 0; i < settings->warning_count; i++) {
        log_event(LOG_LEVEL_WARN, "a setting of traces cannot be used", LOG_STRING("reason", settings->warnings[i]));
    }
    if (settings->url == NULL) {
        return;
    }
    if (otlp_exporter_start(settings, service->metrics, &service->exporter, &error) != STATUS_OK) {
        log_event(LOG_LEVEL_WARN, "tracing is off", LOG_ERROR(&error));
        return;
    }
    log_event(LOG_LEVEL_INFO, "tracing is on", LOG_STRING("endpoint", settings->url));
}

void service_stop_traces(struct service *service)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t grace_ms = service->definition->grace_ms != NULL ? service->definition->grace_ms(service->settings) : 0;
    int64_t stopping_ms = atomic_load(&service->stopping_ms);
    int64_t deadline_ms = (stopping_ms > 0 ? stopping_ms : now_ms) + grace_ms;
    if (deadline_ms > now_ms + FLUSH_MAX_MS) {
        deadline_ms = now_ms + FLUSH_MAX_MS;
    }
    if (deadline_ms < now_ms + FLUSH_MIN_MS) {
        deadline_ms = now_ms + FLUSH_MIN_MS;
    }
    otlp_exporter_stop(service->exporter, deadline_ms);
    service->exporter = NULL;
    otlp_settings_deinit(&service->traces);
}

const struct tracer *service_tracer(const struct service *service)
{
    return otlp_exporter_tracer(service->exporter);
}
