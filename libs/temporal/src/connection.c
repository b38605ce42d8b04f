/* The connection: options, TLS files, the rpc runtime and channel, and the metrics of the calls. */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/secret.h"
#include "codec_message.h"
#include "error_details.h"
#include "service_call.h"

#define PEM_FILE_MAX ((size_t)1 << 20)
#define HOST_NAME_SIZE 256
#define CODEC_LOG_INTERVAL_MS 30000
#define KEY_LOOK_INTERVAL_MS 1000

#define COUNT_METHOD(variable, name_, prefix) +1
#define METHOD_COUNT (0 SERVICE_METHODS(COUNT_METHOD) SERVICE_OPERATOR_METHODS(COUNT_METHOD))

/* Made on first use. rpc thread. */
struct method_metrics {
    struct metric_counter *requests;
    struct metric_histogram *latency;
    struct metric_counter *failures[RPC_UNAUTHENTICATED + 1];
};

struct temporal_connection {
    char *namespace_name;
    char *identity;
    struct rpc_runtime *runtime;
    struct rpc_channel *channel;
    struct secret *api_key;          /* NULL: no file to look at */
    struct loop_timer api_key_timer; /* rpc thread */
    struct metrics *metrics;
    const struct temporal_codec *codec;
    struct log_limiter codec_log; /* rpc thread */
    struct method_metrics methods[METHOD_COUNT];
    const Pb__Status *error_details; /* rpc thread: of the call whose done function runs; NULL: none */
};

struct pem_files {
    char *ca;
    char *certificate;
    char *key;
};

static char *default_identity(void)
{
    char host[HOST_NAME_SIZE] = {0};
    if (gethostname(host, sizeof host - 1) != 0) {
        (void)snprintf(host, sizeof host, "localhost");
    }
    return memory_format("%ld@%s", (long)getpid(), host);
}

/* path NULL: no file, no text. */
static enum status read_pem(const char *path, char **out_text, struct error *error)
{
    if (path == NULL) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    size_t length = 0;
    char *text = memory_alloc(PEM_FILE_MAX + 1);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "Temporal's TLS: %s cannot be read: %s", path,
                           strerrordesc_np(errno));
        goto done;
    }
    length = fread(text, 1, PEM_FILE_MAX, file);
    if (ferror(file) != 0) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "Temporal's TLS: %s cannot be read", path);
    } else if (strstr(text, "-----BEGIN ") == NULL || strlen(text) != length) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "Temporal's TLS: %s is not a PEM file", path);
    }
done:
    if (file != NULL) {
        (void)fclose(file); /* only read */
    }
    if (status == STATUS_OK) {
        *out_text = memory_copy_string(text);
    }
    memory_wipe(text, PEM_FILE_MAX + 1);
    free(text);
    return status;
}

static void free_pem(struct pem_files *files)
{
    free(files->ca);
    free(files->certificate);
    if (files->key != NULL) {
        memory_wipe_string(files->key);
    }
    free(files->key);
}

static enum status read_pem_files(const struct temporal_connection_options *options, struct pem_files *files,
                                  struct error *error)
{
    if ((options->tls_certificate_file == NULL) != (options->tls_key_file == NULL)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "a client certificate and its key go together");
    }
    enum status status = read_pem(options->tls_ca_file, &files->ca, error);
    if (status == STATUS_OK) {
        status = read_pem(options->tls_certificate_file, &files->certificate, error);
    }
    if (status == STATUS_OK) {
        status = read_pem(options->tls_key_file, &files->key, error);
    }
    return status;
}

/* ---- an API key that changes ---- */

/* rpc thread. A look is one stat() while the file is as it was. */
static void look_at_api_key(void *argument)
{
    struct temporal_connection *connection = argument;
    int64_t now_ms = clock_monotonic_ms();
    if (secret_look_again(connection->api_key, now_ms)) {
        char *key = secret_current(connection->api_key, now_ms);
        rpc_channel_set_api_key(connection->channel, key);
        secret_wipe(key);
    }
    loop_timer_start(rpc_runtime_loop(connection->runtime), &connection->api_key_timer, now_ms + KEY_LOOK_INTERVAL_MS,
                     look_at_api_key, connection);
}

static void stop_looking(void *argument)
{
    struct temporal_connection *connection = argument;
    loop_timer_stop(rpc_runtime_loop(connection->runtime), &connection->api_key_timer);
}

/* ---- the connection ---- */

static enum status open_channel(struct temporal_connection *connection,
                                const struct temporal_connection_options *options, const struct pem_files *files,
                                struct error *error)
{
    char *key = connection->api_key != NULL ? secret_current(connection->api_key, clock_monotonic_ms()) : NULL;
    const char *api_key = key != NULL ? key : options->api_key;
    const struct rpc_metadata metadata[] = {
        {"client-name", TEMPORAL_CLIENT_NAME},
        {"client-version", FERRY_VERSION},
        {"temporal-namespace", connection->namespace_name},
    };
    struct rpc_channel_options channel = {
        .target = options->address != NULL ? options->address : "localhost:7233",
        .tls = {.enabled = options->tls || api_key != NULL || files->ca != NULL ||
                           files->certificate != NULL || options->tls_server_name != NULL,
                .ca_pem = files->ca,
                .certificate_pem = files->certificate,
                .key_pem = files->key,
                .server_name = options->tls_server_name},
        .api_key = api_key,
        .metadata = metadata,
        .metadata_count = sizeof metadata / sizeof metadata[0],
        .metrics = options->metrics,
    };
    enum status status = rpc_channel_new(connection->runtime, &channel, &connection->channel, error);
    secret_wipe(key);
    return status;
}

