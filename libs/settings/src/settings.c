/* Loads the settings step by step, and answers questions about them. */
#include "settings/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "loader.h"
#include "rules/event_pattern.h"
#include "rules/json_schema.h"

#define DEFAULT_FILE "ferry.yaml"
#define DEFAULT_ROUTE "hello-world"
#define DEFAULT_TASK_QUEUE "hello-world-queue"

#define SECOND_MS ((int64_t)1000)

void settings_replace(char **text, const char *value)
{
    char *copy = memory_copy_string(value);
    free(*text);
    *text = copy;
}

void settings_replace_secret(char **text, char *value)
{
    memory_wipe_string(*text);
    free(*text);
    *text = value;
}

void settings_route_init(struct settings_route *route, const char *name)
{
    bool is_hello = strcmp(name, DEFAULT_ROUTE) == 0;
    *route = (struct settings_route){
        .name = memory_copy_string(name),
        .workflow = is_hello ? memory_copy_string("helloWorld") : NULL,
        .id = memory_copy_string("{MessageId}"),
        .id_prefix = memory_copy_string(name),
        .input = SETTINGS_INPUT_MESSAGE,
        .ack = is_hello ? SETTINGS_ACK_WORKER : SETTINGS_ACK_COMPLETION,
        .order = SETTINGS_ORDER_AUTO,
        .on_failed = SETTINGS_CLOSED_RETURN,
        .on_canceled = SETTINGS_CLOSED_RETURN,
        .max_attempts = 3,
        .backoff_ms = SECOND_MS,
        .backoff_max_ms = 60 * SECOND_MS,
        .delay_ms = -1,
    };
}

static void members_deinit(struct settings_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(members[i].name);
        free(members[i].value);
    }
    free(members);
}

void settings_route_deinit(struct settings_route *route)
{
    free(route->name);
    free(route->workflow);
    free(route->task_queue);
    free(route->namespace_);
    free(route->signal);
    free(route->id);
    free(route->id_prefix);
    free(route->dead_letter_queue);
    members_deinit(route->memo, route->memo_count);
    members_deinit(route->search_attributes, route->search_attribute_count);
    free(route->priority);
    free(route->fairness_key);
    free(route->schema_file);
    json_schema_destroy(route->schema);
    free(route->filter);
    event_pattern_destroy(route->pattern);
    free(route->schema_text);
    free(route->description);
    free(route->queue);
    free(route->group);
    free(route->deduplication_id);
    settings_webhook_destroy(route->webhook);
}

void settings_queue_init(struct settings_queue *queue)
{
    *queue = (struct settings_queue){
        .visibility_ms = 60 * SECOND_MS,
        .wait_ms = 20 * SECOND_MS,
        .max_in_flight = 500,
        .max_in_flight_bytes = (int64_t)64 << 20,
        .receives = 4,
    };
    settings_queue_set_route(queue, DEFAULT_ROUTE);
}

static void free_routes(struct settings_queue *queue)
{
    for (size_t i = 0; i < queue->route_count; i++) {
        free(queue->routes[i]);
    }
    free(queue->routes);
    queue->routes = NULL;
    queue->route_count = 0;
}

void settings_queue_set_route(struct settings_queue *queue, const char *route)
{
    char *copy = memory_copy_string(route);
    free_routes(queue);
    queue->routes = memory_alloc_array(1, sizeof(char *));
    queue->routes[0] = copy;
    queue->route_count = 1;
}

void settings_queue_deinit(struct settings_queue *queue)
{
    free(queue->url);
    free(queue->name);
    free_routes(queue);
    free(queue->dead_letter_queue);
}

static struct settings *settings_new(void)
{
    struct settings *settings = memory_alloc(sizeof *settings);
    settings->temporal.address = memory_copy_string("localhost:7233");
    settings->temporal.namespace_ = memory_copy_string("default");
    settings->poller.admin_listen = memory_copy_string("127.0.0.1:8081");
    settings->poller.grace_ms = 30 * SECOND_MS;
    settings->gateway.url = memory_copy_string("http://localhost:8080");
    settings->gateway.listen = memory_copy_string("127.0.0.1:8080");
    settings->gateway.long_polls = 1000;
    settings->gateway.history_streams = 200;
    settings->gateway.max_body_bytes = (int64_t)16 << 20;
    settings->gateway.grace_ms = 30 * SECOND_MS;
    settings->gateway.token_overlap_ms = 300 * SECOND_MS;
    settings->gateway.max_connections = 10000;
    settings->gateway.header_timeout_ms = 10 * SECOND_MS;
    settings->gateway.transfer_timeout_ms = 30 * SECOND_MS;
    settings->gateway.idle_timeout_ms = 75 * SECOND_MS;
    settings->worker.task_queue = memory_copy_string(DEFAULT_TASK_QUEUE);
    settings->worker.activities = 200;
    settings->worker.workflow_cache = 10000;
    settings->worker.grace_ms = 30 * SECOND_MS;
    settings->worker.admin_listen = memory_copy_string("127.0.0.1:8082");
    settings->hello.work_ms = SECOND_MS;
    return settings;
}

