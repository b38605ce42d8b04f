/* The sections of the configuration file. Every key is described in docs/configuration.md. */
#include <string.h>
#include <stdlib.h>

#include "base/memory.h"
#include "loader.h"
#include "settings/template.h"

#define SECOND_MS ((int64_t)1000)
#define HOUR_MS (3600 * SECOND_MS)
#define TEN_YEARS_MS (INT64_C(3650) * 24 * HOUR_MS)
#define WORK_MAX_MS (INT64_C(600) * SECOND_MS)
#define NAME_MAX_BYTES ((size_t)1000) /* Temporal's limit on names and IDs */
#define ID_PREFIX_MAX_BYTES ((size_t)200)

typedef enum status check_text_fn(const char *value, struct error *error);

/* INVALID_ARGUMENT unless node is a mapping; NULL (the key is not there) is fine. */
static enum status expect_mapping(const struct config_node *node, struct error *error)
{
    if (node != NULL && !config_is_mapping(node)) {
        return config_error(node, error, "expected a mapping of keys to values");
    }
    return STATUS_OK;
}

static enum status check_name(const char *value, struct error *error)
{
    size_t length = strlen(value);
    if (length == 0 || length > NAME_MAX_BYTES) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected a name of 1 to %zu bytes, found %zu bytes",
                         NAME_MAX_BYTES, length);
    }
    return STATUS_OK;
}

static enum status check_id_prefix(const char *value, struct error *error)
{
    size_t length = strlen(value);
    if (length > ID_PREFIX_MAX_BYTES) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected at most %zu bytes, found %zu", ID_PREFIX_MAX_BYTES,
                         length);
    }
    return STATUS_OK;
}

/* Reads a text and checks it; errors say where it stands. */
static enum status read_text(const struct config_node *mapping, const char *key, check_text_fn *check, char **text,
                             struct error *error)
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
    return read_text(mapping, "admin_listen", settings_check_listen, listen, error);
}

static enum status read_grace(const struct config_node *mapping, int64_t *grace_ms, struct error *error)
{
    return config_read_duration_ms(mapping, "grace", 0, HOUR_MS, grace_ms, error);
}

#define TRY(call)                        \
    do {                                 \
        enum status status_ = (call);    \
        if (status_ != STATUS_OK) {      \
            return status_;              \
        }                                \
    } while (0)

static enum status read_temporal(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings_temporal *temporal = &loader->settings->temporal;
    TRY(expect_mapping(node, error));
    TRY(read_text(node, "address", settings_check_host_port, &temporal->address, error));
    TRY(read_text(node, "namespace", check_name, &temporal->namespace_, error));
    TRY(read_secret_file(node, "api_key_file", &temporal->api_key, error));
    TRY(config_read_boolean(node, "tls", &temporal->tls, error));
    TRY(read_text(node, "tls_ca", check_name, &temporal->tls_ca, error));
    TRY(read_text(node, "tls_certificate", check_name, &temporal->tls_certificate, error));
    TRY(read_text(node, "tls_key", check_name, &temporal->tls_key, error));
    TRY(read_text(node, "tls_server_name", check_name, &temporal->tls_server_name, error));
    loader->tls_is_set = config_get(node, "tls") != NULL;
    loader->temporal_node = node;
    return STATUS_OK;
}

static enum status read_closed_action(const struct config_node *node, const char *key,
                                      enum settings_closed_action *action, struct error *error)
{
    static const char *const names[] = {"return", "delete", NULL};
    const struct config_node *value = config_get(node, key);
    const char *text = value == NULL ? NULL : config_scalar(value);
    if (text != NULL && strcmp(text, "dead_letter") == 0) {
        return config_error(value, error,
                            "expected return or delete, not \"dead_letter\": dead letters are not built yet");
    }
    int choice = (int)*action;
    TRY(config_read_choice(node, key, names, &choice, error));
    *action = choice == 0 ? SETTINGS_CLOSED_RETURN : SETTINGS_CLOSED_DELETE;
    return STATUS_OK;
}

