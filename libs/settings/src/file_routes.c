/* The section "routes" of the configuration file. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loader.h"
#include "settings/template.h"

#define TEN_YEARS_MS (INT64_C(3650) * 24 * SETTINGS_HOUR_MS)
#define ATTEMPTS_MAX 1000
#define ID_PREFIX_MAX_BYTES ((size_t)200)
#define FILTER_MAX_BYTES ((size_t)64 << 10)
#define DESCRIPTION_MAX_BYTES ((size_t)1000)

static enum status check_id_prefix(const char *value, struct error *error)
{
    size_t length = strlen(value);
    if (length > ID_PREFIX_MAX_BYTES) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected at most %zu bytes, found %zu", ID_PREFIX_MAX_BYTES,
                         length);
    }
    return STATUS_OK;
}

static enum status check_length(const char *value, const char *what, size_t maximum, struct error *error)
{
    size_t length = strlen(value);
    if (length == 0 || length > maximum) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected %s of 1 to %zu bytes, found %zu", what, maximum,
                         length);
    }
    return STATUS_OK;
}

static enum status check_filter(const char *value, struct error *error)
{
    return check_length(value, "an event pattern", FILTER_MAX_BYTES, error);
}

static enum status check_description(const char *value, struct error *error)
{
    return check_length(value, "a text", DESCRIPTION_MAX_BYTES, error);
}

static enum status read_choices(struct settings_route *route, const struct config_node *node, struct error *error)
{
    static const char *const same_ids[] = {"is_duplicate", NULL};
    static const char *const inputs[] = {"message", "body", "event", NULL};
    static const char *const acks[] = {"start", "completion", "worker", NULL};
    static const char *const orders[] = {"auto", "none", "group", NULL};
    static const char *const targets[] = {"workflow", "signal", "sqs", NULL};
    static const enum settings_input input_values[] = {SETTINGS_INPUT_MESSAGE, SETTINGS_INPUT_BODY,
                                                       SETTINGS_INPUT_EVENT};
    static const enum settings_target target_values[] = {SETTINGS_TARGET_WORKFLOW, SETTINGS_TARGET_SIGNAL,
                                                         SETTINGS_TARGET_SQS};
    static const enum settings_ack ack_values[] = {SETTINGS_ACK_START, SETTINGS_ACK_COMPLETION, SETTINGS_ACK_WORKER};
    static const enum settings_order order_values[] = {SETTINGS_ORDER_AUTO, SETTINGS_ORDER_NONE, SETTINGS_ORDER_GROUP};
    int same_id = -1;
    int input = -1;
    int ack = -1;
    int order = -1;
    int target = 0;
    SETTINGS_TRY(config_read_choice(node, "same_id", same_ids, &same_id, error));
    SETTINGS_TRY(config_read_choice(node, "input", inputs, &input, error));
    SETTINGS_TRY(config_read_choice(node, "ack", acks, &ack, error));
    SETTINGS_TRY(config_read_choice(node, "order", orders, &order, error));
    SETTINGS_TRY(config_read_choice(node, "target", targets, &target, error));
    route->same_id_is_duplicate = same_id == 0;
    route->target = target_values[target];
    if (input >= 0) {
        route->input = input_values[input];
    }
    if (ack >= 0) {
        route->ack = ack_values[ack];
    } else if (target == 1) {
        route->ack = SETTINGS_ACK_START; /* the only one that a signal can have */
    }
    if (order >= 0) {
        route->order = order_values[order];
    }
    return STATUS_OK;
}

/* A priority without fields is the same for all messages: a wrong one would reject them all. */
static enum status check_priority(const char *value, struct error *error)
{
    enum status status = settings_template_check(value, error);
    bool is_good = value[0] >= '1' && value[0] <= '5' && value[1] == '\0';
    if (status == STATUS_OK && strchr(value, '{') == NULL && !is_good) {
        status = error_set(error, STATUS_INVALID_ARGUMENT,
                           "expected 1 to 5, or a template such as {attributes.priority}, not \"%s\"", value);
    }
    return status;
}

/* A mapping of names to templates. */
static enum status read_members(const struct config_node *mapping, const char *key, struct settings_member **out,
                                size_t *out_count, struct error *error)
{
    const struct config_node *node = config_get(mapping, key);
    SETTINGS_TRY(settings_expect_mapping(node, error));
    size_t count = node == NULL ? 0 : config_count(node);
    if (count > SETTINGS_MEMBERS_MAX) {
        return config_error(node, error, "expected at most %d, found %zu", SETTINGS_MEMBERS_MAX, count);
    }
    if (count == 0) {
        return STATUS_OK;
    }
    *out = memory_alloc_array(count, sizeof **out);
    for (size_t i = 0; i < count; i++) {
        const struct config_node *value = config_value(node, i);
        const char *text = config_scalar(value);
        struct error why = {0};
        if (text == NULL) {
            return config_error(value, error, "expected a text, with fields of the message in braces");
        }
        if (settings_template_check(text, &why) != STATUS_OK) {
            return config_error(value, error, "%s", why.text);
        }
        (*out)[i] = (struct settings_member){memory_copy_string(config_key(node, i)), memory_copy_string(text)};
        *out_count = i + 1;
    }
    return STATUS_OK;
}

