/* What the environment says of traces, under the names of OpenTelemetry's specification. Nothing in it stops a service:
 * what cannot be used is warned of and taken for not said, as the specification wants it, since such variables are
 * often set for all programs of a machine at once. */
#ifndef OTLP_SETTINGS_H
#define OTLP_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "trace/sampler.h"

#define OTLP_PAIRS_MAX 32    /* headers, resource attributes; more are left out */
#define OTLP_WARNINGS_MAX 16

struct otlp_pair {
    char *name;
    char *value;
};

struct otlp_pairs {
    struct otlp_pair list[OTLP_PAIRS_MAX];
    size_t count;
};

/* Texts are owned. */
struct otlp_settings {
    char *url; /* where spans go; NULL: tracing is off */
    struct otlp_pairs headers;  /* of each request; secrets may be among them */
    struct otlp_pairs resource; /* attributes of the process: service.name and what OTEL_RESOURCE_ATTRIBUTES has */
    struct trace_sampler sampler;
    int64_t timeout_ms;        /* of one request */
    int64_t delay_ms;          /* between two batches that are not full */
    int64_t export_timeout_ms; /* of one batch with all its tries */
    size_t queue_max;          /* spans that wait; more are dropped */
    size_t batch_max;          /* spans of a request */
    char *ca;                  /* files of PEM; NULL: the system's CAs, so the next two */
    char *client_certificate;
    char *client_key;
    char *warnings[OTLP_WARNINGS_MAX]; /* sentences, without values that may be secrets */
    size_t warning_count;
};

/* The value of a variable; NULL: not set. */
typedef const char *otlp_get_fn(const char *name);

/* get NULL: the process's environment. service: the name where nothing else is said. */
void otlp_settings_read(otlp_get_fn *get, const char *service, struct otlp_settings *out);
void otlp_settings_deinit(struct otlp_settings *settings);

#endif
