/* Environment variables, which stand over the file. Every variable is described in docs/configuration.md. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loader.h"

/* NULL: not set, or empty. */
static const char *environment_get(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

static enum status read_text(const char *name, enum status (*check)(const char *, struct error *), char **text,
                             struct error *error)
{
    const char *value = environment_get(name);
    if (value == NULL) {
        return STATUS_OK;
    }
    if (check != NULL) {
        enum status status = check(value, error);
        if (status != STATUS_OK) {
            error_prefix(error, "%s: ", name);
            return status;
        }
    }
    settings_replace(text, value);
    return STATUS_OK;
}

/* NAME, or NAME_FILE, never both. They stand over the file's secret and its path. */
static enum status read_secret(const char *name, char **secret, char **secret_path, struct error *error)
{
    enum status status = STATUS_OK;
    char *found = NULL;
    char *file_name = memory_format("%s_FILE", name);
    const char *value = environment_get(name);
    const char *path = environment_get(file_name);
    if (value != NULL && path != NULL) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s and %s: expected one of them, found both", name,
                           file_name);
    } else if (value != NULL) {
        settings_replace_secret(secret, memory_copy_string(value));
        settings_replace(secret_path, NULL);
    } else if (path != NULL) {
        status = settings_read_secret_file(path, &found, error);
        if (status == STATUS_OK) {
            settings_replace_secret(secret, found);
            settings_replace(secret_path, path);
        } else {
            error_prefix(error, "%s: ", file_name);
        }
    }
    free(file_name);
    return status;
}

static enum status read_tls(struct settings_loader *loader, struct error *error)
{
    const char *value = environment_get("TEMPORAL_TLS");
    if (value == NULL) {
        return STATUS_OK;
    }
    bool is_true = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    if (!is_true && strcmp(value, "false") != 0 && strcmp(value, "0") != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "TEMPORAL_TLS: expected true or false, not \"%s\"", value);
    }
    loader->settings->temporal.tls = is_true;
    loader->tls_is_set = true;
    return STATUS_OK;
}

static enum status read_temporal(struct settings_loader *loader, struct error *error)
{
    struct settings_temporal *temporal = &loader->settings->temporal;
    enum status status = read_text("TEMPORAL_ADDRESS", settings_check_host_port, &temporal->address, error);
    if (status == STATUS_OK) {
        status = read_text("TEMPORAL_NAMESPACE", NULL, &temporal->namespace_, error);
    }
    if (status == STATUS_OK) {
        status = read_secret("TEMPORAL_API_KEY", &temporal->api_key, &temporal->api_key_file, error);
    }
    if (status == STATUS_OK) {
        status = read_tls(loader, error);
    }
    if (status == STATUS_OK) {
        status = read_text("TEMPORAL_TLS_CLIENT_CERT_PATH", NULL, &temporal->tls_certificate, error);
    }
    if (status == STATUS_OK) {
        status = read_text("TEMPORAL_TLS_CLIENT_KEY_PATH", NULL, &temporal->tls_key, error);
    }
    if (status == STATUS_OK) {
        status = read_text("TEMPORAL_TLS_SERVER_CA_CERT_PATH", NULL, &temporal->tls_ca, error);
    }
    if (status == STATUS_OK) {
        status = read_text("TEMPORAL_TLS_SERVER_NAME", NULL, &temporal->tls_server_name, error);
    }
    return status;
}

/* The one queue that FERRY_QUEUE_URL and FERRY_ROUTE are about, made if the file names none.
 * INVALID_ARGUMENT: the file names several. */
static enum status sole_queue(struct settings *settings, const char *variable, struct settings_queue **out_queue,
                              struct error *error)
{
    if (settings->queue_count > 1) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "%s: expected at most one queue in the file beside this variable, found %zu", variable,
                         settings->queue_count);
    }
    if (settings->queue_count == 0) {
        settings->queues = memory_alloc_array(1, sizeof *settings->queues);
        settings_queue_init(&settings->queues[0]);
        settings->queue_count = 1;
    }
    *out_queue = &settings->queues[0];
    return STATUS_OK;
}