enum status temporal_connection_new(const struct temporal_connection_options *options,
                                    struct temporal_connection **out_connection, struct error *error)
{
    struct pem_files files = {0};
    struct temporal_connection *connection = memory_alloc(sizeof *connection);
    connection->namespace_name =
        memory_copy_string(options->namespace_name != NULL ? options->namespace_name : "default");
    connection->identity = options->identity != NULL ? memory_copy_string(options->identity) : default_identity();
    connection->metrics = options->metrics;
    connection->codec = options->codec;
    enum status status = read_pem_files(options, &files, error);
    if (status == STATUS_OK && options->api_key_file != NULL) {
        status = secret_new_from_file(options->api_key_file, 0, &connection->api_key, error);
    }
    if (status != STATUS_OK) {
        goto done;
    }
    connection->runtime = rpc_runtime_new();
    if (connection->runtime == NULL) {
        status = error_set(error, STATUS_INTERNAL, "the system refuses the thread for gRPC");
        goto done;
    }
    status = open_channel(connection, options, &files, error);
    if (status != STATUS_OK) {
        goto done;
    }
    if (connection->api_key != NULL) {
        loop_post(rpc_runtime_loop(connection->runtime), look_at_api_key, connection);
    }
    *out_connection = connection;
    connection = NULL;
done:
    free_pem(&files);
    temporal_connection_destroy(connection);
    return status;
}

void temporal_connection_destroy(struct temporal_connection *connection)
{
    if (connection == NULL) {
        return;
    }
    if (connection->channel != NULL && connection->api_key != NULL) {
        loop_post_and_wait(rpc_runtime_loop(connection->runtime), stop_looking, connection);
    }
    rpc_channel_destroy(connection->channel);
    rpc_runtime_destroy(connection->runtime);
    secret_destroy(connection->api_key);
    free(connection->namespace_name);
    free(connection->identity);
    free(connection);
}

const char *temporal_connection_namespace(const struct temporal_connection *connection)
{
    return connection->namespace_name;
}

const char *temporal_connection_identity(const struct temporal_connection *connection)
{
    return connection->identity;
}

void temporal_connection_set_api_key(struct temporal_connection *connection, const char *api_key)
{
    rpc_channel_set_api_key(connection->channel, api_key);
}

struct rpc_channel *connection_channel(struct temporal_connection *connection)
{
    return connection->channel;
}

const struct temporal_codec *connection_codec(const struct temporal_connection *connection)
{
    return connection->codec;
}

void connection_decode(struct temporal_connection *connection, const char *method_name, ProtobufCMessage *reply)
{
    struct error error = {0};
    int64_t suppressed = 0;
    if (codec_decode_message(connection->codec, reply, &error) != STATUS_OK &&
        log_limiter_allows(&connection->codec_log, CODEC_LOG_INTERVAL_MS, &suppressed)) {
        log_event(LOG_LEVEL_WARN, "payload shown as it came, it cannot be decoded",
                  LOG_STRING("operation", method_name), LOG_ERROR(&error), LOG_INTEGER("suppressed", suppressed));
    }
}

void connection_count_call(struct temporal_connection *connection, size_t method_index, const char *method_name,
                           enum rpc_code code, int64_t duration_us)
{
    if (connection->metrics == NULL) {
        return;
    }
    struct method_metrics *method = &connection->methods[method_index];
    if (method->requests == NULL) {
        const struct metric_label *labels = METRIC_LABELS({"operation", method_name});
        method->requests = metrics_counter(connection->metrics, "temporal_request",
                                           "Calls to the Temporal server that ended.", labels);
        method->latency = metrics_histogram(connection->metrics, "temporal_request_latency_seconds",
                                            "Time from a call's start to its end, with its retries.",
                                            metrics_latency_bounds, metrics_latency_bound_count, labels);
    }
    metric_counter_add(method->requests, 1);
    metric_histogram_observe(method->latency, (double)duration_us / 1e6);
    if (code == RPC_OK) {
        return;
    }
    if (method->failures[code] == NULL) {
        method->failures[code] = metrics_counter(
            connection->metrics, "temporal_request_failure", "Calls to the Temporal server that failed.",
            METRIC_LABELS({"operation", method_name}, {"status_code", rpc_code_name(code)}));
    }
    metric_counter_add(method->failures[code], 1);
}

struct loop *temporal_connection_loop(struct temporal_connection *connection)
{
    return rpc_runtime_loop(connection->runtime);
}

void connection_set_error_details(struct temporal_connection *connection, const Pb__Status *details)
{
    connection->error_details = details;
}

char *temporal_connection_error_details(const struct temporal_connection *connection)
{
    return error_details_json(connection->error_details, connection->codec);
}