static enum status read_route_choices(struct settings_route *route, const struct config_node *node,
                                      struct error *error)
{
    static const char *const same_ids[] = {"is_duplicate", NULL};
    static const char *const inputs[] = {"message", "body", NULL};
    static const char *const acks[] = {"start", "completion", "worker", NULL};
    static const char *const orders[] = {"auto", "none", "group", NULL};
    static const enum settings_input input_values[] = {SETTINGS_INPUT_MESSAGE, SETTINGS_INPUT_BODY};
    static const enum settings_ack ack_values[] = {SETTINGS_ACK_START, SETTINGS_ACK_COMPLETION, SETTINGS_ACK_WORKER};
    static const enum settings_order order_values[] = {SETTINGS_ORDER_AUTO, SETTINGS_ORDER_NONE, SETTINGS_ORDER_GROUP};
    int same_id = -1;
    int input = -1;
    int ack = -1;
    int order = -1;
    TRY(config_read_choice(node, "same_id", same_ids, &same_id, error));
    TRY(config_read_choice(node, "input", inputs, &input, error));
    TRY(config_read_choice(node, "ack", acks, &ack, error));
    TRY(config_read_choice(node, "order", orders, &order, error));
    route->same_id_is_duplicate = same_id == 0;
    if (input >= 0) {
        route->input = input_values[input];
    }
    if (ack >= 0) {
        route->ack = ack_values[ack];
    }
    if (order >= 0) {
        route->order = order_values[order];
    }
    TRY(read_closed_action(node, "on_failed", &route->on_failed, error));
    return read_closed_action(node, "on_canceled", &route->on_canceled, error);
}

static enum status read_route(struct settings_route *route, const struct config_node *node, const char *task_queue,
                              struct error *error)
{
    TRY(expect_mapping(node, error));
    TRY(read_text(node, "workflow", check_name, &route->workflow, error));
    TRY(read_text(node, "task_queue", check_name, &route->task_queue, error));
    TRY(read_text(node, "id", settings_template_check, &route->id, error));
    TRY(read_text(node, "id_prefix", check_id_prefix, &route->id_prefix, error));
    TRY(read_route_choices(route, node, error));
    TRY(config_read_duration_ms(node, "execution_timeout", 0, TEN_YEARS_MS, &route->execution_timeout_ms, error));
    TRY(config_read_duration_ms(node, "run_timeout", 0, TEN_YEARS_MS, &route->run_timeout_ms, error));
    TRY(config_read_duration_ms(node, "task_timeout", 0, 120 * SECOND_MS, &route->task_timeout_ms, error));
    if (route->workflow == NULL) {
        return config_error(node, error, "expected the key \"workflow\": the workflow type to start");
    }
    if (route->task_queue == NULL) {
        settings_replace(&route->task_queue, task_queue);
    }
    return STATUS_OK;
}

static enum status read_routes(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings *settings = loader->settings;
    TRY(expect_mapping(node, error));
    size_t count = node == NULL ? 0 : config_count(node);
    if (count > SETTINGS_ROUTES_MAX) {
        return config_error(node, error, "expected at most %d routes, found %zu", SETTINGS_ROUTES_MAX, count);
    }
    settings->routes = memory_alloc_array(count == 0 ? 1 : count, sizeof *settings->routes);
    if (count == 0) {
        settings_route_init(&settings->routes[0], "hello-world");
        settings_replace(&settings->routes[0].task_queue, settings->worker.task_queue);
        settings->route_count = 1;
        return STATUS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const struct config_node *value = config_value(node, i);
        const char *name = config_key(node, i);
        struct error why = {0};
        if (settings_check_route_name(name, &why) != STATUS_OK) {
            return config_error(value, error, "%s", why.text);
        }
        settings_route_init(&settings->routes[i], name);
        settings->route_count = i + 1;
        loader->route_nodes[i] = value;
        TRY(read_route(&settings->routes[i], value, settings->worker.task_queue, error));
    }
    return STATUS_OK;
}

static enum status read_queue_route(struct settings_queue *queue, const struct config_node *node,
                                    struct error *error)
{
    const struct config_node *value = config_get(node, "route");
    if (config_is_list(value)) {
        return config_error(value, error, "expected the name of one route: lists with filters are not built yet");
    }
    return read_text(node, "route", settings_check_route_name, &queue->route, error);
}