static bool names_queue(const struct settings *settings, const char *url)
{
    for (size_t i = 0; i < settings->queue_count; i++) {
        if (strcmp(settings->queues[i].url, url) == 0) {
            return true;
        }
    }
    return false;
}

static enum status read_queue(struct settings *settings, struct error *error)
{
    const char *url = environment_get("FERRY_QUEUE_URL");
    const char *route = environment_get("FERRY_ROUTE");
    struct settings_queue *queue = NULL;
    enum status status = STATUS_OK;
    /* A file may take the variable in itself, as ${FERRY_QUEUE_URL}, beside other queues. */
    if (url != NULL && !names_queue(settings, url)) {
        status = sole_queue(settings, "FERRY_QUEUE_URL", &queue, error);
        if (status == STATUS_OK) {
            status = read_text("FERRY_QUEUE_URL", settings_check_queue_url, &queue->url, error);
        }
    }
    /* Without any queue FERRY_ROUTE has nothing to say: the gateway and the worker need none. */
    if (status == STATUS_OK && route != NULL && settings->queue_count > 0) {
        status = sole_queue(settings, "FERRY_ROUTE", &queue, error);
        if (status == STATUS_OK) {
            char *name = NULL;
            status = read_text("FERRY_ROUTE", settings_check_route_name, &name, error);
            if (status == STATUS_OK) {
                settings_queue_set_route(queue, name);
            }
            free(name);
        }
    }
    return status;
}

static enum status read_addresses(struct settings *settings, struct error *error)
{
    char **const admin[] = {&settings->poller.admin_listen, &settings->gateway.admin_listen,
                            &settings->worker.admin_listen};
    const char *admin_listen = environment_get("FERRY_ADMIN_LISTEN");
    enum status status = read_text("FERRY_GATEWAY_URL", settings_check_http_url, &settings->gateway.url, error);
    if (status == STATUS_OK) {
        status = read_text("FERRY_LISTEN", settings_check_listen, &settings->gateway.listen, error);
        settings->gateway.listen_line = environment_get("FERRY_LISTEN") != NULL ? 0 : settings->gateway.listen_line;
    }
    for (size_t i = 0; status == STATUS_OK && i < sizeof admin / sizeof admin[0]; i++) {
        if (admin_listen != NULL && strcmp(admin_listen, "none") == 0) {
            settings_replace(admin[i], NULL);
        } else {
            status = read_text("FERRY_ADMIN_LISTEN", settings_check_listen, admin[i], error);
        }
    }
    return status;
}

static enum status read_gateway_tls(struct settings_gateway *gateway, struct error *error)
{
    const struct {
        const char *name;
        char **path;
    } files[] = {
        {"FERRY_GATEWAY_TLS_CERT_PATH", &gateway->tls_certificate},
        {"FERRY_GATEWAY_TLS_KEY_PATH", &gateway->tls_key},
        {"FERRY_GATEWAY_TLS_CLIENT_CA_PATH", &gateway->tls_client_ca},
        {"FERRY_GATEWAY_CA_PATH", &gateway->client_tls_ca},
        {"FERRY_GATEWAY_CLIENT_CERT_PATH", &gateway->client_tls_certificate},
        {"FERRY_GATEWAY_CLIENT_KEY_PATH", &gateway->client_tls_key},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < sizeof files / sizeof files[0]; i++) {
        status = read_text(files[i].name, NULL, files[i].path, error);
    }
    return status;
}

enum status settings_read_environment(struct settings_loader *loader, struct error *error)
{
    struct settings *settings = loader->settings;
    enum status status = read_temporal(loader, error);
    if (status == STATUS_OK) {
        status = read_queue(settings, error);
    }
    if (status == STATUS_OK) {
        status = read_addresses(settings, error);
    }
    if (status == STATUS_OK) {
        status = read_secret("FERRY_API_TOKEN", &settings->gateway.token, &settings->gateway.token_file, error);
    }
    if (status == STATUS_OK) {
        status = read_gateway_tls(&settings->gateway, error);
    }
    return status;
}