static enum status read_closing(struct settings_loader *loader, size_t index, const struct config_node *node,
                                struct error *error)
{
    struct settings_route *route = &loader->settings->routes[index];
    SETTINGS_TRY(settings_read_closed_action(node, "on_failed", &route->on_failed, &loader->on_failed_is_set[index],
                                             error));
    SETTINGS_TRY(settings_read_closed_action(node, "on_canceled", &route->on_canceled,
                                             &loader->on_canceled_is_set[index], error));
    SETTINGS_TRY(
        settings_read_text(node, "dead_letter_queue", settings_check_queue_url, &route->dead_letter_queue, error));
    SETTINGS_TRY(config_read_integer(node, "max_attempts", 1, ATTEMPTS_MAX, &route->max_attempts, error));
    SETTINGS_TRY(config_read_duration_ms(node, "backoff", 0, SETTINGS_HOUR_MS, &route->backoff_ms, error));
    return config_read_duration_ms(node, "backoff_max", 0, 12 * SETTINGS_HOUR_MS, &route->backoff_max_ms, error);
}

static enum status read_start_options(struct settings_route *route, const struct config_node *node,
                                      struct error *error)
{
    SETTINGS_TRY(config_read_duration_ms(node, "execution_timeout", 0, TEN_YEARS_MS, &route->execution_timeout_ms,
                                         error));
    SETTINGS_TRY(config_read_duration_ms(node, "run_timeout", 0, TEN_YEARS_MS, &route->run_timeout_ms, error));
    SETTINGS_TRY(config_read_duration_ms(node, "task_timeout", 0, 120 * SETTINGS_SECOND_MS, &route->task_timeout_ms,
                                         error));
    SETTINGS_TRY(read_members(node, "memo", &route->memo, &route->memo_count, error));
    SETTINGS_TRY(read_members(node, "search_attributes", &route->search_attributes, &route->search_attribute_count,
                              error));
    SETTINGS_TRY(settings_read_text(node, "priority", check_priority, &route->priority, error));
    return settings_read_text(node, "fairness_key", settings_template_check, &route->fairness_key, error);
}

/* What is started or signalled. */
static enum status read_target(struct settings_route *route, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_read_text(node, "workflow", settings_check_name, &route->workflow, error));
    SETTINGS_TRY(settings_read_text(node, "task_queue", settings_check_name, &route->task_queue, error));
    SETTINGS_TRY(settings_read_text(node, "namespace", settings_check_name, &route->namespace_, error));
    SETTINGS_TRY(read_choices(route, node, error));
    return settings_read_text(node, "signal", settings_check_name, &route->signal, error);
}

static enum status read_identity(struct settings_route *route, const struct config_node *node, struct error *error)
{
    if (route->target == SETTINGS_TARGET_SIGNAL) {
        settings_replace(&route->id, "{MessageGroupId}");
    }
    SETTINGS_TRY(settings_read_text(node, "id", settings_template_check, &route->id, error));
    return settings_read_text(node, "id_prefix", check_id_prefix, &route->id_prefix, error);
}

static enum status read_rules(struct settings_route *route, const struct config_node *node, struct error *error)
{
    SETTINGS_TRY(settings_read_text(node, "schema", settings_check_name, &route->schema_file, error));
    SETTINGS_TRY(settings_read_text(node, "filter", check_filter, &route->filter, error));
    return settings_compile_rules(route, node, error);
}

static enum status read_route(struct settings_loader *loader, size_t index, const struct config_node *node,
                              struct error *error)
{
    struct settings_route *route = &loader->settings->routes[index];
    SETTINGS_TRY(settings_expect_mapping(node, error));
    SETTINGS_TRY(read_target(route, node, error));
    SETTINGS_TRY(read_identity(route, node, error));
    SETTINGS_TRY(read_closing(loader, index, node, error));
    SETTINGS_TRY(read_start_options(route, node, error));
    SETTINGS_TRY(read_rules(route, node, error));
    SETTINGS_TRY(settings_read_text(node, "description", check_description, &route->description, error));
    SETTINGS_TRY(settings_read_queue_target(route, node, error));
    SETTINGS_TRY(settings_read_webhook(route, config_get(node, "webhook"), error));
    if (route->target == SETTINGS_TARGET_SQS) {
        return STATUS_OK;
    }
    if (route->workflow == NULL) {
        return config_error(node, error, "expected the key \"workflow\": the workflow type to start");
    }
    if (route->task_queue == NULL) {
        settings_replace(&route->task_queue, loader->settings->worker.task_queue);
    }
    return STATUS_OK;
}

enum status settings_read_routes(struct settings_loader *loader, const struct config_node *node, struct error *error)
{
    struct settings *settings = loader->settings;
    SETTINGS_TRY(settings_expect_mapping(node, error));
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
        SETTINGS_TRY(read_route(loader, i, value, error));
    }
    return STATUS_OK;
}
