/* The sections of the configuration file. Every key is described in docs/configuration.md. */
#include <string.h>
#include <stdlib.h>

#include "base/memory.h"
#include "loader.h"

#define WORK_MAX_MS (INT64_C(600) * SETTINGS_SECOND_MS)
#define CONNECTIONS_MAX 1000000
#define TIMEOUT_MIN_MS 100
#define NAME_MAX_BYTES ((size_t)1000) /* Temporal's limit on names and IDs */

enum status settings_expect_mapping(const struct config_node *node, struct error *error)
{
    if (node != NULL && !config_is_mapping(node)) {
        return config_error(node, error, "expected a mapping of keys to values");
    }
    return STATUS_OK;
}

enum status settings_check_name(const char *value, struct error *error)
{
    size_t length = strlen(value);
    if (length == 0 || length > NAME_MAX_BYTES) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected a name of 1 to %zu bytes, found %zu bytes",
                         NAME_MAX_BYTES, length);
    }
    return STATUS_OK;
}

enum status settings_read_text(const struct config_node *mapping, const char *key, settings_check_fn *check,
                               char **text, struct error *error)
{
    enum status status = config_read_string(mapping, key, text, error);
    const struct config_node *node = config_get(mapping, key);
    if (status == STATUS_OK && node != NULL) {
        struct error why = {0};
        if (check(*text, &why) != STATUS_OK) {
            status = config_error(node, error, "%s", why.text);
        }
    }
    return status;
}

static enum status read_secret_file(const struct config_node *mapping, const char *key, char **secret,
                                    struct error *error)
{
    char *path = NULL;
    char *found = NULL;
    struct error why = {0};
    enum status status = config_read_string(mapping, key, &path, error);
    if (status != STATUS_OK || path == NULL) {
        goto done;
    }
    if (settings_read_secret_file(path, &found, &why) != STATUS_OK) {
        status = config_error(config_get(mapping, key), error, "%s", why.text);
        goto done;
    }
    settings_replace_secret(secret, found);
done:
    free(path);
    return status;
}

/* "none" switches an admin port off. */
static enum status read_admin_listen(const struct config_node *mapping, char **listen, struct error *error)
{
    const struct config_node *node = config_get(mapping, "admin_listen");
    const char *text = node == NULL ? NULL : config_scalar(node);
    if (text != NULL && strcmp(text, "none") == 0) {
        settings_replace(listen, NULL);
        return STATUS_OK;
    }
    return settings_read_text(mapping, "admin_listen", settings_check_listen, listen, error);
}

static enum status read_grace(const struct config_node *mapping, int64_t *grace_ms, struct error *error)
{
    return config_read_duration_ms(mapping, "grace", 0, SETTINGS_HOUR_MS, grace_ms, error);
}

static enum status read_temporal_tls(struct settings_temporal *temporal, const struct config_node *node,
                                     struct error *error)
{
    SETTINGS_TRY(config_read_boolean(node, "tls", &temporal->tls, error));
    SETTINGS_TRY(settings_read_text(node, "tls_ca", settings_check_name, &temporal->tls_ca, error));
    SETTINGS_TRY(settings_read_text(node, "tls_certificate", settings_check_name, &temporal->tls_certificate, error));
    SETTINGS_TRY(settings_read_text(node, "tls_key", settings_check_name, &temporal->tls_key, error));
    return settings_read_text(node, "tls_server_name", settings_check_name, &temporal->tls_server_name, error);
}

static enum status read_temporal(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings_temporal *temporal = &loader->settings->temporal;
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(settings_read_text(node, "address", settings_check_host_port, &temporal->address, error));
    SETTINGS_TRY(settings_read_text(node, "namespace", settings_check_name, &temporal->namespace_, error));
    SETTINGS_TRY(read_secret_file(node, "api_key_file", &temporal->api_key, error));
    SETTINGS_TRY(config_read_string(node, "api_key_file", &temporal->api_key_file, error));
    SETTINGS_TRY(read_temporal_tls(temporal, node, error));
    SETTINGS_TRY(settings_read_codec(temporal, config_get(node, "codec"), error));
    loader->tls_is_set = config_get(node, "tls") != NULL;
    loader->temporal_node = node;
    return STATUS_OK;
}

enum status settings_read_closed_action(const struct config_node *mapping, const char *key,
                                        enum settings_closed_action *action, bool *out_is_set, struct error *error)
{
    static const char *const names[] = {"return", "delete", "dead_letter", NULL};
    static const enum settings_closed_action values[] = {SETTINGS_CLOSED_RETURN, SETTINGS_CLOSED_DELETE,
                                                         SETTINGS_CLOSED_DEAD_LETTER};
    int choice = -1;
    SETTINGS_TRY(config_read_choice(mapping, key, names, &choice, error));
    *out_is_set = choice >= 0;
    if (choice >= 0) {
        *action = values[choice];
    }
    return STATUS_OK;
}

/* Who may call, and what callers send. */
static enum status read_gateway_token(struct settings_gateway *gateway, const struct config_node *node,
                                      struct error *error)
{
    static const char *const names[] = {"token", "none", NULL};
    int auth = 0;
    SETTINGS_TRY(read_secret_file(node, "token_file", &gateway->token, error));
    SETTINGS_TRY(config_read_string(node, "token_file", &gateway->token_file, error));
    SETTINGS_TRY(config_read_duration_ms(node, "token_overlap", 0, SETTINGS_HOUR_MS, &gateway->token_overlap_ms,
                                         error));
    SETTINGS_TRY(config_read_choice(node, "auth", names, &auth, error));
    gateway->auth_none = auth == 1;
    return STATUS_OK;
}