void settings_destroy(struct settings *settings)
{
    if (settings == NULL) {
        return;
    }
    free(settings->path);
    free(settings->temporal.address);
    free(settings->temporal.namespace_);
    settings_replace_secret(&settings->temporal.api_key, NULL);
    free(settings->temporal.api_key_file);
    free(settings->temporal.tls_ca);
    free(settings->temporal.tls_certificate);
    free(settings->temporal.tls_key);
    free(settings->temporal.tls_server_name);
    settings_codec_deinit(&settings->temporal);
    for (size_t i = 0; i < settings->queue_count; i++) {
        settings_queue_deinit(&settings->queues[i]);
    }
    free(settings->queues);
    for (size_t i = 0; i < settings->route_count; i++) {
        settings_route_deinit(&settings->routes[i]);
    }
    free(settings->routes);
    free(settings->poller.admin_listen);
    free(settings->gateway.url);
    free(settings->gateway.listen);
    free(settings->gateway.admin_listen);
    free(settings->gateway.callback_url);
    settings_replace_secret(&settings->gateway.token, NULL);
    free(settings->gateway.token_file);
    settings_access_deinit(&settings->gateway);
    free(settings->gateway.tls_certificate);
    free(settings->gateway.tls_key);
    free(settings->gateway.tls_client_ca);
    free(settings->gateway.client_tls_ca);
    free(settings->gateway.client_tls_certificate);
    free(settings->gateway.client_tls_key);
    free(settings->worker.task_queue);
    free(settings->worker.admin_listen);
    free(settings);
}

void settings_complete(struct settings_loader *loader)
{
    struct settings *settings = loader->settings;
    for (size_t i = 0; i < settings->route_count; i++) {
        struct settings_route *route = &settings->routes[i];
        if (route->dead_letter_queue != NULL && !loader->on_failed_is_set[i]) {
            route->on_failed = SETTINGS_CLOSED_DEAD_LETTER;
        }
        if (route->dead_letter_queue != NULL && !loader->on_canceled_is_set[i]) {
            route->on_canceled = SETTINGS_CLOSED_DEAD_LETTER;
        }
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        struct settings_queue *queue = &settings->queues[i];
        if (queue->name == NULL) {
            const char *slash = strrchr(queue->url, '/');
            queue->name = memory_copy_string(slash != NULL ? slash + 1 : queue->url);
        }
    }
}

/* NULL: no file. */
static const char *find_path(const char *path)
{
    if (path != NULL) {
        return path;
    }
    const char *from_environment = getenv("FERRY_CONFIG");
    if (from_environment != NULL && *from_environment != '\0') {
        return from_environment;
    }
    return access(DEFAULT_FILE, F_OK) == 0 ? DEFAULT_FILE : NULL;
}

enum status settings_load(const char *path, struct settings **out_settings, struct error *error)
{
    struct config *config = NULL;
    struct settings_loader loader = {.settings = settings_new()};
    enum status status = STATUS_OK;
    path = find_path(path);
    if (path != NULL) {
        loader.settings->path = memory_copy_string(path);
        status = config_load(path, &config, error);
        if (status != STATUS_OK) {
            goto done;
        }
    }
    status = settings_read_file(&loader, config == NULL ? NULL : config_root(config), error);
    if (status != STATUS_OK) {
        goto done;
    }
    status = settings_read_environment(&loader, error);
    if (status != STATUS_OK) {
        goto done;
    }
    settings_complete(&loader);
    status = settings_check(&loader, error);
    if (status != STATUS_OK) {
        goto done;
    }
    *out_settings = loader.settings;
    loader.settings = NULL;
done:
    settings_destroy(loader.settings);
    config_destroy(config);
    return status;
}

const struct settings_route *settings_find_route(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->route_count; i++) {
        if (strcmp(settings->routes[i].name, name) == 0) {
            return &settings->routes[i];
        }
    }
    return NULL;
}

bool settings_url_is_fifo(const char *queue_url)
{
    static const char suffix[] = ".fifo";
    size_t length = strlen(queue_url);
    return length >= sizeof suffix && strcmp(queue_url + length - (sizeof suffix - 1), suffix) == 0;
}

bool settings_queue_is_fifo(const struct settings_queue *queue)
{
    return settings_url_is_fifo(queue->url);
}

enum settings_order settings_effective_order(const struct settings_queue *queue, const struct settings_route *route)
{
    if (route->order != SETTINGS_ORDER_AUTO) {
        return route->order;
    }
    return settings_queue_is_fifo(queue) ? SETTINGS_ORDER_GROUP : SETTINGS_ORDER_NONE;
}