static enum status read_queue(struct settings_queue *queue, const struct config_node *node, struct error *error)
{
    TRY(expect_mapping(node, error));
    TRY(read_text(node, "url", settings_check_queue_url, &queue->url, error));
    TRY(read_queue_route(queue, node, error));
    TRY(config_read_duration_ms(node, "visibility", SECOND_MS, 12 * HOUR_MS, &queue->visibility_ms, error));
    TRY(config_read_duration_ms(node, "wait", 0, 20 * SECOND_MS, &queue->wait_ms, error));
    TRY(config_read_integer(node, "max_in_flight", 1, 100000, &queue->max_in_flight, error));
    TRY(config_read_bytes(node, "max_in_flight_bytes", (int64_t)1 << 20, (int64_t)16 << 30,
                          &queue->max_in_flight_bytes, error));
    TRY(config_read_integer(node, "receives", 1, 64, &queue->receives, error));
    if (queue->url == NULL) {
        return config_error(node, error, "expected the key \"url\": the queue's URL");
    }
    return STATUS_OK;
}

static enum status read_queues(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings *settings = loader->settings;
    if (node != NULL && !config_is_list(node)) {
        return config_error(node, error, "expected a list of queues");
    }
    size_t count = node == NULL ? 0 : config_count(node);
    if (count > SETTINGS_QUEUES_MAX) {
        return config_error(node, error, "expected at most %d queues, found %zu", SETTINGS_QUEUES_MAX, count);
    }
    if (count == 0) {
        return STATUS_OK;
    }
    settings->queues = memory_alloc_array(count, sizeof *settings->queues);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *item = config_item(node, i);
        settings_queue_init(&settings->queues[i]);
        settings->queue_count = i + 1;
        loader->queue_nodes[i] = item;
        TRY(read_queue(&settings->queues[i], item, error));
    }
    return STATUS_OK;
}

static enum status read_gateway(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    static const char *const names[] = {"token", "none", NULL};
    struct settings_gateway *gateway = &loader->settings->gateway;
    int auth = 0;
    TRY(expect_mapping(node, error));
    TRY(read_text(node, "url", settings_check_http_url, &gateway->url, error));
    TRY(read_text(node, "listen", settings_check_listen, &gateway->listen, error));
    gateway->listen_line = config_get(node, "listen") != NULL ? config_line(config_get(node, "listen")) : 0;
    TRY(read_admin_listen(node, &gateway->admin_listen, error));
    TRY(read_secret_file(node, "token_file", &gateway->token, error));
    TRY(config_read_choice(node, "auth", names, &auth, error));
    TRY(config_read_bytes(node, "max_body", (int64_t)64 << 10, (int64_t)256 << 20, &gateway->max_body_bytes,
                          error));
    TRY(read_grace(node, &gateway->grace_ms, error));
    gateway->auth_none = auth == 1;
    loader->gateway_node = node;
    return STATUS_OK;
}

static enum status read_poller(struct settings_poller *poller, const struct config_node *node, struct error *error)
{
    TRY(expect_mapping(node, error));
    TRY(read_admin_listen(node, &poller->admin_listen, error));
    return read_grace(node, &poller->grace_ms, error);
}

static enum status read_worker(struct settings_worker *worker, const struct config_node *node, struct error *error)
{
    TRY(expect_mapping(node, error));
    TRY(read_text(node, "task_queue", check_name, &worker->task_queue, error));
    TRY(config_read_integer(node, "activities", 1, 10000, &worker->activities, error));
    TRY(config_read_integer(node, "workflow_cache", 0, 1000000, &worker->workflow_cache, error));
    TRY(read_grace(node, &worker->grace_ms, error));
    return read_admin_listen(node, &worker->admin_listen, error);
}

static enum status read_hello(struct settings_hello *hello, const struct config_node *node, struct error *error)
{
    TRY(expect_mapping(node, error));
    return config_read_integer(node, "work_ms", 0, WORK_MAX_MS, &hello->work_ms, error);
}

enum status settings_read_file(struct settings_loader *loader, const struct config_node *root, struct error *error)
{
    struct settings *settings = loader->settings;
    TRY(expect_mapping(root, error));
    TRY(read_temporal(loader, config_get(root, "temporal"), error));
    TRY(read_worker(&settings->worker, config_get(root, "worker"), error));
    TRY(read_routes(loader, config_get(root, "routes"), error));
    TRY(read_queues(loader, config_get(root, "queues"), error));
    TRY(read_poller(&settings->poller, config_get(root, "poller"), error));
    TRY(read_gateway(loader, config_get(root, "gateway"), error));
    TRY(read_hello(&settings->hello, config_get(root, "hello"), error));
    return root == NULL ? STATUS_OK : config_check_unknown(root, error);
}