/* What the gateway itself shows and asks for, and what its clients do. */
static enum status read_gateway_tls(struct settings_gateway *gateway, const struct config_node *node,
                                    struct error *error)
{
    SETTINGS_TRY(settings_read_text(node, "tls_certificate", settings_check_name, &gateway->tls_certificate, error));
    SETTINGS_TRY(settings_read_text(node, "tls_key", settings_check_name, &gateway->tls_key, error));
    SETTINGS_TRY(settings_read_text(node, "tls_client_ca", settings_check_name, &gateway->tls_client_ca, error));
    SETTINGS_TRY(settings_read_text(node, "client_tls_ca", settings_check_name, &gateway->client_tls_ca, error));
    SETTINGS_TRY(settings_read_text(node, "client_tls_certificate", settings_check_name,
                                    &gateway->client_tls_certificate, error));
    return settings_read_text(node, "client_tls_key", settings_check_name, &gateway->client_tls_key, error);
}

static enum status read_gateway_addresses(struct settings_gateway *gateway, const struct config_node *node,
                                          struct error *error)
{
    SETTINGS_TRY(settings_read_text(node, "url", settings_check_http_url, &gateway->url, error));
    SETTINGS_TRY(settings_read_text(node, "listen", settings_check_listen, &gateway->listen, error));
    gateway->listen_line = config_get(node, "listen") != NULL ? config_line(config_get(node, "listen")) : 0;
    return read_admin_listen(node, &gateway->admin_listen, error);
}

/* What keeps it alive on the open net. */
static enum status read_gateway_limits(struct settings_gateway *gateway, const struct config_node *node,
                                       struct error *error)
{
    SETTINGS_TRY(config_read_bytes(node, "max_body", (int64_t)64 << 10, (int64_t)256 << 20, &gateway->max_body_bytes,
                                   error));
    SETTINGS_TRY(config_read_integer(node, "max_connections", 1, CONNECTIONS_MAX, &gateway->max_connections, error));
    SETTINGS_TRY(config_read_integer(node, "max_connections_per_address", 1, CONNECTIONS_MAX,
                                     &gateway->max_connections_per_address, error));
    SETTINGS_TRY(config_read_duration_ms(node, "header_timeout", TIMEOUT_MIN_MS, SETTINGS_HOUR_MS,
                                         &gateway->header_timeout_ms, error));
    SETTINGS_TRY(config_read_duration_ms(node, "transfer_timeout", TIMEOUT_MIN_MS, SETTINGS_HOUR_MS,
                                         &gateway->transfer_timeout_ms, error));
    return config_read_duration_ms(node, "idle_timeout", TIMEOUT_MIN_MS, SETTINGS_HOUR_MS, &gateway->idle_timeout_ms,
                                   error);
}

/* Of a frontend's history long polls. */
static enum status read_gateway_waits(struct settings_gateway *gateway, const struct config_node *node,
                                      struct error *error)
{
    SETTINGS_TRY(config_read_integer(node, "long_polls", 0, 100000, &gateway->long_polls, error));
    return config_read_integer(node, "history_streams", 0, 100000, &gateway->history_streams, error);
}

static enum status read_gateway(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings_gateway *gateway = &loader->settings->gateway;
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(read_gateway_addresses(gateway, node, error));
    SETTINGS_TRY(read_gateway_token(gateway, node, error));
    SETTINGS_TRY(settings_read_tokens(loader, config_get(node, "tokens"), error));
    SETTINGS_TRY(settings_read_cors(loader, config_get(node, "cors"), error));
    SETTINGS_TRY(read_gateway_tls(gateway, node, error));
    SETTINGS_TRY(settings_read_text(node, "callback_url", settings_check_http_url, &gateway->callback_url, error));
    SETTINGS_TRY(read_gateway_waits(gateway, node, error));
    SETTINGS_TRY(read_grace(node, &gateway->grace_ms, error));
    SETTINGS_TRY(read_gateway_limits(gateway, node, error));
    loader->gateway_node = node;
    return STATUS_OK;
}

static enum status read_poller(struct settings_poller *poller, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(read_admin_listen(node, &poller->admin_listen, error));
    return read_grace(node, &poller->grace_ms, error);
}

static enum status read_worker(struct settings_worker *worker, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(settings_read_text(node, "task_queue", settings_check_name, &worker->task_queue, error));
    SETTINGS_TRY(config_read_integer(node, "activities", 1, 10000, &worker->activities, error));
    SETTINGS_TRY(config_read_integer(node, "workflow_cache", 0, 1000000, &worker->workflow_cache, error));
    SETTINGS_TRY(read_grace(node, &worker->grace_ms, error));
    return read_admin_listen(node, &worker->admin_listen, error);
}

static enum status read_hello(struct settings_hello *hello, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_expect_mapping(node, error));
    return config_read_integer(node, "work_ms", 0, WORK_MAX_MS, &hello->work_ms, error);
}

enum status settings_read_file(struct settings_loader *loader, const struct config_node *root, struct error *error)
{
    struct settings *settings = loader->settings;
    SETTINGS_TRY(settings_expect_mapping(root, error));
    SETTINGS_TRY(read_temporal(loader, config_get(root, "temporal"), error));
    SETTINGS_TRY(read_worker(&settings->worker, config_get(root, "worker"), error));
    SETTINGS_TRY(settings_read_routes(loader, config_get(root, "routes"), error));
    SETTINGS_TRY(settings_read_queues(loader, config_get(root, "queues"), error));
    SETTINGS_TRY(read_poller(&settings->poller, config_get(root, "poller"), error));
    SETTINGS_TRY(read_gateway(loader, config_get(root, "gateway"), error));
    SETTINGS_TRY(read_hello(&settings->hello, config_get(root, "hello"), error));
    return root == NULL ? STATUS_OK : config_check_unknown(root, error);
}
